import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { SetupContext } from "../../../src/agents/agent.ts";
import { kiroRoute } from "../../../src/agents/kiro/route.ts";
import { kiroSetup } from "../../../src/agents/kiro/setup.ts";
import { temporaryHome } from "../../support/cli.ts";

let temporary: ReturnType<typeof temporaryHome>;
beforeEach(() => {
  temporary = temporaryHome();
  mkdirSync(`${temporary.home}/.kiro/agents`, { recursive: true });
  mkdirSync(`${temporary.home}/.kiro/hooks`, { recursive: true });
  mkdirSync(`${temporary.home}/bin`);
  writeFileSync(`${temporary.home}/bin/harness-tracing`, "");
});
afterEach(() => temporary.remove());

const agent = (name: string) => `${temporary.home}/.kiro/agents/${name}.json`;
const own = () => `${temporary.home}/.kiro/hooks/harness-tracing.json`;

function context(version: string | undefined, more: Partial<SetupContext> = {}): SetupContext {
  return {
    home: temporary.home,
    env: {},
    platform: "linux",
    program: `${temporary.home}/bin/harness-tracing`,
    version: async (command) => (command === "kiro-cli" ? version : undefined),
    ...more,
  };
}

/** Registers for real. @returns paths of the files that changed */
async function register(version: string | undefined, more: Partial<SetupContext> = {}): Promise<string[]> {
  const changes = await kiroSetup.register(context(version, more));
  if ("reason" in changes) throw new Error(changes.reason);
  for (const { path, after } of changes) writeFileSync(path, after ?? "");
  return changes.map(({ path }) => path);
}

const messages = async (version: string | undefined, more: Partial<SetupContext> = {}) =>
  (await kiroSetup.check(context(version, more))).map(({ level, message }) => `${level}: ${message}`).join("\n");

const AGENT = `{
    "name": "work",
    "tools": ["*"],
    "hooks": {
        "stop": [ { "command": "say done" } ]
    }
}
`;

describe("CLI 2", () => {
  test("gets flat entries with a timeout in every agent file, and the file of CLI 3 besides", async () => {
    writeFileSync(agent("work"), AGENT);
    writeFileSync(agent("bare"), '{"name":"bare"}');
    expect(await register("kiro-cli 2.16.0")).toEqual([own(), agent("bare"), agent("work")]);
    const { hooks } = JSON.parse(readFileSync(agent("work"), "utf8"));
    expect(Object.keys(hooks)).toEqual(["stop", "userPromptSubmit", "preToolUse", "postToolUse"]);
    expect(hooks.stop[0]).toEqual({ command: "say done" });
    expect(hooks.stop[1]).toEqual({
      command: `{ BUN_OPTIONS= BUN_BE_BUN= HARNESS_AGENT_PID=$PPID '${temporary.home}/bin/harness-tracing' hook kiro || true; } >/dev/null 2>&1`,
      timeout_ms: 15_000,
    });
    expect(await register("kiro-cli 2.16.0")).toEqual([]);
    expect(await messages("2.16.0")).toBe(`ok: registered in ${own()} and in 2 agent files`);
  });

  test("never gets an event that puts text into the conversation of an agent that has just begun", async () => {
    writeFileSync(agent("work"), AGENT);
    await register("2.16.0");
    expect(readFileSync(agent("work"), "utf8")).not.toContain("agentSpawn");
  });

  test("on Windows and in WSL gets nothing before a tool: what runs the command there could stop it", async () => {
    for (const more of [{ platform: "win32" as const }, { env: { WSL_DISTRO_NAME: "Ubuntu" } }]) {
      writeFileSync(agent("work"), AGENT);
      await register("2.16.0", more);
      expect(readFileSync(agent("work"), "utf8")).not.toContain("preToolUse");
    }
  });

  test("a malformed agent file is left as it is, and said; the others are registered", async () => {
    const broken = '{ "name": "broken", ';
    const nested = '{"hooks": {"stop": {"command": "x"}}}';
    writeFileSync(agent("broken"), broken);
    writeFileSync(agent("nested"), nested);
    writeFileSync(agent("work"), AGENT);
    expect(await register("2.16.0")).toEqual([own(), agent("work")]);
    expect(readFileSync(agent("broken"), "utf8")).toBe(broken);
    expect(readFileSync(agent("nested"), "utf8")).toBe(nested);
    const said = await messages("2.16.0");
    expect(said).toContain("warning: agent broken is not traced");
    expect(said).toContain("warning: agent nested is not traced: ");
  });

  test("what was written is taken away byte for byte", async () => {
    writeFileSync(agent("work"), AGENT);
    writeFileSync(agent("bare"), '{"name":"bare"}');
    await register("2.16.0");
    const changes = await kiroSetup.unregister(context("2.16.0"));
    const after = Object.fromEntries("reason" in changes ? [] : changes.map((change) => [change.path, change.after]));
    expect(after).toEqual({ [own()]: undefined, [agent("bare")]: '{"name":"bare"}', [agent("work")]: AGENT });
  });

  test("without any agent file says that nothing can be traced", async () => {
    await register("2.16.0");
    expect(await messages("2.16.0")).toContain("runs hooks of agent files alone, and there is none");
  });

  test("an agent that came later is said", async () => {
    writeFileSync(agent("work"), AGENT);
    await register("2.16.0");
    writeFileSync(agent("new"), '{"name":"new"}');
    expect(await messages("2.16.0")).toContain("warning: agent new is not registered");
  });

  test("takes the place of the Python toolkit's entries", async () => {
    writeFileSync(agent("work"), '{"hooks":{"stop":[{"command":"/x/arize-hook-kiro"}]}}');
    expect(await messages("2.16.0")).toContain("the Python toolkit is still registered");
    await register("2.16.0");
    expect(readFileSync(agent("work"), "utf8")).not.toContain("arize-hook");
  });
});

describe("CLI 3 and IDE 1", () => {
  test("get a file of our own, and agent files lose our entries", async () => {
    writeFileSync(agent("work"), AGENT);
    await register("2.16.0");
    await register("3.1.0");
    expect(readFileSync(agent("work"), "utf8")).toBe(AGENT);
    const { version, hooks } = JSON.parse(readFileSync(own(), "utf8"));
    expect(version).toBe("v1");
    expect(hooks.map(({ trigger }: { trigger: string }) => trigger)).toEqual([
      "UserPromptSubmit",
      "PostToolUse",
      "Stop",
    ]);
    for (const { action, timeout } of hooks) {
      expect(action.command).toEndWith("|| true; } >/dev/null 2>&1");
      expect(timeout).toBeGreaterThan(0);
    }
    expect(await messages("3.1.0")).toBe(`ok: registered in ${own()}`);
  });

  test("follow KIRO_HOME", async () => {
    const env = { KIRO_HOME: `${temporary.home}/elsewhere` };
    const changes = await kiroSetup.register(context("3.1.0", { env }));
    expect("reason" in changes ? "" : changes[0]?.path).toBe(`${temporary.home}/elsewhere/hooks/harness-tracing.json`);
  });
});

describe("hook calls", () => {
  const payload = { hook_event_name: "stop", cwd: "/w", session_id: "s" };

  test("of both kinds of registration are traced", () => {
    for (const event of [
      "userPromptSubmit",
      "preToolUse",
      "postToolUse",
      "stop",
      "UserPromptSubmit",
      "PostToolUse",
      "Stop",
    ]) {
      const routed = kiroRoute.route(undefined, { ...payload, hook_event_name: event }, {});
      expect(routed).toMatchObject({ verdict: "trace", event, session: "s" });
    }
  });

  test("without a session id belong to their process and folder", () => {
    const call = { hook_event_name: "stop", cwd: "/w" };
    const of = (env: Record<string, string>, cwd = "/w") => {
      const routed = kiroRoute.route(undefined, { ...call, cwd }, env);
      return routed.verdict === "trace" ? routed.session : routed.verdict;
    };
    expect(of({ KIRO_SESSION_ID: "named" })).toBe("named");
    expect(of({ HARNESS_AGENT_PID: "1" })).toBe(of({ HARNESS_AGENT_PID: "1" }));
    expect(of({ HARNESS_AGENT_PID: "1" })).not.toBe(of({ HARNESS_AGENT_PID: "2" }));
    expect(of({ HARNESS_AGENT_PID: "1" })).not.toBe(of({ HARNESS_AGENT_PID: "1" }, "/other"));
    expect(of({}, "")).toBe("ignore");
  });

  test("of other events, of other programs, or with nonsense are left alone", () => {
    for (const event of ["agentSpawn", "SessionStart", "PreToolUse", 7, undefined]) {
      expect(kiroRoute.route(undefined, { ...payload, hook_event_name: event }, {}).verdict).toBe("ignore");
    }
    expect(kiroRoute.route(undefined, { ...payload, cursor_version: "3" }, {}).verdict).toBe("foreign");
  });

  test("are never answered", () => {
    expect(kiroRoute.reply).toBeUndefined();
  });
});
