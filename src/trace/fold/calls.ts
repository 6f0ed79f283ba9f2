/** Model calls: gathering the pieces of an answer, and deciding when a call is final. */

import { type LlmEndFact, type LlmOutputFact, type LlmRetryFact, type LlmStartFact, UNNAMED_CALL } from "../facts.ts";
import type { LlmNode, Message, Millis, NodeEvent, Outcome, Part, Usage } from "../node.ts";
import { awaitsStart, isUnrecorded, joinAttempts, nameAttempt, openAttempt } from "./attempts.ts";
import { callKey, threadKey } from "./keys.ts";
import { type CallState, inOrder, mergeMetadata, type TurnState } from "./state.ts";
import { requestTool } from "./tools.ts";

type CallFact = LlmStartFact | LlmRetryFact | LlmOutputFact | LlmEndFact;

function openCall(turn: TurnState, fact: CallFact): CallState | undefined {
  if (fact.call === UNNAMED_CALL) return openAttempt(turn, fact);
  const known = turn.calls.find((call) => call.id === fact.call && call.thread === fact.thread);
  if (known) return known;
  if (turn.done[`llm:${fact.call}`]) return undefined;
  if (fact.type === "llm.output" && fact.responseId && turn.done[`llm:${fact.responseId}`]) return undefined;
  const attempt = nameAttempt(turn, fact);
  if (attempt) return attempt;
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
  if (fact.loose) call.looseStart = Math.min(call.looseStart ?? fact.at, fact.at);
  else call.start = Math.min(call.start ?? fact.at, fact.at);
  if (fact.model !== undefined) call.model ??= fact.model;
  if (fact.provider !== undefined) call.provider = fact.provider;
  if (fact.system !== undefined) call.system = fact.system;
  if (fact.parameters !== undefined) call.parameters = fact.parameters;
  if (fact.input !== undefined) call.input = fact.input;
  else if (fact.prompted && turn.prompt !== undefined) {
    call.input ??= [{ role: "user", parts: [{ type: "text", text: turn.prompt }] }];
  }
  if (fact.tools !== undefined) call.tools = fact.tools;
  const compaction = fact.compaction && turn.compactions.find((one) => one.thread === fact.thread && !one.end);
  if (compaction) call.compaction = compaction.key;
  mergeMetadata(call.metadata, fact.metadata);
}

export function applyCallRetry(turn: TurnState, fact: LlmRetryFact): void {
  const call = openCall(turn, fact);
  if (!call || call.retries?.some(({ at }) => at === fact.at)) return;
  call.retries = [...(call.retries ?? []), { at: fact.at, error: fact.error }];
}

export function applyCallOutput(turn: TurnState, fact: LlmOutputFact): void {
  const call = openCall(turn, fact);
  if (!call) return;
  if (fact.call !== UNNAMED_CALL) call.pieces[fact.index] = { at: fact.at, parts: fact.parts };
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
  if (fact.call === UNNAMED_CALL) {
    call.told = { at: fact.at, outcome: fact.outcome, ...(fact.error && { error: fact.error }) };
    joinAttempts(turn, fact.thread);
    return;
  }
  call.end = {
    at: fact.at,
    outcome: fact.outcome,
    ...(fact.error && { error: fact.error }),
    loose: fact.loose ?? false,
    cut: fact.cut ?? false,
    ...(fact.durationMs !== undefined && { durationMs: fact.durationMs }),
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

/** The end that counts: what the history surely knows, else what a hook saw, else what the history infers. */
function knownEnd(call: CallState): CallState["end"] {
  if ((call.end && !call.end.loose) || !call.told) return call.end;
  return { ...call.told, loose: false, cut: call.end?.cut ?? false };
}

function endOf(call: CallState, fallback: Millis): Millis {
  const piece = lastPiece(call);
  const end = knownEnd(call);
  if (end && !end.loose) return end.at;
  return piece ?? end?.at ?? fallback;
}

/** An answer that was cut off has the input tokens of its first event; what came out was never counted. */
function knownUsage(call: CallState): Usage | undefined {
  if (!call.usage) return undefined;
  const end = knownEnd(call);
  const cut = end !== undefined && (end.cut || end.outcome === "interrupted");
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
  const end = knownEnd(call);
  if (end) return end.outcome;
  if (answered) return "ok";
  // Nothing says what became of the request: it is only known to be cut short when its thread was.
  return over?.outcome === "interrupted" ? "interrupted" : "unset";
}

function retryEvents(call: CallState): NodeEvent[] {
  return (call.retries ?? []).map(({ at, error }) => ({
    name: "retry",
    at,
    attributes: { "error.type": error.type, "error.message": error.message },
    content: "tool_content",
  }));
}

/** An attempt that tells how long it took began then; those before it are events. */
function startOf(call: CallState, end: Millis): Millis | undefined {
  const start = call.start ?? call.looseStart;
  if (call.end?.durationMs === undefined || call.end.loose) return start;
  return Math.max(start ?? 0, end - call.end.durationMs);
}

function callNode(turn: TurnState, call: CallState, over: ThreadEnd | undefined, parent: string): LlmNode {
  const fallbackEnd = over?.at ?? turn.last;
  const parts = orderedParts(call);
  const answered = parts.length > 0 || call.responseId !== undefined;
  const end = endOf(call, fallbackEnd);
  const start = startOf(call, end) ?? lastPiece(call) ?? fallbackEnd;
  const usage = knownUsage(call);
  const output: readonly Message[] = parts.length > 0 ? [{ role: "assistant", parts }] : [];
  const cut = call.end?.cut ?? false;
  const outcome = outcomeOf(call, answered, over);
  const error = knownEnd(call)?.error;
  return {
    kind: "llm",
    turn: turn.key,
    key: callKey(call),
    parent,
    start,
    end: Math.max(start, end),
    outcome,
    ...(error
      ? { error }
      : outcome === "interrupted" && { error: { type: "interrupted", message: "The request was interrupted" } }),
    events: retryEvents(call),
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

/** A call of the thread's own conversation, which the calls of its compactions are not. */
function isOf(call: CallState, thread: string): boolean {
  return call.thread === thread && call.compaction === undefined;
}

/** True while a thread has a request that was sent and not answered. */
export function hasUnanswered(turn: TurnState, thread: string): boolean {
  return turn.calls.some(
    (call) => isOf(call, thread) && !call.end && !call.told && Object.keys(call.pieces).length === 0,
  );
}

/** The newest call of a thread that is not final yet. */
export function newestCall(turn: TurnState, thread: string): CallState | undefined {
  return turn.calls.findLast((call) => isOf(call, thread));
}

/**
 * Takes the calls of a thread that are final out of the state. A call is final when its end is known, when a later call
 * of the thread was answered, or when the thread is over. One that only hooks know waits for the history to name it.
 * @param now newest time known
 * @param over set when the thread is over
 */
export function settleCalls(turn: TurnState, thread: string, now: Millis, over: ThreadEnd | undefined): LlmNode[] {
  if (over) joinAttempts(turn, thread);
  const settled = new Set<CallState>();
  let provenBy = over !== undefined;
  for (const call of turn.calls.toReversed()) {
    if (!isOf(call, thread)) continue;
    if (call.unnamed) {
      if (over || isUnrecorded(call, now)) settled.add(call);
      continue;
    }
    if ((provenBy || (call.end && !call.end.loose)) && (over || !awaitsStart(call, now))) settled.add(call);
    if (call.end || Object.keys(call.pieces).length > 0) provenBy = true;
  }
  return takeCalls(turn, settled, over, threadKey(thread));
}

/** Takes the calls of a compaction that is final out of the state. */
export function settleCompactionCalls(turn: TurnState, compaction: string, end: Millis, parent: string): LlmNode[] {
  const calls = new Set(turn.calls.filter((call) => call.compaction === compaction));
  return takeCalls(turn, calls, { at: end, outcome: "unset" }, parent);
}

function takeCalls(
  turn: TurnState,
  settled: ReadonlySet<CallState>,
  over: ThreadEnd | undefined,
  parent: string,
): LlmNode[] {
  if (settled.size === 0) return [];
  const nodes: LlmNode[] = [];
  for (const call of turn.calls) {
    if (!settled.has(call)) continue;
    // Both ids: a duplicate of any of its facts must not open it again.
    turn.done[`llm:${call.id}`] = true;
    turn.done[callKey(call)] = true;
    const node = callNode(turn, call, over, parent);
    nodes.push(node);
    const last = turn.lastCalls?.[call.thread];
    if (!last || last.end < node.end)
      turn.lastCalls = { ...turn.lastCalls, [call.thread]: { key: node.key, end: node.end } };
  }
  turn.calls = turn.calls.filter((call) => !settled.has(call));
  return nodes;
}
