/**
 * Requests of which hooks tell when they were under way, but not which ones they are: they are matched with the calls of the
 * history by time, since the requests of a thread never overlap. Either source may be first.
 */

import type { LlmEndFact, LlmOutputFact, LlmRetryFact, LlmStartFact } from "../facts.ts";
import type { Millis } from "../node.ts";
import type { CallState, TurnState } from "./state.ts";

type CallFact = LlmStartFact | LlmRetryFact | LlmOutputFact | LlmEndFact;

/** Hooks and history read one clock, but not at one moment (ms). */
const SAME_CLOCK_MS = 100;

/** What the other source has not mentioned for so long is not in it (ms). */
const UNMENTIONED_MS = 2000;

/** The request that a hook speaks of which knows no name: the newest of its thread. */
export function openAttempt(turn: TurnState, fact: CallFact): CallState | undefined {
  if (fact.type !== "llm.start") {
    const newest = turn.calls.findLast((call) => call.thread === fact.thread && call.attempt !== undefined);
    return newest?.told ? undefined : newest;
  }
  const id = `${fact.thread}@${fact.at}`;
  if (turn.done[`attempt:${id}`]) return undefined;
  turn.done[`attempt:${id}`] = true;
  const call: CallState = { id, thread: fact.thread, attempt: fact.at, unnamed: true, metadata: {}, pieces: {} };
  turn.calls.push(call);
  return call;
}

/** The history names a request: the unnamed one that was under way then takes the name. */
export function nameAttempt(turn: TurnState, fact: CallFact): CallState | undefined {
  // An inferred start is no time at which the request was surely under way; compactions have no such hooks.
  if (fact.live || (fact.type === "llm.start" && (fact.loose || fact.compaction))) return undefined;
  const newest = turn.calls.findLast(
    ({ thread, attempt }) => thread === fact.thread && attempt !== undefined && attempt <= fact.at,
  );
  if (!newest?.unnamed || (newest.told && newest.told.at + SAME_CLOCK_MS < fact.at)) return undefined;
  // A call that was answered after it began, and before this one, is the one that it was about.
  const earlier = turn.calls.some(
    (call) => call.thread === fact.thread && startIsInferred(call) && (answeredAt(call) ?? 0) >= (newest.attempt ?? 0),
  );
  if (earlier) return undefined;
  const { unnamed: _unnamed, ...kept } = newest;
  const named: CallState = { ...kept, id: fact.call };
  turn.calls[turn.calls.indexOf(newest)] = named;
  return named;
}

/** Hooks that were read after the history: what they told belongs to the calls that the history has named meanwhile. */
export function joinAttempts(turn: TurnState, thread: string): void {
  for (const attempt of turn.calls.filter((call) => call.thread === thread && call.unnamed)) {
    const until = (attempt.told?.at ?? Number.POSITIVE_INFINITY) + SAME_CLOCK_MS;
    const good = (attempt.told?.outcome ?? "ok") === "ok";
    const named = turn.calls.find((call) => {
      const at = answeredAt(call);
      if (call.thread !== thread || !startIsInferred(call) || at === undefined) return false;
      return at >= (attempt.attempt ?? 0) && at <= until && good !== (call.end?.loose ?? false);
    });
    if (!named) continue;
    named.attempt = attempt.attempt ?? 0;
    named.start = attempt.start ?? named.attempt;
    if (attempt.told) named.told = attempt.told;
    turn.calls.splice(turn.calls.indexOf(attempt), 1);
  }
}

function answeredAt(call: CallState): Millis | undefined {
  return call.end?.at ?? Object.values(call.pieces)[0]?.at;
}

function startIsInferred(call: CallState): boolean {
  return call.looseStart !== undefined && call.start === undefined && call.attempt === undefined;
}

/** True while a hook may still tell when a request began that the history only infers. @param now newest time known */
export function awaitsStart(call: CallState, now: Millis): boolean {
  return startIsInferred(call) && now < (answeredAt(call) ?? now) + UNMENTIONED_MS;
}

/** True for a request that failed, and that the history would have mentioned by now. @param now newest time known */
export function isUnrecorded(call: CallState, now: Millis): boolean {
  return call.told !== undefined && call.told.outcome !== "ok" && now >= call.told.at + UNMENTIONED_MS;
}
