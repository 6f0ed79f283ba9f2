/** Where hooks come from: setting sources, settings files, plugins, the Agent SDK; and where none may run. */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { type ClaudeScenario, claudeScenario } from "../claude-scenario.ts";
import { bash, type Script, say } from "../script.ts";
import type { ClaudeSession } from "../session.ts";
import { Terminal } from "../terminal.ts";

const script: Script = { main: [bash("sleep 0.4; ls -1"), say("Three files.")] };

/** A headless turn with more arguments. */
const asks =
  (...args: string[]) =>
  async (session: ClaudeSession) => {
    await session.ask("List", { args });
  };

/** The same where no hook may run. */
const asksInVain =
  (...args: string[]) =>
  async (session: ClaudeSession) => {
    session.traceless = true;
    await session.ask("List", { args });
  };

async function sdk(session: ClaudeSession, options: object, callbacks = false): Promise<void> {
  session.turns += 1;
  const runner = new URL("../sdk-run.ts", import.meta.url).pathname;
  const all = {
    cwd: session.place.project,
    pathToClaudeCodeExecutable: session.claude,
    allowedTools: ["Bash", "Read"],
    ...options,
  };
  const command = [process.execPath, runner, session.world.installation.sdk ?? "", "List the files"];
  const code = await session.start("sdk", [...command, JSON.stringify(all), callbacks ? "callbacks" : ""]).exited;
  if (code !== 0) session.complaints.push(`the SDK ended with ${code}`);
}

/** The installed registrations as a settings file of their own. */
function settingsFile(session: ClaudeSession): string {
  const path = `${session.place.home}/hooks-settings.json`;
  writeFileSync(path, JSON.stringify({ hooks: session.registeredHooks() }));
  return path;
}

/** The installed registrations as a plugin; as a marketplace too. */
function plugin(session: ClaudeSession): { folder: string; market: string } {
  const market = `${session.place.home}/market`;
  const folder = `${market}/tracing-plugin`;
  for (const path of [`${market}/.claude-plugin`, `${folder}/.claude-plugin`, `${folder}/hooks`]) {
    mkdirSync(path, { recursive: true });
  }
  const about = { name: "tracing-plugin", version: "1.0.0", description: "Hooks", author: { name: "Tests" } };
  writeFileSync(`${folder}/.claude-plugin/plugin.json`, JSON.stringify(about));
  writeFileSync(`${folder}/hooks/hooks.json`, JSON.stringify({ hooks: session.registeredHooks() }));
  const shop = {
    name: "tests-market",
    owner: { name: "Tests" },
    plugins: [{ name: "tracing-plugin", source: "./tracing-plugin" }],
  };
  writeFileSync(`${market}/.claude-plugin/marketplace.json`, JSON.stringify(shop));
  return { folder, market };
}

const scenarios: readonly ClaudeScenario[] = [
  {
    name: "sdk-default",
    about: "Agent SDK, default options",
    quick: true,
    script,
    drive: (session) => sdk(session, {}),
  },
  {
    name: "sdk-user",
    about: "Agent SDK, setting source user",
    script,
    drive: (session) => sdk(session, { settingSources: ["user"] }),
  },
  {
    name: "sdk-all",
    about: "Agent SDK, all setting sources",
    script,
    drive: (session) => sdk(session, { settingSources: ["user", "project", "local"] }),
  },
  {
    name: "sdk-none",
    about: "Agent SDK, no setting source: no trace",
    script,
    drive: async (session) => {
      session.traceless = true;
      await sdk(session, { settingSources: [] });
    },
  },
  {
    name: "sdk-cb",
    about: "Agent SDK, its own callbacks and no setting source: no trace",
    script,
    drive: async (session) => {
      session.traceless = true;
      await sdk(session, { settingSources: [] }, true);
    },
  },
  {
    name: "sdk-cbuser",
    about: "Agent SDK, its own callbacks beside the user's settings",
    script,
    drive: (session) => sdk(session, { settingSources: ["user"] }, true),
  },
  {
    name: "sdk-settings",
    about: "Agent SDK, hooks from a settings file alone",
    script,
    drive: (session) => sdk(session, { settingSources: [], settings: settingsFile(session) }),
  },
  {
    name: "sdk-plugin",
    about: "Agent SDK, hooks from a plugin alone",
    script,
    drive: (session) =>
      sdk(session, { settingSources: [], plugins: [{ type: "local", path: plugin(session).folder }] }),
  },
  {
    name: "plugindir",
    about: "hooks from --plugin-dir besides the user's: each event twice",
    script,
    drive: async (session) => {
      await session.ask("List", { args: ["--plugin-dir", plugin(session).folder] });
    },
  },
  {
    name: "market",
    about: "hooks from an installed plugin besides the user's: each event twice",
    script,
    drive: async (session) => {
      const { market } = plugin(session);
      for (const [step, args] of [
        ["market-add", ["marketplace", "add", market]],
        ["market-install", ["install", "tracing-plugin@tests-market"]],
      ] as const) {
        const code = await session.start(step, [session.claude, "plugin", ...args]).exited;
        if (code !== 0) session.complaints.push(`claude plugin ${args[0]} ended with ${code}`);
      }
      await session.ask("List");
    },
  },
  {
    name: "flagset",
    about: "hooks from --settings besides the user's",
    script,
    drive: async (session) => {
      await session.ask("List", { args: ["--settings", settingsFile(session)] });
    },
  },
  {
    name: "dedupe",
    about: "the same hooks in the user's, the project's and the local settings",
    script,
    drive: async (session) => {
      for (const name of ["settings.json", "settings.local.json"]) {
        const text = JSON.stringify({ hooks: session.registeredHooks() });
        writeFileSync(`${session.place.project}/.claude/${name}`, text);
      }
      await session.ask("List");
    },
  },
  { name: "src-user", about: "--setting-sources user", script, drive: asks("--setting-sources", "user") },
  {
    name: "src-project",
    about: "--setting-sources project: no trace",
    script,
    drive: asksInVain("--setting-sources", "project"),
  },
  {
    name: "src-local",
    about: "--setting-sources project,local: no trace",
    script,
    drive: asksInVain("--setting-sources", "project,local"),
  },
  { name: "bare", about: "--bare: no trace", quick: true, script, drive: asksInVain("--bare") },
  {
    name: "traceenv",
    about: "a turn inside an outside trace: a link, never a parent; its own telemetry variables stay its own",
    script: { main: [bash("echo $TRACEPARENT; env | grep -c ^OTEL"), say("So.")] },
    drive: async (session) => {
      await session.ask("Trace", {
        env: {
          TRACEPARENT: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
          OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer not-ours",
        },
      });
    },
    check: (spans) => {
      const complaints: string[] = [];
      if (spans.some((span) => span.traceId === "0af7651916cd43dd8448eb211c80319c")) {
        complaints.push("a span joined the outside trace");
      }
      if (!spans.some((span) => span.parentId === undefined && span.links > 0)) complaints.push("the root has no link");
      return complaints;
    },
  },
  {
    name: "hotreload",
    about: "tracing's hooks appear while the terminal UI runs: what follows is traced",
    script: { main: [say("One."), bash("echo two"), say("Two.")] },
    drive: async (session) => {
      const file = `${session.place.config}/settings.json`;
      const traced = readFileSync(file, "utf8");
      const { hooks: _, ...rest } = JSON.parse(traced) as Record<string, unknown>;
      writeFileSync(file, JSON.stringify(rest));
      const terminal = new Terminal(session, "tui");
      await terminal.open();
      await terminal.prompt("one");
      await terminal.sees(/One\./);
      session.forget();
      writeFileSync(file, traced);
      // The agent watches the file; nothing on the screen says that it has read it.
      await Bun.sleep(4000);
      await terminal.prompt("two");
      await terminal.sees(/Two\./);
      await terminal.line("/exit");
      await terminal.ended();
    },
  },
];

export const sources = scenarios.map(claudeScenario);
