/**
 * The shared fold: facts in, finished nodes out. A reducer without I/O, clock or chance, fact by fact, so that every split
 * of the same facts gives the same nodes. Hooks give timing and liveness, the history gives calls, tokens and texts; what
 * is final leaves the state.
 */

import { type Fact, type SessionPhaseFact, UNNAMED_TURN } from "./facts.ts";
import { applyAgentEnd, applyAgentLink, applyAgentStart, openAgent } from "./fold/agents.ts";
import { applyCallEnd, applyCallOutput, applyCallRetry, applyCallStart } from "./fold/calls.ts";
import { applyCompaction } from "./fold/compactions.ts";
import { emptyState, type FoldState, mergeMetadata, type TurnState, type UnnamedTurn } from "./fold/state.ts";
import { applyToolEnd, applyToolPermission, applyToolResult, applyToolStart } from "./fold/tools.ts";
import {
  applyTurnEnd,
  applyTurnNote,
  applyTurnStart,
  confirmClaim,
  rememberBackground,
  settleTurn,
  supersede,
  turnOf,
  turnWake,
} from "./fold/turns.ts";
import {
  agentOf,
  forgetAbandoned,
  holdUnnamed,
  isHeld,
  type TurnFact,
  takeLone,
  takeRun,
  unnamedEnded,
  unnamedWakes,
} from "./fold/unnamed.ts";
import type { FinishedNode } from "./node.ts";

export type { FoldState } from "./fold/state.ts";

export interface Folded {
  readonly state: FoldState;
  /** Nodes that became final, each once, parents not necessarily first. */
  readonly nodes: readonly FinishedNode[];
  /** Epoch ms at which the fold wants a `tick` fact (quiet time of an ended turn, sweep of a dead one). */
  readonly wakeAt: number | undefined;
  /** True while an end was claimed by a hook and the history has not caught up: read the history again soon. */
  readonly awaitsHistory: boolean;
}

/** State of a session of which nothing is known. */
export function initialFold(): FoldState {
  return emptyState();
}

/** Pure reducer. `state` is not changed; the result's state is JSON-serialisable. */
export function fold(state: FoldState, facts: readonly Fact[]): Folded {
  const next = structuredClone(state);
  const nodes: FinishedNode[] = [];
  for (const fact of facts) nodes.push(...reduce(next, fact));
  let wakeAt: number | undefined;
  let awaitsHistory = false;
  for (const turn of Object.values(next.turns)) {
    const wake = turnWake(turn, next.now);
    wakeAt = Math.min(wakeAt ?? wake.wakeAt, wake.wakeAt);
    awaitsHistory ||= wake.awaitsHistory;
  }
  for (const wake of unnamedWakes(next)) wakeAt = Math.min(wakeAt ?? wake, wake);
  return { state: next, nodes, wakeAt, awaitsHistory: awaitsHistory || unnamedEnded(next) };
}

function reduce(state: FoldState, fact: Fact): FinishedNode[] {
  // Only ticks are the clock: they come when the history was read to its end, while hooks may be far ahead of it.
  if (fact.type === "tick") state.now = Math.max(state.now, fact.at);
  if (fact.live) state.since = Math.min(state.since ?? fact.at, fact.at);
  switch (fact.type) {
    case "tick":
      for (const turn of Object.values(state.turns)) confirmClaim(turn);
      forgetAbandoned(state);
      return [...bindLone(state), ...settleAll(state)];
    case "session":
      mergeMetadata(state.session, fact.metadata);
      return [];
    case "session.start":
    case "session.end":
      // The turn that the process ran may not be known yet.
      if (fact.live && fact.type === "session.end") state.unnamed.at(-1)?.facts.push(fact);
      return endTurns(state, fact);
    case "session.idle":
      if (fact.live) state.unnamed.at(-1)?.facts.push(fact);
      for (const turn of Object.values(state.turns)) turn.idle = Math.max(turn.idle ?? 0, fact.at);
      return [];
    default:
      return reduceTurnFact(state, fact);
  }
}

/** The process that ran the turns up to now is gone. */
function endTurns(state: FoldState, fact: SessionPhaseFact): FinishedNode[] {
  for (const turn of Object.values(state.turns)) {
    if ((turn.start ?? turn.last) > fact.at) continue;
    if (fact.type === "session.end" && fact.live && turn.superseded === undefined) {
      const seen = fact.loose ? fact.seen : fact.at;
      if (seen !== undefined) turn.diedAt = seen;
    }
    supersede(turn, fact.at, fact.live === true);
    turn.dead = true;
  }
  return settleAll(state);
}

function keyOf(state: FoldState, fact: TurnFact): string | undefined {
  const agentId = agentOf(fact);
  // A subagent stays in the turn that started it, whatever turn the main agent is in by now.
  const home = agentId === undefined ? undefined : state.agents[agentId];
  if (home !== undefined) return home;
  if (fact.turn !== UNNAMED_TURN) return fact.turn;
  if (!fact.live && agentId !== undefined) return turnAt(state, fact.at) ?? state.bound ?? state.current;
  return state.bound ?? (agentId === undefined ? undefined : state.current);
}

/** The turn that ran at a time: a subagent's history names none. */
function turnAt(state: FoldState, at: number): string | undefined {
  const before = Object.values(state.turns).filter(({ started, start }) => started && (start ?? 0) <= at);
  return before.sort((a, b) => (b.start ?? 0) - (a.start ?? 0))[0]?.key;
}

function reduceTurnFact(state: FoldState, fact: TurnFact): FinishedNode[] {
  if (isHeld(state, fact)) {
    const named = holdUnnamed(state, fact);
    return named === undefined ? [] : bindRun(state, named);
  }
  const key = keyOf(state, fact);
  if (key === undefined) return [];
  const turn = turnOf(state, key, fact);
  if (!turn) return [];
  apply(state, turn, fact);
  const nodes = fact.type === "turn.start" ? settleAll(state) : settleTurn(state, turn);
  return fact.type === "turn.start" && !fact.live ? [...nodes, ...bindRun(state, key)] : nodes;
}

/** The history named a turn: what hooks said of it before is folded now. */
function bindRun(state: FoldState, key: string): FinishedNode[] {
  const run = takeRun(state, key);
  return run ? bind(state, run.facts, key) : [];
}

function bind(state: FoldState, facts: UnnamedTurn["facts"], key: string): FinishedNode[] {
  state.bound = key;
  return facts.flatMap((fact) => {
    if ("turn" in fact) return reduceTurnFact(state, { ...fact, turn: key });
    return fact.type === "session.end" ? endTurns(state, fact) : [];
  });
}

/** What no history will ever name. */
function bindLone(state: FoldState): FinishedNode[] {
  const nodes: FinishedNode[] = [];
  for (let lone = takeLone(state); lone; lone = takeLone(state)) nodes.push(...bind(state, lone.facts, lone.key));
  return nodes;
}

function touch(state: FoldState, turn: TurnState, fact: TurnFact): void {
  const agentId = agentOf(fact);
  const loose = "loose" in fact && fact.loose === true;
  if (loose) return;
  turn.last = Math.max(turn.last, fact.at);
  if (agentId === undefined) turn.lastMain = Math.max(turn.lastMain, fact.at);
  // Work in its thread opens a subagent's state, or opens it again; what is merely told of it does not.
  const agent =
    agentId === undefined || "agentId" in fact ? turn.agents[agentId ?? ""] : openAgent(state, turn, agentId, fact.at);
  if (agent) agent.last = Math.max(agent.last, fact.at);
  if (fact.type !== "llm.start") return;
  if (agent) agent.lastRequest = Math.max(agent.lastRequest ?? 0, fact.at);
  else turn.lastRequest = Math.max(turn.lastRequest ?? 0, fact.at);
}

function apply(state: FoldState, turn: TurnState, fact: TurnFact): void {
  switch (fact.type) {
    case "turn.start":
      applyTurnStart(state, turn, fact);
      break;
    case "turn.end":
      applyTurnEnd(turn, fact);
      break;
    case "turn.note":
      applyTurnNote(turn, fact);
      return;
    case "llm.start":
      applyCallStart(turn, fact);
      break;
    case "llm.retry":
      applyCallRetry(turn, fact);
      break;
    case "llm.output":
      applyCallOutput(turn, fact);
      break;
    case "llm.end":
      applyCallEnd(turn, fact);
      break;
    case "tool.start":
      applyToolStart(turn, fact);
      break;
    case "tool.permission":
      applyToolPermission(turn, fact);
      break;
    case "tool.end":
      applyToolEnd(turn, fact);
      if (fact.background) rememberBackground(state, fact.callId, turn.key);
      break;
    case "tool.result":
      applyToolResult(turn, fact);
      break;
    case "agent.start":
      applyAgentStart(state, turn, fact);
      break;
    case "agent.link":
      applyAgentLink(state, turn, fact);
      break;
    case "agent.end":
      applyAgentEnd(state, turn, fact);
      break;
    case "compaction.start":
    case "compaction.end":
      applyCompaction(turn, fact);
      // Nothing else ends a turn that is only a compaction.
      if (fact.type === "compaction.end" && !turn.started) turn.recorded = { at: fact.at, outcome: "ok" };
      break;
  }
  touch(state, turn, fact);
}

function settleAll(state: FoldState): FinishedNode[] {
  return Object.values(state.turns).flatMap((turn) => settleTurn(state, turn));
}
