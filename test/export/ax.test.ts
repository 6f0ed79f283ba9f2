import { afterAll, beforeEach, expect, test } from "bun:test";
import { createDelivery } from "../../src/export/deliver.ts";
import { fold, initialFold } from "../../src/trace/fold.ts";
import { toSpan } from "../../src/trace/openinference.ts";
import { recordings, sessionsOf } from "../support/recording.ts";
import { startAx } from "./ax.ts";
import { sampleSpan, targetAt } from "./sample.ts";

const KEYS = { space_id: "U3BhY2U6MQ", api_key: "ak-1234-secret" };
const LIMITS = { timeoutMs: 20_000 };
// Late enough for every waiting rule of the fold, ms.
const LATER_MS = 60_000;
const ax = startAx(KEYS.space_id, KEYS.api_key);
const target = targetAt(ax.url, { kind: "arize", encoding: "json", compression: "none" });
const { deliver, checkTarget } = createDelivery({});
afterAll(() => ax.stop());
beforeEach(() => {
  ax.accepted.length = 0;
});

test("AX takes the spans with both ways to authenticate", async () => {
  const bearer = { space_id: KEYS.space_id, authorization: `Bearer ${KEYS.api_key}` };
  for (const credentials of [KEYS, bearer]) {
    const report = await deliver(target, credentials, "claude-code", [sampleSpan(1), sampleSpan(2)], LIMITS);
    expect(report).toEqual({ outcome: "accepted", rejected: 0 });
  }
  expect(ax.accepted).toHaveLength(4);
});

test("a missing or wrong credential pauses and is not repeated in the reason", async () => {
  for (const credentials of [
    undefined,
    { space_id: KEYS.space_id },
    { api_key: KEYS.api_key },
    { ...KEYS, api_key: "wrong-key-1234" },
    { ...KEYS, space_id: "other-space" },
  ]) {
    const report = await deliver(target, credentials, "claude-code", [sampleSpan()], LIMITS);
    expect(report).toMatchObject({ outcome: "pause" });
    expect(JSON.stringify(report)).not.toMatch(/ak-1234|wrong-key/);
    expect(await checkTarget(target, credentials)).toMatchObject({ outcome: "pause" });
  }
  expect(ax.accepted).toEqual([]);
});

test("a check proves endpoint and credential and leaves no span", async () => {
  expect(await checkTarget(target, KEYS)).toEqual({ outcome: "accepted", rejected: 0 });
  expect(ax.accepted).toEqual([]);
});

test("without a project AX answers 500, which is tried again", async () => {
  const report = await deliver({ ...target, project: "" }, KEYS, "claude-code", [sampleSpan()], LIMITS);
  expect(report).toMatchObject({ outcome: "retry" });
});

test("a span without what AX needs is counted as rejected, with the reason", async () => {
  const spans = [sampleSpan(1), sampleSpan(2, { attributes: { "openinference.span.kind": "LLM" } })];
  const report = await deliver(target, KEYS, "claude-code", spans, LIMITS);
  expect(report).toMatchObject({ outcome: "accepted", rejected: 1 });
  expect("message" in report && report.message).toContain("session.id");
  expect(ax.accepted).toHaveLength(1);
});

test("every span of every recorded session has what AX needs", async () => {
  for (const scenario of recordings()) {
    for (const { session, live, history } of await sessionsOf(scenario)) {
      const facts = [...live, ...history];
      const end = Math.max(...facts.map(({ at }) => at)) + LATER_MS;
      const { nodes } = fold(initialFold(), [...facts, { type: "tick", at: end }]);
      const context = { agent: "claude-code", agentTitle: "Claude Code", session, attributes: {} };
      const spans = nodes.map((node) => toSpan(node, context));
      expect(await deliver(target, KEYS, "claude-code", spans, LIMITS)).toEqual({ outcome: "accepted", rejected: 0 });
    }
  }
  expect(ax.accepted.length).toBeGreaterThan(200);
});
