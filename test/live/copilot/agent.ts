/** GitHub Copilot's CLI as a live agent, with a model provider of its own: no login, no network. */

import { mkdirSync, writeFileSync } from "node:fs";
import type { ChatAgent } from "../chat/chat-agent.ts";
import { scenariosFor } from "../chat/chat-scenario.ts";
import { scenarios } from "../chat/scenarios.ts";
import { survival } from "../chat/survival.ts";
import { fetchPackages } from "../package.ts";
import { buildProgram } from "../program.ts";
import type { LiveAgent } from "../scenario.ts";
import { relaxed } from "./relaxed.ts";
import { own } from "./scenarios.ts";

const VERSION = "1.0.102";
const PROGRAM = "@github/copilot-linux-x64/copilot";
const UNPACK_TIMEOUT_MS = 120_000;

/** Of the shared ones: Copilot has its own versions, see `own`. */
const LEFT_OUT = new Set(["survival", "cost"]);

/**
 * The provider is told by a variable, and each home gets the program's unpacked files as a link: 235 MB that every home
 * would unpack again.
 */
const START = `mkdir -p "$HOME/.cache" && ln -sfn "$1" "$HOME/.cache/copilot" && shift &&
COPILOT_PROVIDER_BASE_URL="$(cat "$HOME/model-server")" exec "$0" "$@"`;

const ALLOW = ["--allow-all-tools", "--allow-all-paths", "--no-ask-user"];

const chat: ChatAgent = {
  name: "copilot",
  finishWords: { stop: "stop", tool_calls: "tool_calls" },
  configure: ({ home, modelServer }) => {
    mkdirSync(`${home}/.copilot`, { recursive: true });
    Bun.spawnSync(["git", "init", "-q", `${home}/project`]);
    writeFileSync(`${home}/model-server`, modelServer);
  },
  environment: {
    NO_COLOR: "1",
    COPILOT_OFFLINE: "true",
    COPILOT_AUTO_UPDATE: "false",
    COPILOT_PROVIDER_TYPE: "openai",
    COPILOT_PROVIDER_API_KEY: "sk-none",
    COPILOT_MODEL: "gpt-4.1",
  },
  path: () => [],
  command: ({ copilot, cache }, prompt, continues) => [
    "/bin/sh",
    "-c",
    START,
    copilot ?? "",
    cache ?? "",
    ...ALLOW,
    ...(continues ? ["--continue"] : []),
    "-p",
    prompt,
  ],
  bash: (command) => ({ tool: "bash", input: { command, description: "Run it" } }),
  read: (path) => ({ tool: "view", input: { path } }),
  delegate: (thread) => ({
    tool: "task",
    input: {
      agent_type: "general-purpose",
      name: thread.toLowerCase(),
      description: `Work of ${thread}`,
      prompt: `@thread(${thread}) Do your part.`,
      mode: "sync",
    },
  }),
  await: () => [],
  report: (text) => ({ text }),
  showsRetries: true,
  countsThinking: true,
  plugin: ".copilot/hooks/harness-tracing.json",
  evidence: [".copilot/session-state", ".copilot/hooks", ".copilot/logs"],
};

/** Unpacks the program's files once, before scenarios at the same time would. */
async function unpack(program: string, cache: string): Promise<void> {
  const home = `${cache}-home`;
  mkdirSync(cache, { recursive: true });
  mkdirSync(home, { recursive: true });
  const command = ["/bin/sh", "-c", START, program, cache, "--version"];
  writeFileSync(`${home}/model-server`, "http://127.0.0.1:9");
  const child = Bun.spawn(command, {
    cwd: home,
    env: { HOME: home, PATH: "/usr/bin:/bin", ...chat.environment },
    stdin: "ignore",
    stdout: "ignore",
    stderr: "ignore",
    timeout: UNPACK_TIMEOUT_MS,
  });
  if ((await child.exited) !== 0) throw new Error("Copilot's program does not start");
}

export const copilot: LiveAgent = {
  name: "copilot",
  scenarios: [
    ...relaxed(scenariosFor(chat, scenarios)),
    ...relaxed(
      scenariosFor(
        chat,
        survival.filter(({ name }) => !LEFT_OUT.has(name)),
      ),
    ),
    ...relaxed(scenariosFor(chat, own)),
  ],
  prepare: async (repository, cache) => {
    await buildProgram(repository);
    const packages = { "@github/copilot": VERSION, "@github/copilot-linux-x64": VERSION };
    const modules = await fetchPackages(cache, `copilot-${VERSION}`, packages, [PROGRAM]);
    const unpacked = `${cache}/copilot-${VERSION}/unpacked`;
    await unpack(`${modules}/${PROGRAM}`, unpacked);
    return { copilot: `${modules}/${PROGRAM}`, cache: unpacked };
  },
};
