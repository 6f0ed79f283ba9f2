import { describe, expect, test } from "bun:test";
import { claudeRoute } from "../../../src/agents/claude/route.ts";
import { CURSOR_EVENTS, eventsFor, replyTo, UNKNOWN_VERSION } from "../../../src/agents/cursor/registration.ts";
import { cursorRoute } from "../../../src/agents/cursor/route.ts";
import { callsOf, recordings } from "./recordings.ts";

const payload = (fields: Readonly<Record<string, unknown>> = {}) => ({
  conversation_id: "c-1",
  generation_id: "g-1",
  cursor_version: "3.9.16",
  hook_event_name: "stop",
  file_path: "/w/a",
  ...fields,
});

const routed = (fields: Readonly<Record<string, unknown>>) => cursorRoute.route(undefined, payload(fields), {});

const names = (events: readonly { readonly event: string }[]) => events.map(({ event }) => event);

/** Events whose answer may block the agent, change what it does, or load something. */
const GATES = [
  "preToolUse",
  "beforeShellExecution",
  "beforeMCPExecution",
  "beforeReadFile",
  "beforeTabFileRead",
  "subagentStart",
  "workspaceOpen",
];

/** What cursor-agent 2026.09.10 was seen to take; any other name voids the whole file there. */
const KNOWN = [
  ...["sessionStart", "sessionEnd", "postToolUse", "postToolUseFailure", "subagentStop", "afterShellExecution"],
  ...["afterMCPExecution", "afterFileEdit", "beforeSubmitPrompt", "preCompact", "stop", "afterAgentResponse"],
  ...["afterAgentThought", "afterTabFileEdit"],
];

describe("Cursor's own calls", () => {
  test("are traced for every registered event, with the payload's conversation", () => {
    for (const { event } of CURSOR_EVENTS.filter((one) => one.event !== "afterTabFileEdit")) {
      expect(routed({ hook_event_name: event })).toMatchObject({ verdict: "trace", event, session: "c-1" });
    }
  });

  test("of a subagent's own conversation belong to the parent's", () => {
    expect(
      routed({ hook_event_name: "postToolUse", conversation_id: "child", parent_conversation_id: "c-1" }),
    ).toMatchObject({ session: "c-1" });
  });

  test("of Tab belong to a session beside the conversation, so that they end no turn of it", () => {
    expect(routed({ hook_event_name: "afterTabFileEdit" })).toMatchObject({ session: "tab-c-1" });
    expect(routed({ hook_event_name: "afterTabFileEdit", conversation_id: "" })).toMatchObject({ session: "tab" });
  });

  test("in the camelCase form of early builds are understood", () => {
    const early = { hookEventName: "stop", conversation_id: "c-1" };
    expect(cursorRoute.route(undefined, early, {})).toMatchObject({ verdict: "trace", event: "stop" });
  });

  test("that hold no event, another event or garbage are ignored", () => {
    for (const event of [...GATES.filter((gate) => gate !== "subagentStart"), "Stop", "", 7, null, ["stop"]]) {
      expect(routed({ hook_event_name: event })).toEqual({ verdict: "ignore" });
    }
    expect(cursorRoute.route(undefined, {}, {})).toEqual({ verdict: "ignore" });
  });

  test("start a drain where something ended, and leave enough of the registered timeout when they wait for it", () => {
    for (const { event, timeoutSeconds } of CURSOR_EVENTS) {
      const one = routed({ hook_event_name: event });
      if (one.verdict !== "trace") throw new Error(`${event} is not traced`);
      const ends = ["stop", "subagentStop", "sessionEnd"].includes(event);
      expect(one.drain).toBe(ends ? "end" : event === "sessionStart" ? "start" : "within");
      expect(one.flushMs ?? 0).toBeLessThan(timeoutSeconds * 1000);
      expect(one.flushMs !== undefined).toBe(ends);
    }
  });
});

test("a payload of Claude Code is foreign", () => {
  const claude = { hook_event_name: "stop", session_id: "s", transcript_path: "/home/dev/.claude/projects/p/s.jsonl" };
  expect(cursorRoute.route(undefined, claude, {})).toEqual({ verdict: "foreign" });
});

test("Claude Code's hooks leave every payload of Cursor alone", () => {
  for (const scenario of recordings().filter((name) => name !== "cli-legacy-hookEventName")) {
    for (const { payload } of callsOf(scenario)) {
      for (const registered of ["SessionStart", "Stop", undefined]) {
        expect(claudeRoute.route(registered, payload, { CURSOR_VERSION: "3.9.16" })).toEqual({ verdict: "foreign" });
        expect(claudeRoute.route(registered, payload, {})).toEqual({ verdict: "foreign" });
      }
    }
  }
});

describe("what is registered", () => {
  test("is no gate, and nothing that a version does not know", () => {
    for (const events of [CURSOR_EVENTS, eventsFor({}), eventsFor({ editor: "3.9.16", cli: "2026.09.10-fd3934a" })]) {
      for (const event of names(events)) {
        expect(GATES).not.toContain(event);
        expect(KNOWN).toContain(event);
      }
    }
  });

  test("is everything for new versions, and each tool call is told once", () => {
    const events = names(eventsFor({ editor: "3.9.16", cli: "2026.09.10-fd3934a" }));
    expect(events).toContain("postToolUse");
    for (const event of ["afterShellExecution", "afterMCPExecution", "afterFileEdit"])
      expect(events).not.toContain(event);
    expect(events).toContain("sessionStart");
    expect(events).toContain("afterTabFileEdit");
  });

  test("is what all versions take where one of the installed programs is old or unknown", () => {
    const old = ["beforeSubmitPrompt", "afterAgentThought", "afterAgentResponse", "afterShellExecution"];
    const all = [...old, "afterMCPExecution", "afterFileEdit", "stop"];
    for (const versions of [{}, { editor: "2.3.41" }, { editor: UNKNOWN_VERSION, cli: "2026.09.10-fd3934a" }]) {
      expect(names(eventsFor(versions))).toEqual(all);
    }
    expect(names(eventsFor({ editor: "3.9.16", cli: "2026.02.13-41ac335" }))).toEqual(all);
    const spring = names(eventsFor({ editor: "3.9.16", cli: "2026.04.17-787b533" }));
    expect(spring).toContain("postToolUse");
    for (const event of ["afterTabFileEdit", "subagentStop", "preCompact"]) expect(spring).not.toContain(event);
  });

  test("is answered with the one field that lets a prompt go on, and with nothing else anywhere", () => {
    for (const { event } of CURSOR_EVENTS) {
      expect(JSON.parse(replyTo(event))).toEqual(event === "beforeSubmitPrompt" ? { continue: true } : {});
      expect(cursorRoute.reply?.(event)).toBe(replyTo(event));
    }
  });
});
