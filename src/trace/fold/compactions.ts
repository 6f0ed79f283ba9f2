/** Context compactions: inside the turn that they interrupt, or a trace of their own. */

import type { CompactionFact } from "../facts.ts";
import type { CompactionNode, LlmNode, Millis } from "../node.ts";
import { settleCompactionCalls } from "./calls.ts";
import { compactionKey, TURN_NODE, threadKey } from "./keys.ts";
import { type CompactionState, inOrder, mergeMetadata, type TurnState } from "./state.ts";

export function applyCompaction(turn: TurnState, fact: CompactionFact): void {
  // Without an id, its time tells a repeated fact from another compaction.
  const told = `${fact.type}:${fact.thread}:${fact.at}`;
  if (turn.done[told]) return;
  turn.done[told] = true;
  let open = turn.compactions.find(
    (one) => one.thread === fact.thread && (!one.end || startedBefore(fact, one.end.at)),
  );
  if (!open) {
    // The history was quicker than the hook, and that compaction is final already.
    if (startedBefore(fact, turn.compactedAt?.[fact.thread])) return;
    open = { key: compactionKey(turn.compactionCount), thread: fact.thread, metadata: {} };
    turn.compactionCount += 1;
    turn.compactions.push(open);
  }
  if (fact.type === "compaction.start") open.startAt ??= fact.at;
  else {
    open.end = {
      at: fact.at,
      ...(fact.durationMs !== undefined && { durationMs: fact.durationMs }),
      ...(fact.error && { error: fact.error }),
    };
  }
  if (fact.trigger !== undefined) open.trigger = fact.trigger;
  if (fact.input !== undefined) open.input = fact.input;
  if (fact.output !== undefined) open.output = fact.output;
  mergeMetadata(open.metadata, fact.metadata);
}

/** A hook tells the start of a compaction whose end the history has told already. */
function startedBefore(fact: CompactionFact, end: Millis | undefined): boolean {
  return fact.type === "compaction.start" && fact.live === true && end !== undefined && fact.at <= end;
}

function compactionNode(turn: TurnState, one: CompactionState, root: boolean): CompactionNode {
  const end = one.end?.at ?? turn.last;
  const start =
    one.end?.durationMs !== undefined
      ? end - one.end.durationMs
      : (one.startAt ?? (root ? end : (turn.liveStart ?? end)));
  return {
    kind: "compaction",
    turn: turn.key,
    key: root ? TURN_NODE : one.key,
    ...(!root && { parent: threadKey(one.thread) }),
    start: Math.min(start, end),
    end,
    outcome: one.end ? (one.end.error ? "error" : "ok") : "interrupted",
    ...(one.end?.error && { error: one.end.error }),
    ...(!one.end && { error: { type: "interrupted", message: "The compaction never reported its end" } }),
    events: [],
    links: [],
    metadata: inOrder(one.metadata),
    ...(one.trigger !== undefined && { trigger: one.trigger }),
    ...(one.input !== undefined && { input: one.input }),
    ...(one.output !== undefined && { output: one.output }),
  };
}

/**
 * Takes final compactions out of the state, each with its model calls. Whether one is a child or a root is only known
 * when the turn has started or is over.
 * @param over the turn is over
 */
export function settleCompactions(turn: TurnState, over: boolean): (CompactionNode | LlmNode)[] {
  const conversed = turn.calls.some((call) => call.compaction === undefined);
  const asRoot = over && !turn.started && !turn.hasChildren && !conversed;
  const nodes: (CompactionNode | LlmNode)[] = [];
  const open: CompactionState[] = [];
  for (const one of turn.compactions) {
    if (!over && !(one.end && turn.started)) {
      open.push(one);
      continue;
    }
    const node = compactionNode(turn, one, asRoot && nodes.length === 0);
    turn.compactedAt = { ...turn.compactedAt, [one.thread]: node.end };
    nodes.push(node, ...settleCompactionCalls(turn, one.key, node.end, node.key));
  }
  turn.compactions = open;
  return nodes;
}
