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
  // As a drain finds out later that the process has ended.
  const end: Fact = { type: "session.end", at: newest, live: true, loose: true, reason: "process ended" };
  return fold(initialFold(), [...live, ...history, end, { type: "tick", at: newest + LATER_MS }]).nodes;
}

const isGood = ({ status, outcome }: TrueRequest) => status === 200 && (outcome ?? "ok") === "ok";

/** Anthropic's API has no figure for reasoning. */
const reasoningOf = ({ api, usage }: TrueRequest) => (api === "anthropic" ? 0 : (usage?.reasoning ?? 0));

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
  const sum = (pick: (request: TrueRequest) => number | undefined) =>
    requests.reduce((all, request) => all + (pick(request) ?? 0), 0);
  return {
    calls: requests.length,
    prompt: sum(({ usage }) => usage?.prompt),
    cacheRead: sum(({ usage }) => usage?.cache_read),
    completion: sum(({ usage }) => usage?.completion),
    reasoning: sum(reasoningOf),
  };
}

for (const scenario of recordings()) {
  test(`${scenario}: the span tree is the golden one and equals what the model server saw`, () => {
    const sessions = sessionsOf(scenario);
    const nodes = sessions.map(nodesOf);
    const text = sessions.map(({ session }, i) => `# session ${session}\n${treeText(nodes[i] ?? [])}`).join("\n");
    expectGolden(`copilot/${scenario}.txt`, text);
    expect(text).not.toContain("ORPHAN");
    const calls = nodes.flat().filter((node) => node.kind === "llm");
    const truth = truthOf(scenario);
    expect(total(calls.filter((call) => call.outcome === "ok"))).toEqual(trueTotal(truth.filter(isGood)));
    const retries = calls.flatMap((call) => call.events.filter((event) => event.name === "retry"));
    const failed = calls.filter((call) => call.outcome !== "ok");
    expect(failed.length + retries.length).toBe(truth.filter((one) => !isGood(one)).length);
    const tools = nodes.flat().filter((node) => node.kind === "tool");
    expect(tools.map((tool) => tool.name).sort()).toEqual(
      truth
        .filter(isGood)
        .flatMap((one) => one.calls)
        .sort(),
    );
  });
}
