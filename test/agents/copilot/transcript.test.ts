/** What no recording shows: rare orders of records, made by hand after the event log's schema. */

import { expect, test } from "bun:test";
import { copilot } from "../../../src/agents/copilot/agent.ts";
import type { Fact } from "../../../src/trace/facts.ts";
import { fold, initialFold } from "../../../src/trace/fold.ts";
import type { FinishedNode } from "../../../src/trace/node.ts";
import { guardOf } from "../../../src/trace/protect.ts";
import { linesOf, OPEN } from "../../support/recording.ts";
import { treeText } from "../../support/tree.ts";
import { factsOf, logsOf, recordings } from "./recordings.ts";

const START = Date.parse("2026-11-22T10:00:00.000Z");

let count = 0;
const at = (ms: number, type: string, data: Readonly<Record<string, unknown>> = {}, agentId?: string) => ({
  type,
  data,
  id: `r${++count}`,
  timestamp: new Date(START + ms).toISOString(),
  ...(agentId !== undefined && { agentId }),
});

const prompt = (ms: number, content: string, interactionId: string, more = {}) =>
  at(ms, "user.message", { content, interactionId, ...more });
const usage = (ms: number, outputTokens: number, duration: number, apiCallId: string) =>
  at(ms, "session.usage_record", {
    usage: { model: "gpt-4.1", inputTokens: 10, outputTokens, duration, apiCallId, finishReason: "stop" },
  });
const answer = (ms: number, content: string, apiCallId: string, more = {}) =>
  at(ms, "assistant.message", { content, apiCallId, model: "gpt-4.1", toolRequests: [], ...more });

function read(records: readonly unknown[], role: Readonly<Record<string, string>> = {}): Fact[] {
  let cursor = copilot.history.initial({ id: "main", path: "", role });
  return records.flatMap((record) => {
    const one = copilot.history.read(JSON.parse(JSON.stringify(cursor)), record, OPEN);
    cursor = one.cursor;
    return one.facts;
  });
}

function nodesOf(records: readonly unknown[], role?: Readonly<Record<string, string>>): readonly FinishedNode[] {
  return fold(initialFold(), [...read(records, role), { type: "tick", at: START + 3_600_000 }]).nodes;
}

const tree = (records: readonly unknown[]) => treeText(nodesOf(records));

test("an answer in chunks is one call with all of its parts in order", () => {
  const chunk = (chunkIndex: number) => ({ chunkIndex, chunkCount: 2 });
  const text = tree([
    prompt(0, "Go", "i1"),
    at(10, "assistant.turn_start", { turnId: "0", interactionId: "i1" }),
    usage(500, 30, 400, "c1"),
    answer(505, "First.", "c1", { ...chunk(0), reasoningText: "Hm." }),
    answer(506, "Second.", "c1", { ...chunk(1), reasoningText: "Aha." }),
    at(510, "assistant.turn_end", { turnId: "0" }),
  ]);
  expect(text).toBe(`turn 1 "Go" → "First. Second." +0..+510 ok
  llm gpt-4.1 tokens(prompt=10 completion=30) finish=stop in=user out=reasoning,text,reasoning,text +100..+500 ok
`);
});

test("a prompt that is added to a running turn, and a skill's text, open no turn and go into the next request", () => {
  const request = { toolRequests: [{ toolCallId: "t1", name: "bash", arguments: {} }] };
  const text = tree([
    prompt(0, "Go", "i1"),
    at(10, "assistant.turn_start", { turnId: "0", interactionId: "i1" }),
    usage(100, 5, 80, "c1"),
    answer(101, "", "c1", request),
    at(102, "tool.execution_start", { toolCallId: "t1", toolName: "bash", arguments: {} }),
    prompt(150, "Faster, please", "i1", { delivery: "steering" }),
    prompt(151, "How to be fast", "i2", { source: "skill-fast" }),
    at(202, "tool.execution_complete", { toolCallId: "t1", success: true, result: { content: "ok" } }),
    at(203, "assistant.turn_end", { turnId: "0" }),
    at(204, "assistant.turn_start", { turnId: "1", interactionId: "i1" }),
    usage(300, 5, 80, "c2"),
    answer(301, "Done.", "c2"),
    at(302, "assistant.turn_end", { turnId: "1" }),
  ]);
  expect(text).toBe(`turn 1 "Go" → "Done." +0..+302 ok
  llm gpt-4.1 tokens(prompt=10 completion=5) finish=stop in=user out=bash +20..+100 ok
    tool bash "{}" → "ok" +102..+202 ok
  llm gpt-4.1 tokens(prompt=10 completion=5) finish=stop in=user,user,tool out=text +220..+300 ok
`);
});

test("a hook that sends the agent back to work after its end opens no turn", () => {
  const text = tree([
    prompt(0, "Go", "i1"),
    at(10, "assistant.turn_start", { turnId: "0", interactionId: "i1" }),
    usage(100, 5, 80, "c1"),
    answer(101, "Done.", "c1"),
    at(102, "assistant.turn_end", { turnId: "0" }),
    at(200, "assistant.turn_start", { turnId: "1", interactionId: "i1" }),
    usage(300, 6, 80, "c2"),
    answer(301, "Really done.", "c2"),
    at(302, "assistant.turn_end", { turnId: "1" }),
  ]);
  expect(text).toContain('turn 1 "Go" → "Really done." +0..+302 ok');
  expect(text.match(/^turn/gm)?.length).toBe(1);
});

test("two requests in one round, the first without text, are two calls", () => {
  const text = tree([
    prompt(0, "Go", "i1"),
    at(10, "assistant.turn_start", { turnId: "0", interactionId: "i1" }),
    usage(100, 5, 80, "c1"),
    usage(200, 6, 80, "c2"),
    answer(201, "Done.", "c2"),
    at(202, "assistant.turn_end", { turnId: "0" }),
  ]);
  expect(text).toContain("completion=5) finish=stop in=user out= +20..+100 ok");
  expect(text).toContain("completion=6) finish=stop in= out=text +120..+200 ok");
});

test("what a killed process left open is interrupted when the session is opened again, unless another window has it", () => {
  const open = [
    prompt(0, "Go", "i1"),
    at(10, "assistant.turn_start", { turnId: "0", interactionId: "i1" }),
    usage(100, 5, 80, "c1"),
    answer(101, "", "c1", { toolRequests: [{ toolCallId: "t1", name: "bash", arguments: {} }] }),
    at(102, "tool.execution_start", { toolCallId: "t1", toolName: "bash", arguments: {} }),
  ];
  expect(tree([...open, at(5000, "session.resume", { context: { cwd: "/home/dev" } })])).toBe(
    `turn 1 "Go" → "" +0..+102 interrupted !interrupted: "The turn never reported its end"
  llm gpt-4.1 tokens(prompt=10 completion=5) finish=stop in=user out=bash +20..+100 ok
    tool bash "{}" → "" +102..+102 interrupted !interrupted: "The tool call was interrupted"
`,
  );
  const shared = at(5000, "session.resume", { sessionWasActive: true });
  expect(read([...open, shared]).some(({ type }) => type === "session.start")).toBe(false);
});

test("a compaction that failed is an error inside its turn, with its request below it", () => {
  const text = tree([
    prompt(0, "Go", "i1"),
    at(10, "session.compaction_start", { trigger: "auto" }),
    at(90, "model.model_call_success", { modelCallDurationMs: 60, modelCall: { api_id: "s1" } }),
    at(100, "session.compaction_complete", {
      success: false,
      error: "too long",
      compactionTokensUsed: { model: "gpt-4.1", inputTokens: 900, outputTokens: 5, duration: 60, requestCount: 1 },
    }),
    at(110, "assistant.turn_start", { turnId: "0", interactionId: "i1" }),
    usage(300, 5, 80, "c1"),
    answer(301, "Done.", "c1"),
    at(302, "assistant.turn_end", { turnId: "0" }),
  ]);
  expect(text).toBe(`turn 1 "Go" → "Done." +0..+302 ok
  compaction auto → "" +10..+100 error !compaction_error: "too long"
    llm gpt-4.1 tokens(prompt=900 completion=5) finish=- in= out= +30..+90 ok
  llm gpt-4.1 tokens(prompt=10 completion=5) finish=stop in=user out=text +220..+300 ok
`);
});

test("records of unknown kinds and shapes give no facts", () => {
  const odd = [
    null,
    5,
    "text",
    {},
    at(0, "never.heard.of", { a: 1 }),
    { type: "user.message", data: { content: "no time" }, id: "x", timestamp: "yesterday" },
    at(0, "user.message", { content: 5 }),
    at(0, "session.usage_record", { usage: { inputTokens: "many" } }),
    at(0, "tool.execution_complete", { success: true }),
    at(0, "hook.start", { hookType: "agentStop" }),
    at(0, "subagent.completed", {}),
  ];
  expect(read(odd)).toEqual([]);
});

test("on request every call has its whole input, the system prompt first", () => {
  const [, log] = [...logsOf("shell")][0] ?? [];
  const { facts } = factsOf(log ?? "", { capture: "full" });
  const inputs = facts.flatMap((fact) => (fact.type === "llm.start" && fact.input ? [fact.input] : []));
  expect(inputs.map((input) => input.map(({ role }) => role))).toEqual([
    ["system", "user"],
    ["system", "user", "assistant", "tool"],
  ]);
});

test("the cursor keeps no text that must not be stored, and stays small", () => {
  const hidden = guardOf({
    log: { prompts: false, toolDetails: false, toolContent: false },
    mask: true,
    maxTextChars: 1000,
  });
  for (const scenario of recordings()) {
    for (const path of logsOf(scenario).values()) {
      for (const role of [{}, { capture: "full" }]) {
        let cursor = copilot.history.initial({ id: "main", path, role });
        for (const record of linesOf<{ readonly type: string; readonly data: { readonly content?: unknown } }>(path)) {
          cursor = copilot.history.read(cursor, record, hidden).cursor;
          const kept = JSON.stringify(cursor);
          for (const text of ["TOPMAIN", "TOPSUB", "lab-shell-out", "alpha", "Planning", "does-not-exist"]) {
            expect(kept).not.toContain(text);
          }
        }
        if (!("capture" in role)) expect(JSON.stringify(cursor).length).toBeLessThan(2500);
      }
    }
  }
});
