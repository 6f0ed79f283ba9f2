import { describe, expect, test } from "bun:test";
import { GEMINI_EVENTS } from "../../../src/agents/gemini/registration.ts";
import { geminiRoute } from "../../../src/agents/gemini/route.ts";

const SESSION = "0b1c7a52-0000-4000-8000-000000000001";

function payload(fields: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    session_id: SESSION,
    transcript_path: "/home/dev/.gemini/tmp/proj/chats/session-2026-11-22T00-41-0b1c7a52.jsonl",
    cwd: "/home/dev/proj",
    hook_event_name: "BeforeTool",
    timestamp: "2026-11-22T00:41:05.533Z",
    ...fields,
  };
}

const routed = (fields: Readonly<Record<string, unknown>>) => geminiRoute.route(undefined, payload(fields), {});

describe("Gemini CLI's own calls", () => {
  test("are traced for every registered event, with the payload's session", () => {
    for (const { event } of GEMINI_EVENTS) {
      expect(routed({ hook_event_name: event })).toMatchObject({ verdict: "trace", event, session: SESSION });
    }
  });

  test("of events that come once per model call or per chunk are ignored, and never registered", () => {
    for (const event of ["BeforeModel", "AfterModel", "BeforeToolSelection", "PreCompress"]) {
      expect(routed({ hook_event_name: event })).toEqual({ verdict: "ignore" });
      expect(GEMINI_EVENTS.map((one) => one.event)).not.toContain(event);
    }
  });

  test("without a session or an event are ignored, whatever else they hold", () => {
    expect(routed({ session_id: undefined })).toEqual({ verdict: "ignore" });
    expect(routed({ session_id: 7 })).toEqual({ verdict: "ignore" });
    expect(routed({ hook_event_name: ["BeforeTool"] })).toEqual({ verdict: "ignore" });
    expect(geminiRoute.route(undefined, {}, {})).toEqual({ verdict: "ignore" });
  });

  test("start a drain when something ended, and leave enough of the registered timeout when they wait for it", () => {
    for (const { event, timeoutMs } of GEMINI_EVENTS) {
      const one = routed({ hook_event_name: event });
      if (one.verdict !== "trace") throw new Error(`${event} is not traced`);
      const ends = ["AfterAgent", "SessionEnd"].includes(event);
      const within = ["BeforeAgent", "AfterTool"].includes(event);
      expect(one.drain).toBe(ends ? "end" : event === "SessionStart" ? "start" : within ? "within" : "never");
      expect(one.flushMs).toBe(ends ? (event === "SessionEnd" ? timeoutMs - 300 : 10_000) : undefined);
      expect(one.flushMs ?? 0).toBeLessThan(timeoutMs);
    }
  });
});

test("a payload of another program that runs hooks of this form is foreign", () => {
  const transcript = "/home/dev/.claude/projects/-home-dev-proj/0b1c7a52-0000-4000-8000-000000000001.jsonl";
  expect(routed({ hook_event_name: "SessionStart", transcript_path: transcript })).toEqual({ verdict: "foreign" });
});

test("nothing is ever replied: any text would be shown to the user or block the turn", () => {
  expect(geminiRoute.reply).toBeUndefined();
});
