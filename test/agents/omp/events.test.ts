import { expect, test } from "bun:test";
import { observe } from "../../../src/agents/omp/events.ts";
import type { JournalEvent } from "../../../src/journal/event.ts";
import { fold, initialFold } from "../../../src/trace/fold.ts";
import type { FinishedNode } from "../../../src/trace/node.ts";
import { factsOfEvents } from "../../support/recording.ts";

const LATER_MS = 60_000;

type TestLine = Readonly<Record<string, unknown>>;

/** Lines as the extension tells them, a tenth of a second apart. */
function journal(lines: readonly TestLine[]): JournalEvent[] {
  return lines.map((line, i) => ({
    v: 1,
    ts: 10_000 + 100 * i,
    agent: "omp",
    event: String(line.event),
    session: "root",
    env: {},
    payload: { session: "root", ...line },
  }));
}

function nodesOf(...lines: readonly TestLine[]): readonly FinishedNode[] {
  const facts = factsOfEvents(journal(lines), observe).flatMap(({ live }) => live);
  return fold(initialFold(), [...facts, { type: "tick", at: 10_000 + LATER_MS }]).nodes;
}

const text = (words: string) => [{ type: "text", text: words }];
const prompt = { event: "prompt", prompt: "Go" };
const user = (created: number, words: string) => ({ event: "user", created, parts: text(words) });
const answer = (created: number, words: string, more = {}) => ({
  event: "answer",
  created,
  duration: 50,
  parts: text(words),
  usage: { input: 10, output: 9, cacheRead: 3, cacheWrite: 1, reasoningTokens: 4, cost: { total: 0.25 } },
  stopReason: "stop",
  model: "m",
  provider: "p",
  ...more,
});
const failed = (created: number) =>
  answer(created, "", { stopReason: "error", errorMessage: "reset", parts: [], usage: { input: 0, output: 0 } });

const roots = (nodes: readonly FinishedNode[]) => nodes.filter((node) => node.parent === undefined);

test("tokens of the cache are in the prompt, thinking is in the output, the cost is as reported", () => {
  const nodes = nodesOf(prompt, user(10_050, "Hi"), answer(10_150, "Hello"), { event: "end" });
  const [call] = nodes.filter((node) => node.kind === "llm");
  expect(call?.usage).toEqual({ prompt: 14, completion: 9, cacheRead: 3, cacheWrite: 1, reasoning: 4 });
  expect(call?.cost).toBe(0.25);
  expect([call?.start, call?.end]).toEqual([10_150, 10_200]);
});

test("Oh My Pi's attempts are one turn, whose end is the last one's", () => {
  const nodes = nodesOf(
    prompt,
    user(10_050, "Hi"),
    failed(10_150),
    { event: "end", willContinue: true },
    answer(10_350, "Hello"),
    { event: "end" },
  );
  expect(roots(nodes).map(({ outcome, end }) => ({ outcome, end }))).toEqual([{ outcome: "ok", end: 10_500 }]);
  expect(nodes.filter((node) => node.kind === "llm").map(({ outcome }) => outcome)).toEqual(["error", "ok"]);
});

test("a process that ends when the agent had answered and only waited for more ends the turn well", () => {
  const nodes = nodesOf(
    prompt,
    user(10_050, "Hi"),
    answer(10_150, "Hello"),
    { event: "end", willContinue: true },
    { event: "stream.end" },
  );
  expect(roots(nodes).map(({ outcome, end }) => ({ outcome, end }))).toEqual([{ outcome: "ok", end: 10_300 }]);
});

test("pi's attempts are one turn too, although it says nothing before it tries again", () => {
  const nodes = nodesOf(prompt, user(10_050, "Hi"), failed(10_150), { event: "end" }, answer(10_350, "Hello"), {
    event: "end",
  });
  expect(roots(nodes).map(({ outcome, end }) => ({ outcome, end }))).toEqual([{ outcome: "ok", end: 10_500 }]);
});

test("a turn that stays failed says so, and the next prompt is another", () => {
  const nodes = nodesOf(
    prompt,
    user(10_050, "Hi"),
    failed(10_150),
    { event: "end" },
    prompt,
    user(10_450, "Again"),
    answer(10_550, "Hello"),
    { event: "end" },
  );
  expect(roots(nodes).map(({ turn, outcome }) => ({ turn, outcome }))).toEqual([
    { turn: "prompt:10050", outcome: "error" },
    { turn: "prompt:10450", outcome: "ok" },
  ]);
});

test("what the user says while a turn runs steers it; work without a prompt is a turn of its own", () => {
  const nodes = nodesOf(
    prompt,
    user(10_050, "Hi"),
    answer(10_150, "One", { stopReason: "toolUse" }),
    user(10_300, "Faster"),
    answer(10_350, "Two"),
    { event: "end" },
    answer(10_650, "A result came in"),
    { event: "end" },
  );
  expect(roots(nodes).map(({ turn }) => turn)).toEqual(["prompt:10050", "run:10650"]);
  expect(nodes.filter((node) => node.kind === "llm").map(({ turn }) => turn)).toEqual([
    "prompt:10050",
    "prompt:10050",
    "run:10650",
  ]);
});

test("a tool that waited for the user is timed from the approval on", () => {
  const nodes = nodesOf(
    prompt,
    user(10_050, "Hi"),
    answer(10_150, "", { parts: [{ type: "toolCall", id: "c", name: "bash", input: {} }], stopReason: "toolUse" }),
    { event: "tool.start", callID: "c", tool: "bash", input: {} },
    { event: "approval.requested", callID: "c", tool: "bash" },
    { event: "approval.resolved", callID: "c", approved: true },
    { event: "tool.end", callID: "c", tool: "bash", parts: text("x") },
    { event: "end" },
  );
  expect(nodes.find(({ kind }) => kind === "tool")).toMatchObject({ start: 10_500, end: 10_600, outcome: "ok" });
});

test("a process that dies ends its request, its tool and its turn at that moment, and never with a success", () => {
  const nodes = nodesOf(prompt, user(10_050, "Hi"), { event: "request", model: "m" }, { event: "stream.end" });
  expect(nodes.map(({ kind, outcome, end }) => ({ kind, outcome, end }))).toEqual([
    { kind: "llm", outcome: "interrupted", end: 10_300 },
    { kind: "turn", outcome: "interrupted", end: 10_300 },
  ]);
});

test("a request that is announced after an aborted tool was never sent", () => {
  const nodes = nodesOf(
    prompt,
    user(10_050, "Hi"),
    answer(10_150, "", { parts: [{ type: "toolCall", id: "c", name: "bash", input: {} }], stopReason: "toolUse" }),
    { event: "tool.start", callID: "c", tool: "bash", input: {} },
    { event: "tool.end", callID: "c", tool: "bash", parts: text("Command aborted"), isError: true },
    { event: "request", model: "m" },
    { event: "stream.end" },
  );
  expect(nodes.filter((node) => node.kind === "llm").length).toBe(1);
  expect(nodes.find(({ kind }) => kind === "tool")?.outcome).toBe("interrupted");
});

test("a compaction between turns is a trace of its own, with its request below it", () => {
  const nodes = nodesOf(
    prompt,
    user(10_050, "Hi"),
    answer(10_150, "Hello"),
    { event: "end" },
    { event: "compaction.start" },
    { event: "request", model: "m", provider: "p" },
    { event: "compaction.end", entry: "e1", summary: "Short", tokensBefore: 5 },
    { event: "stream.end" },
  );
  const [, compaction] = roots(nodes);
  expect(compaction).toMatchObject({ kind: "compaction", turn: "compaction:e1", trigger: "manual", output: "Short" });
  expect(nodes.filter(({ turn }) => turn === "compaction:e1").map(({ kind, outcome }) => ({ kind, outcome }))).toEqual([
    { kind: "compaction", outcome: "ok" },
    { kind: "llm", outcome: "ok" },
  ]);
});

test("what is remembered between events has no text of the conversation and stays small", () => {
  let hints: Record<string, string> = {};
  for (let turn = 0; turn < 100; turn++) {
    const child = { thread: `child${turn}`, parent: "root", name: `Child${turn}` };
    const input = { tasks: [{ name: `Child${turn}`, agent: "task" }] };
    const lines = [
      prompt,
      user(turn, "SECRET"),
      answer(turn, "SECRET"),
      { event: "tool.start", callID: `c${turn}`, tool: "task", input },
      { ...prompt, ...child, prompt: "SECRET" },
      { event: "compaction.start" },
      { event: "end" },
    ];
    for (const event of journal(lines)) hints = { ...hints, ...observe(event, hints).hints };
  }
  expect(JSON.stringify(hints)).not.toContain("SECRET");
  expect(JSON.stringify(hints).length).toBeLessThan(8_000);
});
