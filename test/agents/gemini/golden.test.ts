import { expect, test } from "bun:test";
import { fold, initialFold } from "../../../src/trace/fold.ts";
import type { FinishedNode, LlmNode } from "../../../src/trace/node.ts";
import { expectGolden } from "../../support/golden.ts";
import type { SessionFacts } from "../../support/recording.ts";
import { treeText } from "../../support/tree.ts";
import { recordings, sessionsOf, type TrueRequest, truthOf } from "./recordings.ts";

/** Late enough for every waiting rule of the fold (ms after the newest fact). */
const LATER_MS = 60_000;

/** Attempts that no source shows: refused ones that are tried again, empty answers that are asked for again. */
const HIDDEN: Readonly<Record<string, number>> = { retry: 2, "retry-stream": 1 };

function nodesOf({ live, history }: SessionFacts): readonly FinishedNode[] {
  const newest = Math.max(...[...live, ...history].map((fact) => fact.at));
  // A killed process says nothing: the drain finds out.
  const end = { type: "session.end", at: newest, live: true, loose: true } as const;
  return fold(initialFold(), [...live, ...history, end, { type: "tick", at: newest + LATER_MS }]).nodes;
}

const isGood = (request: TrueRequest) =>
  request.status === 200 && request.done && (request.usage?.candidatesTokenCount ?? 0) > 0;

function total(calls: readonly LlmNode[]) {
  const sum = (pick: (call: LlmNode) => number | undefined) => calls.reduce((all, call) => all + (pick(call) ?? 0), 0);
  return {
    calls: calls.length,
    prompt: sum((call) => call.usage?.prompt),
    cacheRead: sum((call) => call.usage?.cacheRead),
    completion: sum((call) => call.usage?.completion),
    reasoning: sum((call) => call.usage?.reasoning),
  };
}

function trueTotal(requests: readonly TrueRequest[]) {
  const sum = (pick: (usage: NonNullable<TrueRequest["usage"]>) => number | undefined) =>
    requests.reduce((all, { usage }) => all + ((usage && pick(usage)) ?? 0), 0);
  return {
    calls: requests.length,
    prompt: sum((usage) => usage.promptTokenCount),
    cacheRead: sum((usage) => usage.cachedContentTokenCount),
    completion: sum((usage) => (usage.candidatesTokenCount ?? 0) + (usage.thoughtsTokenCount ?? 0)),
    reasoning: sum((usage) => usage.thoughtsTokenCount),
  };
}

for (const scenario of recordings()) {
  test(`${scenario}: the span tree is the golden one and equals what the model server saw`, async () => {
    const sessions = await sessionsOf(scenario);
    const nodes = sessions.map(nodesOf);
    const text = sessions.map(({ session }, i) => `# session ${session}\n${treeText(nodes[i] ?? [])}`).join("\n");
    expectGolden(`gemini/${scenario}.txt`, text);
    expect(text).not.toContain("ORPHAN");
    const truth = truthOf(scenario).filter(({ kind }) => kind !== "util");
    const calls = nodes.flat().filter((node) => node.kind === "llm");
    expect(total(calls.filter((call) => call.outcome === "ok"))).toEqual(trueTotal(truth.filter(isGood)));
    const failed = truth.filter((one) => !isGood(one)).length - (HIDDEN[scenario] ?? 0);
    expect(calls.filter((call) => call.outcome !== "ok").length).toBe(failed);
    const asked = truth.filter(isGood).flatMap(({ tools }) => tools.map(({ name, args }) => [name, args]));
    const called = nodes.flat().flatMap((node) => (node.kind === "tool" ? [[node.name, node.input]] : []));
    const sorted = (tools: readonly unknown[]) => tools.map((tool) => JSON.stringify(tool)).sort();
    expect(sorted(called)).toEqual(sorted(asked));
  });
}
