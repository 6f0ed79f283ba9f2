/** Model calls: gathering the pieces of an answer, and deciding when a call is final. */

import type { LlmEndFact, LlmOutputFact, LlmStartFact } from "../facts.ts";
import type { LlmNode, Message, Millis, Outcome, Part, Usage } from "../node.ts";
import { callKey, threadKey } from "./keys.ts";
import { type CallState, inOrder, mergeMetadata, type TurnState } from "./state.ts";
import { requestTool } from "./tools.ts";

type CallFact = LlmStartFact | LlmOutputFact | LlmEndFact;

function openCall(turn: TurnState, fact: CallFact): CallState | undefined {
  const known = turn.calls.find((call) => call.id === fact.call && call.thread === fact.thread);
  if (known) return known;
  if (turn.done[`llm:${fact.call}`]) return undefined;
  if (fact.type === "llm.output" && fact.responseId && turn.done[`llm:${fact.responseId}`]) return undefined;
  const call: CallState = { id: fact.call, thread: fact.thread, metadata: {}, pieces: {} };
  turn.calls.push(call);
  return call;
}

/** Output tokens decide between two reports of one call: agents write early pieces with a first, partial count. */
function betterUsage(known: Usage | undefined, next: Usage): Usage {
  if (!known) return next;
  return (next.completion ?? 0) >= (known.completion ?? 0) ? { ...known, ...next } : { ...next, ...known };
}

export function applyCallStart(turn: TurnState, fact: LlmStartFact): void {
  const call = openCall(turn, fact);
  if (!call) return;
  call.start = call.start === undefined ? fact.at : Math.min(call.start, fact.at);
  if (fact.model !== undefined) call.model ??= fact.model;
  if (fact.provider !== undefined) call.provider = fact.provider;
  if (fact.system !== undefined) call.system = fact.system;
  if (fact.parameters !== undefined) call.parameters = fact.parameters;
  if (fact.input !== undefined) call.input = fact.input;
  if (fact.tools !== undefined) call.tools = fact.tools;
  mergeMetadata(call.metadata, fact.metadata);
}

export function applyCallOutput(turn: TurnState, fact: LlmOutputFact): void {
  const call = openCall(turn, fact);
  if (!call) return;
  call.pieces[fact.index] = { at: fact.at, parts: fact.parts };
  if (fact.responseId !== undefined) call.responseId = fact.responseId;
  if (fact.model !== undefined) call.model = fact.model;
  if (fact.usage !== undefined) call.usage = betterUsage(call.usage, fact.usage);
  if (fact.finishReason !== undefined) call.finishReason = fact.finishReason;
  if (fact.cost !== undefined) call.cost = fact.cost;
  mergeMetadata(call.metadata, fact.metadata);
  for (const part of fact.parts) {
    if (part.type === "tool_call") requestTool(turn, call, part, fact.at);
  }
}

export function applyCallEnd(turn: TurnState, fact: LlmEndFact): void {
  const call = openCall(turn, fact);
  if (!call || call.end) return;
  call.end = {
    at: fact.at,
    outcome: fact.outcome,
    ...(fact.error && { error: fact.error }),
    loose: fact.loose ?? false,
    cut: fact.cut ?? false,
  };
  mergeMetadata(call.metadata, fact.metadata);
}

function orderedParts(call: CallState): readonly Part[] {
  return Object.keys(call.pieces)
    .map(Number)
    .sort((a, b) => a - b)
    .flatMap((index) => call.pieces[index]?.parts ?? []);
}

/** All text of an answer, pieces in order. */
export function answerText(call: CallState): string {
  return orderedParts(call)
    .filter((part) => part.type === "text")
    .map((part) => part.text)
    .join("\n");
}

function lastPiece(call: CallState): Millis | undefined {
  const times = Object.values(call.pieces).map((piece) => piece.at);
  return times.length > 0 ? Math.max(...times) : undefined;
}

function endOf(call: CallState, fallback: Millis): Millis {
  const piece = lastPiece(call);
  if (call.end && !call.end.loose) return call.end.at;
  return piece ?? call.end?.at ?? fallback;
}

/** An answer that was cut off has the input tokens of its first event; what came out was never counted. */
function knownUsage(call: CallState): Usage | undefined {
  if (!call.usage) return undefined;
  const cut = call.end !== undefined && (call.end.cut || call.end.outcome === "interrupted");
  if (!cut) return call.usage;
  const { completion: _completion, reasoning: _reasoning, ...input } = call.usage;
  return input;
}

/** How and when the thread of a call ended. */
export interface ThreadEnd {
  readonly at: Millis;
  readonly outcome: Outcome;
}

function outcomeOf(call: CallState, answered: boolean, over: ThreadEnd | undefined): Outcome {
  if (call.end) return call.end.outcome;
  if (answered) return "ok";
  // Nothing says what became of the request: it is only known to be cut short when its thread was.
  return over?.outcome === "interrupted" ? "interrupted" : "unset";
}

function callNode(turn: TurnState, call: CallState, over: ThreadEnd | undefined): LlmNode {
  const fallbackEnd = over?.at ?? turn.last;
  const parts = orderedParts(call);
  const answered = parts.length > 0 || call.responseId !== undefined;
  const start = call.start ?? lastPiece(call) ?? fallbackEnd;
  const usage = knownUsage(call);
  const output: readonly Message[] = parts.length > 0 ? [{ role: "assistant", parts }] : [];
  const cut = call.end?.cut ?? false;
  const outcome = outcomeOf(call, answered, over);
  const error = call.end?.error;
  return {
    kind: "llm",
    turn: turn.key,
    key: callKey(call),
    parent: threadKey(call.thread),
    start,
    end: Math.max(start, endOf(call, fallbackEnd)),
    outcome,
    ...(error
      ? { error }
      : outcome === "interrupted" && { error: { type: "interrupted", message: "The request was interrupted" } }),
    events: [],
    links: [],
    metadata: inOrder(call.metadata),
    ...(call.model !== undefined && { model: call.model }),
    ...(call.provider !== undefined && { provider: call.provider }),
    ...(call.system !== undefined && { system: call.system }),
    ...(usage && { usage }),
    ...(call.finishReason !== undefined && !cut && { finishReason: call.finishReason }),
    ...(call.parameters && { parameters: call.parameters }),
    input: call.input ?? [],
    output,
    ...(call.tools && { tools: call.tools }),
    ...(call.cost !== undefined && { cost: call.cost }),
  };
}

/** True while a thread has a request that was sent and not answered. */
export function hasUnanswered(turn: TurnState, thread: string): boolean {
  return turn.calls.some((call) => call.thread === thread && !call.end && Object.keys(call.pieces).length === 0);
}

/** The newest call of a thread that is not final yet. */
export function newestCall(turn: TurnState, thread: string): CallState | undefined {
  return turn.calls.findLast((call) => call.thread === thread);
}

/**
 * Takes the calls of a thread that are final out of the state. A call is final when its end is known, when a later call
 * of the thread was answered, or when the thread is over.
 * @param over set when the thread is over
 */
export function settleCalls(turn: TurnState, thread: string, over: ThreadEnd | undefined): LlmNode[] {
  const settled = new Set<CallState>();
  let provenBy = over !== undefined;
  for (const call of turn.calls.toReversed()) {
    if (call.thread !== thread) continue;
    if (provenBy || (call.end && !call.end.loose)) settled.add(call);
    if (call.end || Object.keys(call.pieces).length > 0) provenBy = true;
  }
  if (settled.size === 0) return [];
  const nodes: LlmNode[] = [];
  for (const call of turn.calls) {
    if (!settled.has(call)) continue;
    // Both ids: a duplicate of any of its facts must not open it again.
    turn.done[`llm:${call.id}`] = true;
    turn.done[callKey(call)] = true;
    nodes.push(callNode(turn, call, over));
  }
  turn.calls = turn.calls.filter((call) => !settled.has(call));
  return nodes;
}
