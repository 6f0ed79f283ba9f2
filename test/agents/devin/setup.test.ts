import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import type { SetupContext } from "../../../src/agents/agent.ts";
import { claudeRoute } from "../../../src/agents/claude/route.ts";
import { DEVIN_EVENTS } from "../../../src/agents/devin/registration.ts";
import { devinRoute } from "../../../src/agents/devin/route.ts";
import { devinSetup } from "../../../src/agents/devin/setup.ts";
import { temporaryHome } from "../../support/cli.ts";
import { databaseOf, makeDatabase } from "./recordings.ts";

let temporary: ReturnType<typeof temporaryHome>;
beforeEach(() => {
  temporary = temporaryHome();
  mkdirSync(`${temporary.home}/.config/devin`, { recursive: true });
  mkdirSync(`${temporary.home}/bin`);
  writeFileSync(`${temporary.home}/bin/harness-tracing`, "");
});
afterEach(() => temporary.remove());

const file = () => `${temporary.home}/.config/devin/config.json`;

function context(more: Partial<SetupContext> = {}): SetupContext {
  return {
    home: temporary.home,
    env: {},
    platform: "linux",
    program: `${temporary.home}/bin/harness-tracing`,
    version: async (command) => (command === "devin" ? "devin 3000.6.14" : undefined),
    ...more,
  };
}

/** The file as registration leaves it, or the refusal. */
async function registered(more: Partial<SetupContext> = {}) {
  const changes = await devinSetup.register(context(more));
  return "reason" in changes ? changes.reason : changes[0]?.after;
}

const messages = async () =>
  (await devinSetup.check(context())).map(({ level, message }) => `${level}: ${message}`).join("\n");

const COMMENTED = `{
  // my own
  "model": "swe-2", /* kept */
  "hooks": {
    "Stop": [
      { "hooks": [{ "type": "command", "command": "say done", "timeout": 3 }] },
    ],
  },
  "read_config_from": { "claude": true },
}
`;

describe("registration", () => {
  test("adds one group without a matcher for each event, with an explicit timeout, and nothing that is waited for", async () => {
    const { hooks } = JSON.parse((await registered()) ?? "");
    expect(Object.keys(hooks)).toEqual(["UserPromptSubmit", "PostToolUse", "Stop", "SessionEnd"]);
    const command = `{ BUN_OPTIONS= BUN_BE_BUN= HARNESS_AGENT_PID=$PPID '${temporary.home}/bin/harness-tracing' hook devin || true; } >/dev/null 2>&1`;
    for (const { event, timeoutSeconds } of DEVIN_EVENTS) {
      expect(hooks[event]).toEqual([{ hooks: [{ type: "command", command, timeout: timeoutSeconds }] }]);
    }
  });

  test("keeps comments, trailing commas, order and other tools' hooks, and gives the file back byte for byte", async () => {
    writeFileSync(file(), COMMENTED);
    const after = (await registered()) ?? "";
    for (const kept of ["// my own", "/* kept */", "say done", '"read_config_from": { "claude": true },']) {
      expect(after).toContain(kept);
    }
    writeFileSync(file(), after);
    expect(await registered()).toBeUndefined();
    const removed = await devinSetup.unregister(context());
    expect("reason" in removed ? removed.reason : removed[0]?.after).toBe(COMMENTED);
  });

  test("leaves a file that does not parse alone", async () => {
    writeFileSync(file(), '{ "hooks": [ }');
    expect(await registered()).toContain("is not valid JSON");
  });

  test("takes the place of the Python toolkit's hooks", async () => {
    const python = { type: "command", command: "/h/.arize/harness/bin/arize-hook-devin-stop", timeout: 30 };
    writeFileSync(file(), JSON.stringify({ hooks: { Stop: [{ hooks: [python] }] } }));
    expect(await registered()).not.toContain("arize-hook");
  });

  test("goes where Devin's settings are", async () => {
    const changes = await devinSetup.register(context({ platform: "win32", env: { APPDATA: temporary.home } }));
    expect("reason" in changes ? "" : changes[0]?.path).toBe(`${temporary.home}/devin/config.json`);
  });
});

describe("doctor", () => {
  test("says that the hooks are registered, and that there is no session yet", async () => {
    writeFileSync(file(), (await registered()) ?? "");
    expect(await messages()).toStartWith(`ok: registered for 4 events in ${file()}\nok: no session of Devin CLI yet`);
  });

  test("tells of a database that cannot be read", async () => {
    writeFileSync(file(), (await registered()) ?? "");
    makeDatabase(`${temporary.home}/.local/share`, "CREATE TABLE sessions (id TEXT); CREATE TABLE other (x);");
    expect(await messages()).toContain("which this program cannot read");
  });

  test("tells of a newer schema that can be read", async () => {
    writeFileSync(file(), (await registered()) ?? "");
    const newer =
      "CREATE TABLE refinery_schema_history(version INTEGER); INSERT INTO refinery_schema_history VALUES (18);";
    makeDatabase(`${temporary.home}/.local/share`, `${databaseOf("print-turn")} ${newer}`);
    expect(await messages()).toContain("ok: sessions.db has schema 18, newer than 17");
  });

  test("tells of a second registration in the project", async () => {
    writeFileSync(file(), (await registered()) ?? "");
    const folder = `${temporary.home}/p`;
    mkdirSync(`${folder}/.devin`, { recursive: true });
    writeFileSync(
      `${folder}/.devin/hooks.v1.json`,
      (await registered()) ?? JSON.stringify(await Bun.file(file()).json()),
    );
    const findings = await devinSetup.check(context({ folder }));
    expect(findings.map(({ message }) => message).join()).toContain("registered a second time");
  });

  test("says what to do when nothing is registered", async () => {
    expect(await messages()).toBe(`error: not registered in ${file()}`);
  });
});

describe("hook calls", () => {
  const payload = { session_id: "snowy-efraasia", prompt_id: "p", hook_event_name: "Stop", stop_hook_active: false };
  const env = { DEVIN_PROJECT_DIR: "/w" };

  test("of registered events are traced, and leave room in their timeout when they wait", () => {
    for (const { event, timeoutSeconds } of DEVIN_EVENTS) {
      const routed = devinRoute.route(undefined, { ...payload, hook_event_name: event }, env);
      expect(routed).toMatchObject({ verdict: "trace", event, session: "snowy-efraasia" });
      expect(("flushMs" in routed && routed.flushMs) || 0).toBeLessThan(timeoutSeconds * 1000);
    }
  });

  test("of other events, without a session id, or with nonsense are ignored", () => {
    for (const fields of [
      { hook_event_name: "PreToolUse" },
      { session_id: undefined },
      { session_id: 7 },
      { hook_event_name: {} },
    ]) {
      expect(devinRoute.route(undefined, { ...payload, ...fields }, env).verdict).toBe("ignore");
    }
  });

  test("of other programs are foreign", () => {
    expect(devinRoute.route(undefined, { ...payload, cursor_version: "3" }, env).verdict).toBe("foreign");
    const claude = { ...env, CLAUDE_CODE_SESSION_ID: "snowy-efraasia" };
    expect(devinRoute.route(undefined, payload, claude).verdict).toBe("foreign");
  });

  test("that Devin makes of Claude Code's hooks are silent there: only Devin's own registration traces them", () => {
    for (const { event } of DEVIN_EVENTS) {
      expect(claudeRoute.route(undefined, { ...payload, hook_event_name: event }, env)).toEqual({ verdict: "foreign" });
    }
  });

  test("are never answered", () => {
    expect(devinRoute.reply).toBeUndefined();
  });
});
