import { expect, test } from "bun:test";
import { claude } from "../../../src/agents/claude/agent.ts";
import { guardOf, type Policy } from "../../../src/trace/protect.ts";

const CANARY = "the canary sings at noon";
const KEY = `sk-ant-api03-${"Zm9vYmFy".repeat(11)}`;

function record(type: string, more: Record<string, unknown>): Record<string, unknown> {
  return { type, timestamp: "2026-11-22T10:00:00.000Z", uuid: "u", sessionId: "s", ...more };
}

const user = (content: unknown, more: Record<string, unknown> = {}) =>
  record("user", { message: { role: "user", content }, promptId: "p", ...more });

/** Records after each of which something is remembered for later. */
const RECORDS = [
  user(`${CANARY} ${KEY}`, { promptSource: "typed" }),
  record("api-request-shape", { shapeHash: "h", shape: { system: `${CANARY} ${KEY}`, tools: [] } }),
  record("api-request-blob", { hash: "b", message: { role: "user", content: `${CANARY} ${KEY}` } }),
  record("api-request", { id: "r1", params: {}, shapeHash: "h", keep: 0, tail: ["b"] }),
  record("assistant", {
    requestRef: "r1",
    message: { id: "m", content: [{ type: "text", text: `${CANARY} ${KEY}` }], stop_reason: "tool_use" },
  }),
  user([{ type: "tool_result", tool_use_id: "t", content: `${CANARY} ${KEY}` }]),
  user(`<bash-input>${CANARY} ${KEY}</bash-input>`),
];

function cursorsUnder(policy: Policy): string[] {
  const guard = guardOf(policy);
  let cursor = claude.history.initial({ id: "main", path: "/x", role: { capture: "full" } });
  return RECORDS.map((one) => {
    cursor = claude.history.read(cursor, one, guard).cursor;
    return JSON.stringify(cursor);
  });
}

test("the reader's memory holds no credential in clear", () => {
  const log = { prompts: true, toolDetails: true, toolContent: true };
  const cursors = cursorsUnder({ log, mask: true, maxTextChars: 100_000 });
  expect(cursors.some((text) => text.includes(CANARY))).toBe(true);
  for (const text of cursors) expect(text).not.toContain(KEY);
});

test("with the content switches off the reader's memory holds no content", () => {
  const log = { prompts: false, toolDetails: false, toolContent: false };
  const cursors = cursorsUnder({ log, mask: true, maxTextChars: 100_000 });
  expect(cursors.some((text) => text.includes("<redacted ("))).toBe(true);
  for (const text of cursors) expect(text).not.toContain(CANARY);
});
