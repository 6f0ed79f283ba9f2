import { expect, test } from "bun:test";
import { codex } from "../../../src/agents/codex/agent.ts";
import type { JournalEvent } from "../../../src/journal/event.ts";
import type { Fact } from "../../../src/trace/facts.ts";
import type { Message } from "../../../src/trace/node.ts";
import { linesOf, OPEN } from "../../support/recording.ts";
import { RECORDED } from "./recordings.ts";

const SESSION = "01a200a6-566b-7953-b16c-9f41c89269f6";
const CHILD = "01a200a8-e991-7031-a7e9-9f3cda809e46";
const rollout = (thread: string) => `/home/dev/.codex/sessions/2026/11/22/rollout-2026-11-22T00-27-10-${thread}.jsonl`;

function event(
  name: string,
  more: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string>> = {},
): JournalEvent {
  const payload = {
    session_id: SESSION,
    hook_event_name: name,
    turn_id: "turn",
    transcript_path: rollout(SESSION),
    ...more,
  };
  return { v: 1, ts: 1, agent: "codex", event: name, session: SESSION, env, payload };
}

test("the process that started the hook is Codex only when it comes a second time", () => {
  const env = { HARNESS_AGENT_PID: "77" };
  const first = codex.observe(event("Stop", {}, env), {});
  expect(first.hints?.pid).toBeUndefined();
  expect(codex.observe(event("Stop", {}, env), first.hints).hints?.pid).toBe("77");
  expect(codex.observe(event("Stop", {}, { HARNESS_AGENT_PID: "78" }), first.hints).hints?.pid).toBeUndefined();
});

test("every hook names the rollout of its thread; the session's own is the main one", () => {
  expect(codex.observe(event("Stop", {})).hints).toEqual({
    [`rollout:${SESSION}`]: rollout(SESSION),
    transcript: rollout(SESSION),
  });
  const child = { agent_id: CHILD, agent_type: "default", transcript_path: rollout(CHILD) };
  expect(codex.observe(event("PreModelRequest", child)).hints).toEqual({ [`rollout:${CHILD}`]: rollout(CHILD) });
  expect(codex.observe(event("PreModelRequest", { transcript_path: null })).hints).toEqual({});
});

test("what a hook shows of an image is not its bytes", () => {
  const response = [{ type: "input_image", image_url: "data:image/png;base64,AAAA" }];
  const more = { tool_name: "view_image", tool_use_id: "c", tool_response: response };
  expect(codex.observe(event("PostToolUse", more)).facts).toMatchObject([
    { output: [{ type: "input_image", image_url: "[image]" }] },
  ]);
});

test("a payload that is none is skipped with its reason", () => {
  expect(codex.observe({ ...event("Stop", {}), payload: { session_id: 7 } })).toMatchObject({
    facts: [],
    skipped: expect.stringContaining("session_id"),
  });
});

test("records that nobody knows, and broken ones, give no facts and lose nothing", () => {
  let cursor = codex.history.initial({ id: "main", path: "", role: {} });
  for (const record of [
    null,
    7,
    "x",
    {},
    { timestamp: "never", type: "event_msg", payload: {} },
    { timestamp: "2026-11-22T00:00:00Z", type: "new_thing", payload: { type: "x" } },
  ]) {
    const read = codex.history.read(cursor, record, OPEN);
    expect(read.facts).toEqual([]);
    cursor = read.cursor;
  }
});

const roles = (messages: readonly Message[] | undefined) => (messages ?? []).map(({ role }) => role).join(" ");

function requestsOf(scenario: string, role: Readonly<Record<string, string>>): Extract<Fact, { type: "llm.start" }>[] {
  const folder = `${RECORDED}/${scenario}/sessions`;
  const [name = ""] = new Bun.Glob("*.jsonl").scanSync(folder);
  let cursor = codex.history.initial({ id: "main", path: "", role });
  return linesOf<unknown>(`${folder}/${name}`).flatMap((record) => {
    const read = codex.history.read(cursor, record, OPEN);
    cursor = read.cursor;
    return read.facts.filter((fact) => fact.type === "llm.start");
  });
}

test("by default a request carries what is new in it, with full capture the whole conversation", () => {
  expect(requestsOf("shell", {}).map(({ input }) => roles(input))).toEqual(["system user user", "tool"]);
  expect(requestsOf("shell", { capture: "full" }).map(({ input }) => roles(input))).toEqual([
    "system system user user",
    "system system user user assistant tool",
  ]);
});

test("after a compaction the conversation is its summary", () => {
  const requests = requestsOf("compact", { capture: "full" });
  expect(requests.map(({ compaction }) => compaction ?? false)).toEqual([false, true, false]);
  expect(roles(requests[1]?.input)).toBe("system system user user assistant tool");
  expect(roles(requests[2]?.input)).toBe("system user");
});

test("with full capture the tools are there where the conversation names them", () => {
  const [first] = requestsOf("codemode", { capture: "full" });
  expect(first?.tools?.map(({ name }) => name)).toContain("functions");
});
