/**
 * Runs of hook facts whose agent names no turn. Each run is opened by a `turn.start` and waits until the history starts the
 * turn that it is about, or until it is clear that no history ever will.
 */

import { type Fact, type TurnStartFact, UNNAMED_TURN } from "../facts.ts";
import type { Millis } from "../node.ts";
import { CLAIM_EXPIRES_MS, HISTORY_GRACE_MS } from "./agents.ts";
import type { FoldState, UnnamedTurn } from "./state.ts";
import { ABANDONED_MS } from "./turns.ts";

/** Two calls of hooks for one event are no further apart (ms). */
const REPEATED_MS = 500;

/** A prompt's hook and its record are no further apart (ms). */
const SAME_PROMPT_MS = 5000;

/** A fact about something in a turn. */
export type TurnFact = Extract<Fact, { readonly turn: string }>;

/** Subagent whose thread a fact belongs to, if any. */
export function agentOf(fact: TurnFact): string | undefined {
  if ("agentId" in fact) return fact.agentId;
  return "thread" in fact && fact.thread !== "" ? fact.thread : undefined;
}

/** Hooks speak of the turn that began last, which may have no name yet. */
export function isHeld(state: FoldState, fact: TurnFact): boolean {
  if (fact.turn !== UNNAMED_TURN) return false;
  if (fact.type === "turn.start") return true;
  const agentId = agentOf(fact);
  if (agentId !== undefined && (!fact.live || state.agents[agentId] !== undefined)) return false;
  return state.unnamed.length > 0;
}

function newestOf(run: UnnamedTurn): number {
  return Math.max(...run.facts.map((fact) => fact.at));
}

/** Forgets runs that nothing has become of. */
export function forgetAbandoned(state: FoldState): void {
  state.unnamed = state.unnamed.filter((run) => state.now < newestOf(run) + ABANDONED_MS);
}

/** When a run would change by time alone. */
export function unnamedWakes(state: FoldState): Millis[] {
  return state.unnamed.flatMap((run, index) => {
    const newest = newestOf(run);
    const wake = state.now < newest + HISTORY_GRACE_MS ? newest + HISTORY_GRACE_MS : newest + ABANDONED_MS;
    return [wake, loneAt(state, index) ?? wake];
  });
}

/** A turn whose key only the history knows has ended just now. */
export function unnamedEnded(state: FoldState): boolean {
  const isRecentEnd = ({ type, at }: Fact) =>
    (type === "turn.end" || type === "session.end" || type === "session.idle") && state.now < at + HISTORY_GRACE_MS;
  return state.unnamed.some((run) => run.facts.some(isRecentEnd));
}

/** Two registrations of one hook tell the same prompt twice. */
function isRepeated(state: FoldState, fact: TurnStartFact): boolean {
  const last = state.unnamed.at(-1)?.facts[0];
  const bound = state.turns[state.bound ?? ""];
  const [at, prompt] = last?.type === "turn.start" ? [last.at, last.prompt] : [bound?.liveStart, bound?.prompt];
  return at !== undefined && prompt === fact.prompt && Math.abs(fact.at - at) < REPEATED_MS;
}

/**
 * Keeps a hook's fact for later.
 * @returns the key of the turn that it is about, when the history was quicker than the hook
 */
export function holdUnnamed(state: FoldState, fact: TurnFact): string | undefined {
  if (fact.type !== "turn.start") {
    state.unnamed.at(-1)?.facts.push(fact);
    return undefined;
  }
  if (isRepeated(state, fact)) return undefined;
  state.unnamed.push({ facts: [fact] });
  if (state.unnamed.length > 1) return undefined;
  return Object.values(state.turns).findLast(
    (turn) => turn.started && turn.liveStart === undefined && Math.abs((turn.start ?? 0) - fact.at) < SAME_PROMPT_MS,
  )?.key;
}

/**
 * The run that a turn of the history is about: the oldest with its prompt, else the oldest. A run before the one with its
 * prompt opened no turn (a prompt that was added to a running turn).
 */
export function takeRun(state: FoldState, key: string): UnnamedTurn | undefined {
  const { prompt, liveStart } = state.turns[key] ?? {};
  if (liveStart !== undefined) return undefined;
  const same = state.unnamed.findIndex(({ facts: [start] }) => start?.type === "turn.start" && start.prompt === prompt);
  return state.unnamed.splice(0, Math.max(same, 0) + 1).at(-1);
}

/** From when on a run of hook facts is a turn of its own: its turn is over, and the history has never shown it. */
function loneAt(state: FoldState, index: number): number | undefined {
  const facts = state.unnamed[index]?.facts ?? [];
  const [start] = facts;
  if (start?.type !== "turn.start" || start.alone === undefined) return undefined;
  const ends = facts.filter(({ type }) => type === "turn.end" || type === "session.end").map(({ at }) => at);
  const next = state.unnamed[index + 1]?.facts[0]?.at;
  if (ends.length === 0 && next === undefined) return undefined;
  return Math.max(...ends, next ?? 0) + CLAIM_EXPIRES_MS;
}

/** The oldest run, if it is a turn of its own by now, with its key. */
export function takeLone(state: FoldState): { readonly key: string; readonly facts: UnnamedTurn["facts"] } | undefined {
  const due = loneAt(state, 0);
  const [start] = state.unnamed[0]?.facts ?? [];
  if (due === undefined || state.now < due || start?.type !== "turn.start" || start.alone === undefined)
    return undefined;
  return { key: start.alone, facts: state.unnamed.shift()?.facts ?? [] };
}
