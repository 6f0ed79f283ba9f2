import { afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { CURSOR_EVENTS, replyTo } from "../../src/agents/cursor/registration.ts";
import { cursorSetup } from "../../src/agents/cursor/setup.ts";
import { tryHook } from "../../src/setup/trial.ts";
import { callsOf } from "../agents/cursor/recordings.ts";
import { callHook, type Home, journaled, makeHome, SILENT } from "../support/hook.ts";
import { builtProgram } from "../support/program.ts";

const BUILD_TIMEOUT_MS = 120_000;

let home: Home;
beforeAll(async () => {
  await builtProgram();
}, BUILD_TIMEOUT_MS);
beforeEach(() => {
  home = makeHome();
});
afterEach(() => home.remove());

const hook = (event: string, stdin: string | Uint8Array, env: Readonly<Record<string, string>> = {}) =>
  callHook({ stdin, env: { HOME: home.folder, ...env }, args: ["hook", "cursor", event] });

describe("the program as Cursor's hook", () => {
  test("answers every event as Cursor must have it, whatever comes in", async () => {
    for (const { event } of CURSOR_EVENTS) {
      for (const stdin of ["", "{", "[]", '{"conversation_id": 7}']) {
        expect(await hook(event, stdin)).toEqual({ ...SILENT, stdout: replyTo(event) });
      }
    }
    expect(journaled(home).events).toEqual([]);
  });

  test("answers where tracing is switched off and where nothing can be written", async () => {
    const payload = JSON.stringify(callsOf("cli-tui-interactive")[1]?.payload);
    const answer = { ...SILENT, stdout: '{"continue":true}' };
    expect(await hook("beforeSubmitPrompt", payload, { ARIZE_TRACE_ENABLED: "false" })).toEqual(answer);
    rmSync(home.paths.state, { recursive: true, force: true });
    writeFileSync(home.paths.state, "");
    expect(await hook("beforeSubmitPrompt", payload)).toEqual(answer);
  });

  test("reads a payload behind a byte order mark, as it comes on Windows", async () => {
    const [call] = callsOf("windows-bom");
    const prefix = Buffer.from(call?.raw_prefix_hex ?? "", "hex");
    expect(prefix.length).toBe(3);
    const stdin = Buffer.concat([prefix, Buffer.from(JSON.stringify(call?.payload))]);
    expect(await hook("beforeSubmitPrompt", stdin)).toEqual({ ...SILENT, stdout: '{"continue":true}' });
    const [event] = journaled(home).events;
    expect(event).toMatchObject({ agent: "cursor", event: "beforeSubmitPrompt", payload: call?.payload });
  });

  test("journals nothing of the user's mail address's variable", async () => {
    const payload = JSON.stringify({ conversation_id: "c", hook_event_name: "preCompact" });
    await hook("preCompact", payload, { CURSOR_USER_EMAIL: "dev@acme.example", CURSOR_TRANSCRIPT_PATH: "/t.jsonl" });
    expect(journaled(home).events[0]?.env).toEqual({ CURSOR_TRANSCRIPT_PATH: "/t.jsonl" });
  });
});

test("a call of Claude Code's hook by Cursor is silent and leaves nothing", async () => {
  const [call] = callsOf("claude-compat-crossfire");
  const stdin = JSON.stringify(call?.payload);
  expect(await callHook({ stdin, env: { HOME: home.folder }, args: ["hook", "claude"] })).toEqual(SILENT);
  expect(journaled(home).events).toEqual([]);
});

test("the registered command, tried out, is recorded; one that answers otherwise is found out", async () => {
  const program = await builtProgram();
  const context = { home: home.folder, env: {}, platform: "linux", version: async () => undefined } as const;
  expect(await tryHook(cursorSetup.trial({ ...context, program }), "cursor", process.env)).toBeUndefined();
  const direct = cursorSetup.trial({ ...context, program, platform: "win32" });
  expect(await tryHook(direct, "cursor", process.env)).toBeUndefined();
  expect(await tryHook({ ...direct, reply: "{}" }, "cursor", process.env)).toContain("it wrote output");
});

test("`install cursor` writes, tries and reports; `uninstall cursor` leaves no trace of it", async () => {
  const program = await builtProgram();
  mkdirSync(`${home.folder}/.cursor`);
  const before = '{\n  "version": 1,\n  "hooks": {}\n}\n';
  writeFileSync(`${home.folder}/.cursor/hooks.json`, before);
  const run = async (...args: string[]) => {
    const child = Bun.spawn([program, ...args], {
      cwd: home.folder,
      env: { HOME: home.folder, PATH: "/usr/bin:/bin" },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    return { out, err, code };
  };
  const installed = await run("install", "cursor");
  expect({ code: installed.code, err: installed.err }).toEqual({ code: 0, err: "" });
  expect(installed.out).toContain("a test hook of Cursor was recorded");
  const removed = await run("uninstall", "cursor");
  expect({ code: removed.code, err: removed.err }).toEqual({ code: 0, err: "" });
  expect(readFileSync(`${home.folder}/.cursor/hooks.json`, "utf8")).toBe(before);
});
