import { expect, test } from "bun:test";
import { claudeRoute } from "../../../src/agents/claude/route.ts";
import { COPILOT_EVENTS } from "../../../src/agents/copilot/registration.ts";
import { copilotRoute } from "../../../src/agents/copilot/route.ts";
import { hooksOf, journalOf, logsOf, recordings } from "./recordings.ts";

const SESSION = "7862e6f7-1446-4dde-a5d1-99ef15a0d33a";

/** As the CLI sends it to a hook that is registered by its PascalCase name. */
const cli = (event: string, more: Readonly<Record<string, unknown>> = {}) => ({
  hook_event_name: event,
  session_id: SESSION,
  timestamp: "2026-11-22T00:42:54.118Z",
  cwd: "/home/dev/proj",
  ...more,
});

const verdict = (payload: Readonly<Record<string, unknown>>, registered?: string) =>
  copilotRoute.route(registered, payload, {}).verdict;

test("every registered event is traced, and nothing else", () => {
  for (const { event } of COPILOT_EVENTS) expect(verdict(cli(event))).toBe("trace");
  for (const event of ["PreToolUse", "PostToolUse", "PermissionRequest", "Notification", "SubagentStop", "nonsense"]) {
    expect(verdict(cli(event))).toBe("ignore");
  }
});

test("a drain starts when a turn or a session ends, and in CI the hook may wait for it within its timeout", () => {
  expect(copilotRoute.route(undefined, cli("Stop"), {})).toEqual({
    verdict: "trace",
    event: "Stop",
    session: SESSION,
    drain: "end",
    flushMs: 10_000,
  });
  for (const { event, timeoutSec } of COPILOT_EVENTS) {
    const routed = copilotRoute.route(undefined, cli(event), {});
    if (routed.verdict !== "trace") throw new Error(event);
    expect(routed.flushMs ?? 0).toBeLessThan(timeoutSec * 1000);
    expect(routed.drain === "end").toBe(event === "Stop" || event === "SessionEnd");
  }
});

test("VS Code's payloads are taken, in the style of its source and in that of its documentation", () => {
  const transcript_path = `/home/dev/.config/Code/User/workspaceStorage/a1/GitHub.copilot-chat/transcripts/${SESSION}.jsonl`;
  expect(verdict(cli("Stop", { transcript_path, stop_hook_active: false }))).toBe("trace");
  const documented = {
    timestamp: "2026-02-09T10:30:00.000Z",
    sessionId: SESSION,
    hookEventName: "Stop",
    transcript_path,
  };
  expect(copilotRoute.route(undefined, documented, {})).toMatchObject({ event: "Stop", session: SESSION });
});

test("calls inside a subagent open no session of their own", () => {
  for (const scenario of ["subagent", "subagent-custom", "subagent-general"]) {
    const children = hooksOf(scenario).filter(({ stdin }) => stdin.agent_id !== undefined);
    expect(children.length).toBeGreaterThan(0);
    for (const { stdin } of children) expect(verdict(stdin)).toBe("ignore");
  }
});

test("every session of the journal has an event log of its own", () => {
  for (const scenario of recordings()) {
    for (const { session } of journalOf(scenario)) expect([...logsOf(scenario).keys()]).toContain(session);
  }
});

test("payloads of other programs are foreign", () => {
  const claude = {
    hook_event_name: "Stop",
    session_id: SESSION,
    cwd: "/home/dev",
    transcript_path: `/home/dev/.claude/projects/-home-dev/${SESSION}.jsonl`,
  };
  expect(verdict(claude)).toBe("foreign");
  expect(verdict({ ...claude, timestamp: "2026-11-22T00:42:54.118Z" })).toBe("foreign");
  const gemini = cli("SessionEnd", { transcript_path: "/home/dev/.gemini/tmp/x/chats/session-1.jsonl" });
  expect(verdict(gemini)).toBe("foreign");
  expect(verdict(cli("Stop", { conversation_id: "c", cursor_version: "2.1" }))).toBe("foreign");
  expect(verdict(cli("Stop", { turn_id: "t" }))).toBe("foreign");
});

test("Copilot's calls of hooks that are registered for Claude Code are foreign to it", () => {
  for (const scenario of recordings()) {
    for (const { stdin, env } of hooksOf(scenario)) {
      if (stdin.hook_event_name === undefined) continue;
      expect(claudeRoute.route(undefined, stdin, env).verdict).toBe("foreign");
    }
  }
});

test("garbage is left alone", () => {
  const garbage: Readonly<Record<string, unknown>>[] = [
    {},
    { timestamp: 1 },
    { timestamp: 1, session_id: 5, hook_event_name: "Stop" },
    { timestamp: 1, session_id: "", hook_event_name: "Stop" },
    { timestamp: 1, session_id: "s", hook_event_name: {} },
  ];
  for (const payload of garbage) expect(verdict(payload)).not.toBe("trace");
});

test("nothing is ever replied", () => {
  expect(copilotRoute.reply).toBeUndefined();
});
