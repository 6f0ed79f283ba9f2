import { expect, test } from "bun:test";
import { CODEX_EVENTS } from "../../../src/agents/codex/registration.ts";
import { codexRoute } from "../../../src/agents/codex/route.ts";
import { journalOf, recordings } from "./recordings.ts";

const SESSION = "01a200a6-566b-7953-b16c-9f41c89269f6";

const payload = (event: string, more: Readonly<Record<string, unknown>> = {}) => ({
  hook_event_name: event,
  session_id: SESSION,
  transcript_path: `/home/dev/.codex/sessions/2026/11/22/rollout-2026-11-22T00-27-10-${SESSION}.jsonl`,
  cwd: "/home/dev/demo",
  ...more,
});

const route = (one: Readonly<Record<string, unknown>>, event?: string) => codexRoute.route(event, one, {});

test("every registered event is traced, and nothing else", () => {
  for (const { event } of CODEX_EVENTS) expect(route(payload(event)).verdict).toBe("trace");
  for (const event of ["Notification", "StopFailure", "nonsense"]) expect(route(payload(event)).verdict).toBe("ignore");
});

test("every recorded hook call is traced under its own event and session", () => {
  for (const { event, session, payload: recorded } of recordings().flatMap(journalOf)) {
    expect(route(recorded as Record<string, unknown>)).toMatchObject({ verdict: "trace", event, session });
  }
});

test("in CI a hook waits for the delivery only where something ended, and always less than its timeout", () => {
  for (const { event, timeoutSeconds } of CODEX_EVENTS) {
    const routed = route(payload(event));
    if (routed.verdict !== "trace") throw new Error(event);
    expect(routed.flushMs ?? 0).toBeLessThan(timeoutSeconds * 1000);
    expect(routed.flushMs === undefined).toBe(routed.drain !== "end");
  }
});

test("a request that failed may be the last sign of a turn: a drain looks, and nobody waits for it", () => {
  expect(route(payload("PostModelRequest", { status: "failed" }))).toEqual({
    verdict: "trace",
    event: "PostModelRequest",
    session: SESSION,
    drain: "end",
  });
  expect(route(payload("PostModelRequest", { status: "completed" }))).toMatchObject({ drain: "never" });
});

test("payloads of other programs that run Codex's hooks are left alone", () => {
  for (const field of ["cursor_version", "conversation_id", "sessionId", "timestamp"]) {
    expect(route(payload("Stop", { [field]: "x" })).verdict).toBe("foreign");
  }
});

test("garbage is ignored", () => {
  for (const garbage of [{}, { session_id: 7 }, { hook_event_name: [] }, { session_id: "", hook_event_name: "Stop" }]) {
    expect(route(garbage).verdict).toBe("ignore");
  }
});

test("the settings file that belongs to Codex alone lies in its folder", () => {
  expect(codexRoute.environmentFile?.({ HOME: "/home/ada" })).toBe("/home/ada/.codex/arize-env.sh");
  expect(codexRoute.environmentFile?.({ HOME: "/home/ada", CODEX_HOME: "/srv/codex" })).toBe("/srv/codex/arize-env.sh");
});
