import { expect, test } from "bun:test";
import { fold, initialFold } from "../../../src/trace/fold.ts";
import type { FinishedNode } from "../../../src/trace/node.ts";
import { expectGolden } from "../../support/golden.ts";
import type { SessionFacts } from "../../support/recording.ts";
import { treeText } from "../../support/tree.ts";
import { callsOf, recordings, sessionsOf } from "./recordings.ts";

/** Late enough for every waiting rule of the fold (ms after the newest fact). */
const LATER_MS = 60_000;

function nodesOf({ live, history }: SessionFacts): readonly FinishedNode[] {
  const newest = Math.max(...[...live, ...history].map((fact) => fact.at));
  const end = { type: "session.end", at: newest, live: true, loose: true } as const;
  return fold(initialFold(), [...live, ...history, end, { type: "tick", at: newest + LATER_MS }]).nodes;
}

for (const scenario of recordings()) {
  test(`${scenario}: the span tree is the golden one, with every call and the tokens that Cursor tells`, () => {
    const sessions = sessionsOf(scenario);
    const nodes = sessions.map(nodesOf);
    const text = sessions.map(({ session }, i) => `# session ${session}\n${treeText(nodes[i] ?? [])}`).join("\n");
    expectGolden(`cursor/${scenario}.txt`, text);
    expect(text).not.toContain("ORPHAN");
    const payloads = callsOf(scenario).map(({ payload }) => payload);
    const sum = (...keys: string[]) =>
      payloads.reduce((all, payload) => all + Number(keys.map((key) => payload[key]).find(Boolean) ?? 0), 0);
    const calls = nodes.flat().flatMap((node) => (node.kind === "llm" ? [node.usage ?? {}] : []));
    expect({
      prompt: calls.reduce((all, usage) => all + (usage.prompt ?? 0), 0),
      completion: calls.reduce((all, usage) => all + (usage.completion ?? 0), 0),
      cacheRead: calls.reduce((all, usage) => all + (usage.cacheRead ?? 0), 0),
    }).toEqual({
      prompt: sum("input_tokens", "inputTokens"),
      completion: sum("output_tokens", "outputTokens"),
      cacheRead: sum("cache_read_tokens"),
    });
    const ids = payloads.flatMap(({ tool_use_id, hook_event_name }) =>
      String(hook_event_name).startsWith("postToolUse") ? [tool_use_id] : [],
    );
    const traced = nodes.flat().flatMap((node) => (node.kind === "tool" ? [node.callId] : []));
    for (const id of ids) expect(traced.filter((one) => one === id)).toHaveLength(1);
  });
}
