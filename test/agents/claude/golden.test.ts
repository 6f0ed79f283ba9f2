import { expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Fact } from "../../../src/trace/facts.ts";
import { fold, initialFold } from "../../../src/trace/fold.ts";
import type { FinishedNode, LlmNode } from "../../../src/trace/node.ts";
import { recordings, type SessionFacts, sessionsOf, type TrueRequest, truthOf } from "../../support/recording.ts";
import { treeText } from "../../support/tree.ts";

/** `UPDATE_GOLDEN=1 bun test` writes the files anew. */
const GOLDEN = join(import.meta.dir, "../../golden/claude");
const UPDATE = process.env.UPDATE_GOLDEN === "1";

/** Late enough for every waiting rule of the fold (ms after the newest fact). */
const LATER_MS = 60_000;

function nodesOf({ live, history }: SessionFacts): readonly FinishedNode[] {
  const newest = Math.max(...[...live, ...history].map((fact) => fact.at));
  // Where no hook tells it, reading to the end of the history is the end of the session.
  const end: Fact[] = live.length > 0 ? [] : [{ type: "session.end", at: newest }];
  return fold(initialFold(), [...live, ...history, ...end, { type: "tick", at: newest + LATER_MS }]).nodes;
}

const isGood = (request: TrueRequest) => request.status === 200 && !request.cancelled && !request.mid_error;

/** Requests that no source shows: the compaction's own and those without a place in the conversation. */
const isShown = (request: TrueRequest) => request.route === "main" || request.route.startsWith("sub:");

function total(calls: readonly LlmNode[]) {
  const sum = (pick: (call: LlmNode) => number | undefined) => calls.reduce((all, call) => all + (pick(call) ?? 0), 0);
  return {
    calls: calls.length,
    prompt: sum((call) => call.usage?.prompt),
    cacheRead: sum((call) => call.usage?.cacheRead),
    cacheWrite: sum((call) => call.usage?.cacheWrite),
    completion: sum((call) => call.usage?.completion),
  };
}

function trueTotal(requests: readonly TrueRequest[]) {
  const sum = (pick: (usage: NonNullable<TrueRequest["usage"]>) => number) =>
    requests.reduce((all, request) => all + (request.usage ? pick(request.usage) : 0), 0);
  return {
    calls: requests.length,
    prompt: sum((u) => u.input_tokens + u.cache_read_input_tokens + u.cache_creation_input_tokens),
    cacheRead: sum((u) => u.cache_read_input_tokens),
    cacheWrite: sum((u) => u.cache_creation_input_tokens),
    completion: sum((u) => u.output_tokens),
  };
}

for (const scenario of recordings()) {
  test(`${scenario}: the span tree is the golden one and equals what the model server saw`, async () => {
    const sessions = await sessionsOf(scenario);
    const nodes = sessions.map(nodesOf);
    const text = sessions.map(({ session }, i) => `# session ${session}\n${treeText(nodes[i] ?? [])}`).join("\n");
    const path = join(GOLDEN, `${scenario.replace("/", "-")}.txt`);
    if (UPDATE || !existsSync(path)) writeFileSync(path, text);
    expect(text).toBe(readFileSync(path, "utf8"));
    const calls = nodes.flat().filter((node) => node.kind === "llm");
    const truth = truthOf(scenario).filter(isShown);
    expect(total(calls.filter((call) => call.outcome === "ok"))).toEqual(trueTotal(truth.filter(isGood)));
    expect(calls.filter((call) => call.outcome !== "ok").length).toBe(truth.filter((one) => !isGood(one)).length);
    const asked = truth.filter(isGood).flatMap((one) => (one.blocks ?? []).flatMap((block) => block.id ?? []));
    const tools = nodes.flat().filter((node) => node.kind === "tool");
    expect(tools.map((tool) => tool.callId).sort()).toEqual(asked.filter((id) => id.startsWith("toolu")).sort());
    expect(text).not.toContain("ORPHAN");
  });
}
