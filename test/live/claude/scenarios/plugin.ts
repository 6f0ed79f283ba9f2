/** This repository as a marketplace, its plugin in the agent. */

import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { until } from "../../wait.ts";
import { type ClaudeScenario, claudeScenario } from "../claude-scenario.ts";
import { agent, bash, call, type Script, say } from "../script.ts";
import type { ClaudeSession } from "../session.ts";

const REPOSITORY = "Arize-ai/coding-harness-tracing";
const MARKETPLACE = "coding-harness-tracing";
const PLUGIN = `claude-code-tracing@${MARKETPLACE}`;

/** A background fetch takes milliseconds here. */
const FETCH_TIMEOUT_MS = 20_000;

const script: Script = {
  main: [bash("sleep 0.4; ls -1"), { blocks: [agent("first", { run_in_background: false })] }, say("Three files.")],
  first: [bash("ls -1 | head -1"), say("There are three.")],
};

/** Runs the documented commands, as a rule with this clone in place of the repository's name. */
async function installPlugin(session: ClaudeSession, source = session.world.repository): Promise<void> {
  for (const [step, args] of [
    ["marketplace-add", ["marketplace", "add", source]],
    ["plugin-install", ["install", PLUGIN]],
  ] as const) {
    const code = await session.start(step, [session.claude, "plugin", ...args]).exited;
    if (code !== 0) session.complaints.push(`claude plugin ${args[0]} ended with ${code}`);
  }
}

/** Makes the repository's address lead to a Git repository of this clone's plugins: the namespace has no network. */
function publish(session: ClaudeSession): void {
  const { home } = session.place;
  const repository = `${home}/published`;
  for (const folder of [".claude-plugin", "src/plugins"]) {
    cpSync(`${session.world.repository}/${folder}`, `${repository}/${folder}`, { recursive: true });
  }
  for (const args of [
    ["init", "-q", "-b", "main"],
    ["add", "-A"],
    ["-c", "user.name=dev", "-c", "user.email=dev@localhost", "commit", "-q", "-m", "Plugins"],
  ]) {
    const { exitCode, stderr } = Bun.spawnSync(["git", ...args], { cwd: repository, env: session.env });
    if (exitCode !== 0) throw new Error(`git ${args[0]}: ${stderr}`);
  }
  const address = `https://github.com/${REPOSITORY}`;
  writeFileSync(
    `${home}/.gitconfig`,
    `[url "file://${repository}"]\n\tinsteadOf = ${address}.git\n\tinsteadOf = ${address}\n`,
  );
}

/** Changes Claude Code's settings file. */
function edit(session: ClaudeSession, change: (settings: Record<string, unknown>) => Record<string, unknown>): void {
  const path = `${session.place.config}/settings.json`;
  writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, "utf8")))));
}

/** Takes the installed registrations out: only the plugin is left to trace. */
const unregister = (session: ClaudeSession) => edit(session, ({ hooks: _, ...rest }) => rest);

/** Complains unless `doctor` says something. */
async function doctorSays(session: ClaudeSession, words: string): Promise<void> {
  const { output } = await session.tracer("doctor");
  if (!output.includes(words)) session.complaints.push(`doctor does not say "${words}":\n${output}`);
}

const scenarios: readonly ClaudeScenario[] = [
  {
    name: "plugin",
    about: "this repository's plugin alone, by the documented commands: a copy of a clone of it",
    quick: true,
    script,
    drive: async (session) => {
      unregister(session);
      publish(session);
      await installPlugin(session, REPOSITORY);
      await session.ask("List");
      await doctorSays(session, `registered by the plugin ${PLUGIN}`);
    },
  },
  {
    name: "plugin-twice",
    about: "this repository's plugin besides the registration in the settings",
    script,
    drive: async (session) => {
      await installPlugin(session);
      await session.ask("List");
      await doctorSays(session, `the plugin ${PLUGIN} is there too: every hook runs twice`);
    },
  },
  {
    name: "plugin-env",
    about: "this repository's plugin, the destination in the env block of the agent's settings",
    script,
    drive: async (session) => {
      unregister(session);
      rmSync(`${session.place.home}/.arize/harness/config.json`);
      const env = { PHOENIX_ENDPOINT: session.world.receiver.endpoint, PHOENIX_API_KEY: "not-a-real-key" };
      edit(session, (settings) => ({ ...settings, env }));
      await installPlugin(session);
      await session.ask("List");
      // The key is the session's own: only a process that has it may deliver.
      session.tracerEnv = env;
    },
  },
  {
    name: "plugin-fetch",
    about: "this repository's plugin where no program is: fetched in the background, the next session is traced",
    script: { main: [say("First."), bash("echo two"), say("Second.")] },
    drive: async (session) => {
      const { home } = session.place;
      unregister(session);
      await installPlugin(session);
      // Stands for the network, which the namespace does not have: the installer that would be downloaded.
      const tools = `${home}/tools`;
      mkdirSync(tools);
      renameSync(session.program, `${home}/program`);
      writeFileSync(
        `${home}/installer`,
        `while [ ! -e '${home}/go' ]; do sleep 0.05; done\nmv '${home}/program' '${session.program}'\n`,
      );
      writeFileSync(`${tools}/curl`, `#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done\ncp '${home}/installer' "$2"\n`);
      chmodSync(`${tools}/curl`, 0o755);
      const env = { PATH: `${tools}:${session.env.PATH ?? ""}` };
      if ((await session.ask("One", { env })) !== 0) session.complaints.push("the agent was disturbed");
      session.forget();
      writeFileSync(`${home}/go`, "");
      await until("the program to be fetched", FETCH_TIMEOUT_MS, () => existsSync(session.program));
      await session.ask("Two", { env });
    },
  },
  {
    name: "own-skill",
    about: "the skill that --with-skills places is found and loaded by the agent",
    script: { main: [call("Skill", { skill: "manage-harness-tracing" }), say("Tracing is in order.")] },
    installFlags: ["--with-skills"],
    drive: async (session) => {
      await session.ask("Is tracing in order?");
      const projects = `${session.place.config}/projects`;
      const [folder = ""] = readdirSync(projects);
      const transcript = readFileSync(`${projects}/${folder}/${session.sessionId()}.jsonl`, "utf8");
      // Its body: the name alone is in the list of skills of every session.
      if (!transcript.includes("/.arize/harness/bin/harness-tracing skill show")) {
        session.complaints.push("the agent did not load the skill's text");
      }
    },
  },
];

export const plugin = scenarios.map(claudeScenario);
