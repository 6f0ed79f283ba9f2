import { expect, test } from "bun:test";
import type { Fact } from "../../src/trace/facts.ts";
import { type FoldState, fold, initialFold } from "../../src/trace/fold.ts";
import type { FinishedNode } from "../../src/trace/node.ts";

const TURN = { turn: "t", thread: "" } as const;
const live = { live: true } as const;

function request(call: string, at: number): Fact {
  return { type: "llm.start", at, ...TURN, call, model: "m" };
}

function answer(call: string, at: number, text: string): Fact {
  return { type: "llm.output", at, ...TURN, call, index: 0, parts: [{ type: "text", text }], responseId: `r-${call}` };
}

const claimed = (at: number, output: string): Fact => ({
  ...live,
  type: "turn.end",
  at,
  turn: "t",
  source: "claimed",
  outcome: "ok",
  output,
});
const recorded = (at: number): Fact => ({ type: "turn.end", at, turn: "t", source: "recorded", outcome: "ok" });
const tick = (at: number): Fact => ({ type: "tick", at });

function play(passes: readonly (readonly Fact[])[]): FinishedNode[] {
  let state: FoldState = initialFold();
  return passes.flatMap((facts) => {
    const folded = fold(state, facts);
    state = folded.state;
    return folded.nodes;
  });
}

const START: readonly Fact[] = [{ ...live, type: "turn.start", at: 0, turn: "t", prompt: "Do it" }];
const FIRST: readonly Fact[] = [request("a", 100), answer("a", 300, "Done, I think.")];
const SECOND: readonly Fact[] = [request("b", 360), answer("b", 700, "Really done.")];
const END: readonly Fact[] = [claimed(760, "Really done."), { ...live, type: "session.end", at: 790 }];

function expectWhole(nodes: readonly FinishedNode[]): void {
  const calls = nodes.filter((node) => node.kind === "llm");
  expect(calls.map(({ key, start, end, outcome }) => ({ key, start, end, outcome }))).toEqual([
    { key: "llm:r-a", start: 100, end: 300, outcome: "ok" },
    { key: "llm:r-b", start: 360, end: 700, outcome: "ok" },
  ]);
  expect(nodes.filter((node) => node.kind === "turn")).toMatchObject([{ outcome: "ok", output: "Really done." }]);
}

test("the record of a stop that a hook blocked does not end the turn when the session ends", () => {
  expectWhole(
    play([
      [...START, claimed(320, "Done, I think."), ...FIRST, recorded(340), tick(350)],
      [...END, ...SECOND, recorded(770), tick(800)],
    ]),
  );
});

test("nor while the last answer is still on its way into the history", () => {
  const [sent, answered] = SECOND;
  expectWhole(
    play([
      [...START, claimed(320, "Done, I think."), ...FIRST, recorded(340), tick(350)],
      [...END, ...(sent ? [sent] : []), tick(800)],
      [...(answered ? [answered] : []), recorded(770), tick(850)],
    ]),
  );
});

test("a record that is a moment older than the hook's claim still confirms it", () => {
  const nodes = play([
    [
      ...START,
      ...FIRST,
      recorded(310),
      claimed(900, "other words"),
      { ...live, type: "session.end", at: 920 },
      tick(930),
    ],
  ]);
  expect(nodes.map(({ kind }) => kind)).toEqual(["llm", "turn"]);
});
