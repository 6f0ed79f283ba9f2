import { expect, test } from "bun:test";
import type { Fact } from "../../../src/trace/facts.ts";
import { fold, initialFold } from "../../../src/trace/fold.ts";
import type { FinishedNode, LlmNode } from "../../../src/trace/node.ts";
import { expectGolden } from "../../support/golden.ts";
import type { SessionFacts } from "../../support/recording.ts";
import { treeText } from "../../support/tree.ts";
import { recordings, sessionsOf, type TrueRequest, truthOf } from "./recordings.ts";

/** Late enough for every waiting rule of the fold (ms after the newest fact). */
const LATER_MS = 60_000;

function nodesOf({ live, history }: SessionFacts): readonly FinishedNode[] {
  const newest = Math.max(...[...live, ...history].map((fact) => fact.at));
  const end: Fact = { type: "session.end", at: newest };
  return fold(initialFold(), [...live, ...history, end, { type: "tick", at: newest + LATER_MS }]).nodes;
}

const isGood = (request: TrueRequest) => request.http_status === 200 && !request.aborted && !request.dropped;

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
  const sum = (pick: (usage: NonNullable<TrueRequest["usage"]>) => number) =>
    requests.reduce((all, request) => all + (request.usage ? pick(request.usage) : 0), 0);
  return {
    calls: requests.length,
    prompt: sum((u) => u.input_tokens),
    cacheRead: sum((u) => u.input_tokens_details.cached_tokens),
    completion: sum((u) => u.output_tokens),
    reasoning: sum((u) => u.output_tokens_details.reasoning_tokens),
  };
}

for (const scenario of recordings()) {
  test(`${scenario}: the span tree is the golden one and equals what the model server saw`, async () => {
    const sessions = await sessionsOf(scenario);
    const nodes = sessions.map(nodesOf);
    const text = sessions.map(({ session }, i) => `# session ${session}\n${treeText(nodes[i] ?? [])}`).join("\n");
    expectGolden(`codex/${scenario}.txt`, text);
    const calls = nodes.flat().filter((node) => node.kind === "llm");
    const truth = truthOf(scenario);
    expect(total(calls.filter((call) => call.outcome === "ok"))).toEqual(trueTotal(truth.filter(isGood)));
    const asked = truth.filter(isGood).flatMap((one) => one.items.flatMap((item) => item.call_id ?? []));
    const tools = nodes.flat().filter((node) => node.kind === "tool" && !node.parent?.startsWith("tool:"));
    expect(tools.map((tool) => (tool.kind === "tool" ? tool.callId : "")).sort()).toEqual(asked.sort());
    expect(text).not.toContain("ORPHAN");
  });
}
