import { describe, expect, test } from "bun:test";
import { CLAUDE_EVENTS } from "../../src/agents/claude/registration.ts";
import { claudeRoute } from "../../src/agents/claude/route.ts";
import { claudePayload } from "../support/hook.ts";

const SESSION = "0b1c7a52-0000-4000-8000-000000000001";

/** What Claude Code 2.1.330 gives its hooks. */
const CLAUDE_ENV = { CLAUDECODE: "1", CLAUDE_CODE_SESSION_ID: SESSION, CLAUDE_PROJECT_DIR: "/home/dev/proj" };

describe("Claude Code's own calls", () => {
  test("are traced for every registered event, with the payload's session", () => {
    for (const { event } of CLAUDE_EVENTS) {
      expect(claudeRoute.route(undefined, claudePayload({ hook_event_name: event }), CLAUDE_ENV)).toMatchObject({
        verdict: "trace",
        event,
        session: SESSION,
      });
    }
  });

  test("are told apart by the payload's event name; the registered one counts only where there is none", () => {
    const named = claudeRoute.route("Stop", claudePayload({ hook_event_name: "PreToolUse" }), {});
    expect(named).toMatchObject({ event: "PreToolUse" });
    const unnamed = claudeRoute.route("Stop", claudePayload({ hook_event_name: undefined }), {});
    expect(unnamed).toMatchObject({ event: "Stop" });
  });

  test("of other events, or without a session, are ignored", () => {
    for (const fields of [
      { hook_event_name: "MessageDisplay" },
      { hook_event_name: "WorktreeCreate" },
      { hook_event_name: 7 },
    ]) {
      expect(claudeRoute.route(undefined, claudePayload(fields), CLAUDE_ENV)).toEqual({ verdict: "ignore" });
    }
    expect(claudeRoute.route("Stop", { hook_event_name: "Stop" }, {})).toEqual({ verdict: "ignore" });
  });

  test("start a drain when something ended, and leave enough of the registered timeout when they wait for it", () => {
    for (const { event, timeoutSeconds } of CLAUDE_EVENTS) {
      const routed = claudeRoute.route(undefined, claudePayload({ hook_event_name: event }), CLAUDE_ENV);
      if (routed.verdict !== "trace") throw new Error(`${event} is not traced`);
      const ends = ["Stop", "StopFailure", "SubagentStop", "SessionEnd"].includes(event);
      const within = ["UserPromptSubmit", "PostToolUse", "PostToolUseFailure"].includes(event);
      expect(routed.drain).toBe(ends ? "end" : event === "SessionStart" ? "start" : within ? "within" : "never");
      if (!ends) expect(routed.flushMs).toBeUndefined();
      else if (event === "SessionEnd") expect(routed.flushMs).toBe(timeoutSeconds * 1000 - 300);
      else expect(routed.flushMs).toBe(10_000);
      expect(routed.flushMs ?? 0).toBeLessThan(timeoutSeconds * 1000);
    }
  });

  test("of 2.0.76, which sets no session variable, are its own by their transcript", () => {
    expect(claudeRoute.route(undefined, claudePayload(), { CLAUDE_PROJECT_DIR: "/p" }).verdict).toBe("trace");
  });

  test("inside another program's terminal or tool are not foreign", () => {
    for (const outer of [
      { CURSOR_VERSION: "3.9.16", CURSOR_TRACE_ID: "t" },
      { COPILOT_CLI: "1" },
      { DEVIN_PROJECT_DIR: "/p" },
      { CLAUDE_CODE_SESSION_ID: "outer-session", CLAUDECODE: "1" },
    ]) {
      expect(claudeRoute.route(undefined, claudePayload(), outer).verdict).toBe("trace");
    }
  });

  test("stay its own should a later version add a field that others have", () => {
    const payload = claudePayload({ timestamp: "2026-11-22T01:00:43.637Z", turn_id: "t" });
    expect(claudeRoute.route(undefined, payload, CLAUDE_ENV).verdict).toBe("trace");
  });

  test("with the barest payload are traced", () => {
    expect(claudeRoute.route(undefined, { session_id: "s", hook_event_name: "Stop" }, {}).verdict).toBe("trace");
  });
});

describe("foreign calls are left alone", () => {
  const foreign: readonly (readonly [string, Record<string, unknown>, Record<string, string>])[] = [
    [
      "Cursor's command line, as publicly captured",
      {
        conversation_id: "cf-1",
        generation_id: "cf-g",
        model: "cursor-grok-4.6-high-fast",
        is_background_agent: false,
        session_id: "cf-1",
        hook_event_name: "sessionStart",
        cursor_version: "2026.08.11-e8db854",
        workspace_roots: ["/home/dev/acme"],
        transcript_path: null,
      },
      { CURSOR_VERSION: "2026.08.11-e8db854" },
    ],
    [
      "Cursor started by a Claude Code session, with a Claude Code event name",
      { conversation_id: "c", session_id: "c", hook_event_name: "Stop", transcript_path: null },
      CLAUDE_ENV,
    ],
    [
      "Copilot 1.0.102, as recorded",
      {
        hook_event_name: "Stop",
        session_id: "c469c2d8-6825-43b3-8492-72ec23600312",
        timestamp: "2026-11-22T01:00:43.637Z",
        cwd: "/home/dev/proj",
        transcript_path: "/home/dev/.copilot/session-state/c469c2d8-6825-43b3-8492-72ec23600312/events.jsonl",
        stop_reason: "end_turn",
        stop_hook_active: false,
      },
      { COPILOT_CLI: "1", CLAUDE_PROJECT_DIR: "/home/dev/proj" },
    ],
    [
      "Copilot without a transcript",
      { hook_event_name: "UserPromptSubmit", session_id: "c469c2d8", timestamp: "2026-11-22T01:00:43.637Z", cwd: "/w" },
      {},
    ],
    [
      "VS Code's agent mode",
      {
        timestamp: "2026-11-22T01:00:43.637Z",
        hook_event_name: "PreToolUse",
        session_id: "5a1d0c9e-0000-4000-8000-000000000001",
        transcript_path:
          "/home/dev/.config/Code/User/workspaceStorage/ab12/x/transcripts/5a1d0c9e-0000-4000-8000-000000000001.jsonl",
        tool_name: "readFile",
        tool_use_id: "call_1__vscode-1",
      },
      {},
    ],
    ["VS Code as documented", { hookEventName: "Stop", sessionId: "s", session_id: "s", cwd: "/w" }, {}],
    [
      "Devin 3000.2.17",
      { hook_event_name: "SessionStart", session_id: "amber-otter", source: "startup" },
      { DEVIN_PROJECT_DIR: "/home/dev/acme" },
    ],
    [
      "Devin started by a Claude Code session",
      { hook_event_name: "Stop", session_id: "amber-otter", stop_hook_active: false },
      { ...CLAUDE_ENV, DEVIN_PROJECT_DIR: "/home/dev/acme" },
    ],
    [
      "Codex",
      {
        session_id: SESSION,
        turn_id: "0199",
        transcript_path: "/home/dev/.codex/sessions/2026/11/22/rollout-x.jsonl",
        cwd: "/w",
        hook_event_name: "Stop",
      },
      {},
    ],
    [
      "Gemini CLI",
      {
        session_id: SESSION,
        transcript_path: "",
        cwd: "/w",
        hook_event_name: "SessionEnd",
        timestamp: "2026-11-22T01:00:43Z",
      },
      { CLAUDE_PROJECT_DIR: "/w" },
    ],
  ];

  test.each(foreign.map((row) => [...row] as const))("%s", (_, payload, env) => {
    expect(claudeRoute.route("Stop", payload, env)).toEqual({ verdict: "foreign" });
  });
});

test("events without a version are ones that 2.0.76 knows: an unknown name would disable all its hooks", () => {
  // The list in the program of 2.0.76.
  const known = new Set([
    "PreToolUse",
    "PostToolUse",
    "PostToolUseFailure",
    "Notification",
    "UserPromptSubmit",
    "SessionStart",
    "SessionEnd",
    "Stop",
    "SubagentStart",
    "SubagentStop",
    "PreCompact",
    "PermissionRequest",
  ]);
  for (const { event, since } of CLAUDE_EVENTS) expect(since === undefined).toBe(known.has(event));
});
