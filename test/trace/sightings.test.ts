import { describe, expect, test } from "bun:test";
import type { Fact } from "../../src/trace/facts.ts";
import { fold, initialFold } from "../../src/trace/fold.ts";
import type { ToolNode } from "../../src/trace/node.ts";

const UNNAMED = { turn: "", thread: "", callId: "" } as const;
const MAIN = { turn: "t", thread: "" } as const;

const began = (at: number, name: string, input: unknown = {}): Fact => ({
  type: "tool.start",
  at,
  live: true,
  ...UNNAMED,
  name,
  input,
  builtIn: true,
});
const ended = (at: number, name: string, input: unknown = {}): Fact => ({
  type: "tool.end",
  at,
  live: true,
  ...UNNAMED,
  name,
  input,
  builtIn: true,
  outcome: "ok",
  output: `of ${at}`,
});
const asked = (at: number, name: string, input?: unknown): Fact => ({
  type: "tool.permission",
  at,
  live: true,
  ...UNNAMED,
  name,
  input,
});
const prompt: readonly Fact[] = [
  { type: "turn.start", at: 0, live: true, turn: "", prompt: "go" },
  { type: "turn.start", at: 1, turn: "t", prompt: "go" },
  { type: "llm.start", at: 2, ...MAIN, call: "r" },
];

/** An answer with its calls and their results, as one record has them. */
function record(
  at: number,
  done: number,
  calls: readonly (readonly [id: string, name: string, input: unknown])[],
): Fact[] {
  const parts = calls.map(([id, name, input]) => ({ type: "tool_call" as const, id, name, input, builtIn: true }));
  return [
    { type: "llm.output", at, ...MAIN, call: "r", index: 0, parts },
    ...calls.map(
      ([callId]): Fact => ({ type: "tool.result", at: done, ...MAIN, callId, outcome: "ok", output: callId }),
    ),
  ];
}

function toolsOf(facts: readonly Fact[]): readonly Pick<ToolNode, "name" | "callId" | "start" | "end" | "outcome">[] {
  const end: Fact[] = [
    { type: "session.end", at: 900, live: true },
    { type: "tick", at: 100_000 },
  ];
  return fold(initialFold(), [...prompt, ...facts, ...end])
    .nodes.flatMap((node) => (node.kind === "tool" ? [node] : []))
    .map(({ name, callId = "", start, end, outcome }) => ({ name, callId, start, end, outcome }))
    .sort((a, b) => a.start - b.start);
}

describe("tool calls that hooks see without an id", () => {
  test("get the id that the history has for the same tool and input, and keep the hooks' times", () => {
    const hooks = [
      began(11, "a", { x: 1 }),
      began(12, "a", { x: 2 }),
      ended(15, "a", { x: 2 }),
      ended(18, "a", { x: 1 }),
    ];
    const calls = [["one", "a", { x: 1 }] as const, ["two", "a", { x: 2 }] as const];
    expect(toolsOf([...hooks, ...record(10, 20, calls)])).toEqual([
      { name: "a", callId: "one", start: 11, end: 18, outcome: "ok" },
      { name: "a", callId: "two", start: 12, end: 15, outcome: "ok" },
    ]);
  });

  test("with equal inputs are told apart by order", () => {
    const hooks = [began(11, "a"), began(12, "a"), ended(15, "a"), ended(18, "a")];
    const tools = toolsOf([
      ...hooks,
      ...record(10, 20, [
        ["one", "a", {}],
        ["two", "a", {}],
      ]),
    ]);
    expect(tools.map(({ callId, start, end }) => [callId, start, end])).toEqual([
      ["one", 11, 15],
      ["two", 12, 18],
    ]);
  });

  test("are not taken for an earlier call of the same tool that no hook showed", () => {
    const refused: Fact[] = [
      {
        type: "llm.output",
        at: 10,
        ...MAIN,
        call: "r",
        index: 0,
        parts: [{ type: "tool_call", id: "no", name: "a", input: {} }],
      },
      { type: "tool.result", at: 11, ...MAIN, callId: "no", outcome: "error" },
    ];
    const hooks = [began(1011, "a"), ended(1012, "a")];
    expect(toolsOf([...hooks, ...refused]).find(({ callId }) => callId === "no")).toMatchObject({ start: 10, end: 11 });
  });

  test("whose input another hook changed are still one call", () => {
    const hooks = [began(11, "a", { x: 1 }), ended(15, "a", { x: 9 })];
    expect(toolsOf([...hooks, ...record(10, 20, [["one", "a", { x: 9 }]])])).toEqual([
      { name: "a", callId: "one", start: 11, end: 15, outcome: "ok" },
    ]);
  });

  test("that were cut off before the history had them are calls of their own, below the answer that asked for them", () => {
    const output: Fact = { type: "llm.output", at: 10, ...MAIN, call: "r", index: 0, responseId: "g", parts: [] };
    const facts = [...prompt, output, began(11, "a"), began(12, "b"), ended(15, "b")];
    const { nodes } = fold(initialFold(), [
      ...facts,
      { type: "session.end", at: 900, live: true },
      { type: "tick", at: 100_000 },
    ]);
    const tools = nodes.flatMap((node) => (node.kind === "tool" ? [node] : []));
    expect(tools.map(({ name, start, end, outcome, parent }) => [name, start, end, outcome, parent])).toEqual([
      ["a", 11, 900, "interrupted", "llm:g"],
      ["b", 12, 15, "ok", "llm:g"],
    ]);
  });

  test("with a dialog say that it was accepted, but not how long it was open", () => {
    const hooks = [
      began(11, "a", { command: "ls", more: 1 }),
      asked(13, "a", { command: "ls" }),
      ended(18, "a", { command: "ls", more: 1 }),
    ];
    const { nodes } = fold(initialFold(), [
      ...prompt,
      ...hooks,
      ...record(10, 20, [["one", "a", { command: "ls", more: 1 }]]),
      { type: "tick", at: 100_000_000 },
    ]);
    expect(nodes.find((node) => node.kind === "tool")?.events).toEqual([
      { name: "permission", at: 13, attributes: { "permission.decision": "accept" } },
    ]);
  });
});

describe("a claim that comes when the history is complete", () => {
  const answer: Fact = {
    type: "llm.output",
    at: 10,
    ...MAIN,
    call: "r",
    index: 0,
    parts: [{ type: "text", text: "hi" }],
  };
  const claim: Fact = {
    type: "turn.end",
    at: 11,
    live: true,
    turn: "",
    source: "claimed",
    outcome: "ok",
    complete: true,
  };

  test("ends the turn once the history was read and all is quiet, without waiting for another word", () => {
    const early = fold(initialFold(), [...prompt, claim, answer, { type: "tick", at: 12 }]);
    expect(early.nodes.filter((node) => node.kind === "turn")).toEqual([]);
    const { nodes } = fold(early.state, [{ type: "tick", at: 1600 }]);
    expect(nodes.find((node) => node.kind === "turn")).toMatchObject({
      outcome: "ok",
      output: "hi",
      start: 0,
      end: 11,
    });
  });

  test("ends it at once when the next prompt or the session's end is there", () => {
    const end: Fact = { type: "session.end", at: 13, live: true };
    const { nodes } = fold(initialFold(), [...prompt, claim, end, answer, { type: "tick", at: 14 }]);
    expect(nodes.find((node) => node.kind === "turn")).toMatchObject({ outcome: "ok", output: "hi", end: 11 });
  });
});

describe("a process that is gone", () => {
  const rootOf = (end: Fact) =>
    fold(initialFold(), [...prompt, end, { type: "tick", at: 100_000 }]).nodes.find((node) => node.kind === "turn");

  test("was running until it said so itself", () => {
    expect(rootOf({ type: "session.end", at: 900, live: true })).toMatchObject({ end: 900, outcome: "interrupted" });
  });

  test("and that was found dead was running when it was last seen", () => {
    expect(rootOf({ type: "session.end", at: 9000, live: true, loose: true })).toMatchObject({ end: 2 });
    expect(rootOf({ type: "session.end", at: 9000, live: true, loose: true, seen: 50 })).toMatchObject({ end: 50 });
  });
});
