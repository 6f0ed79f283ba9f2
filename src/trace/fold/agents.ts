/** Subagents: linked to the tool call that started them, final when their thread is over. */

import type { AgentEndFact, AgentLinkFact, AgentStartFact } from "../facts.ts";
import type { AgentNode, FinishedNode, Millis } from "../node.ts";
import { answerText, hasUnanswered, newestCall, settleCalls } from "./calls.ts";
import { agentKey, TURN_NODE, toolKey } from "./keys.ts";
import { sightSpawn, unwrittenSpawn } from "./sightings.ts";
import {
  type AgentState,
  type EndState,
  type FoldState,
  inOrder,
  lastSign,
  mergeMetadata,
  type TurnState,
} from "./state.ts";
import { settleTools } from "./tools.ts";

/** How long the history may lag behind the end that a hook claims (ms). */
export const HISTORY_GRACE_MS = 2000;

/** After the same answer text was recorded, how long until an unrecorded end is believed (ms). */
export const UNRECORDED_QUIET_MS = 5000;

/** When nothing in the history ever confirms a claimed end (ms). */
export const CLAIM_EXPIRES_MS = 10_000;

/**
 * The subagent's state, made on its first sign. One that was final and is sent back to work keeps its span; only what it
 * does from then on is new.
 */
export function openAgent(state: FoldState, turn: TurnState, agentId: string, at: Millis): AgentState {
  const known = turn.agents[agentId];
  if (known) return known;
  const agent: AgentState = { id: agentId, last: at, metadata: {} };
  turn.agents[agentId] = agent;
  if (turn.revived) turn.done[agentKey(agentId)] = true;
  state.agents[agentId] = turn.key;
  return agent;
}

/** Final and not sent back to work: what is told of it again changes nothing. */
function isDone(turn: TurnState, agentId: string): boolean {
  return turn.done[agentKey(agentId)] === true && !turn.agents[agentId];
}

export function applyAgentStart(state: FoldState, turn: TurnState, fact: AgentStartFact): void {
  if (isDone(turn, fact.agentId)) return;
  const agent = openAgent(state, turn, fact.agentId, fact.at);
  agent.start = agent.start === undefined ? fact.at : Math.min(agent.start, fact.at);
  if (fact.name !== undefined) agent.name = fact.name;
  if (fact.input !== undefined) agent.input ??= fact.input;
  sightSpawn(turn, agent);
  mergeMetadata(agent.metadata, fact.metadata);
}

export function applyAgentLink(state: FoldState, turn: TurnState, fact: AgentLinkFact): void {
  if (isDone(turn, fact.agentId)) return;
  const agent = openAgent(state, turn, fact.agentId, fact.at);
  agent.callId = fact.callId;
}

export function applyAgentEnd(state: FoldState, turn: TurnState, fact: AgentEndFact): void {
  if (isDone(turn, fact.agentId)) return;
  const agent = openAgent(state, turn, fact.agentId, fact.at);
  const end: EndState = {
    at: fact.at,
    outcome: fact.outcome,
    ...(fact.output !== undefined && { output: fact.output }),
    ...(fact.error && { error: fact.error }),
  };
  if (fact.source === "claimed") agent.claimed = end;
  else agent.recorded = end;
}

/** The newest request of a thread, once hooks that ran before it must have been folded. */
export function wentOn(lastRequest: Millis | undefined, now: Millis): Millis {
  return lastRequest !== undefined && now >= lastRequest + HISTORY_GRACE_MS ? lastRequest : 0;
}

// Agents join the text blocks of an answer in ways of their own.
function sameText(a: string, b: string): boolean {
  const bare = (text: string) => text.replace(/\s+/g, "");
  return bare(a) === bare(b);
}

/** True when the newest answer of a thread is the one that a claimed end speaks of. */
export function answersMatch(turn: TurnState, thread: string, claimed: EndState): boolean {
  if (claimed.output === undefined || hasUnanswered(turn, thread)) return false;
  const call = newestCall(turn, thread);
  return call !== undefined && sameText(answerText(call), claimed.output);
}

function isOver(turn: TurnState, agent: AgentState, now: Millis, turnDead: boolean): boolean {
  if (agent.recorded && turnDead) return true;
  if (agent.recorded && now >= agent.recorded.at + UNRECORDED_QUIET_MS && !hasUnanswered(turn, agent.id)) return true;
  if (agent.claimed) {
    // The same text may be only a piece of the answer, until the history was read to its end.
    const answered = now >= agent.last && answersMatch(turn, agent.id, agent.claimed);
    return answered || now >= agent.claimed.at + HISTORY_GRACE_MS;
  }
  return turnDead;
}

/** Node key of the tool call that started a subagent, once both are known. */
function spawnOf(turn: TurnState, agent: AgentState): string | undefined {
  if (agent.callId === undefined) return undefined;
  const key = toolKey(agent.callId);
  return turn.done[key] || turn.tools[agent.callId] ? key : undefined;
}

function agentNode(turn: TurnState, agent: AgentState, childrenEnd: Millis | undefined): AgentNode {
  const end = agent.claimed ?? agent.recorded;
  const start = agent.start ?? agent.last;
  const outcome = end?.outcome ?? "interrupted";
  const output = agent.claimed?.output ?? agent.recorded?.output;
  return {
    kind: "agent",
    turn: turn.key,
    key: agentKey(agent.id),
    parent: spawnOf(turn, agent) ?? unwrittenSpawn(turn, agent) ?? TURN_NODE,
    start,
    end: Math.max(start, end?.at ?? lastSign(turn, agent.last, false), childrenEnd ?? 0),
    outcome,
    ...(end?.error
      ? { error: end.error }
      : outcome === "interrupted" && {
          error: { type: "interrupted", message: "The subagent never reported its end" },
        }),
    events: [],
    links: [],
    metadata: inOrder(agent.metadata),
    name: agent.name ?? "subagent",
    agentId: agent.id,
    ...(agent.input !== undefined && { input: agent.input }),
    ...(output !== undefined && { output }),
  };
}

/**
 * Takes final subagents, and what is final of the running ones' threads, out of the state.
 * @param now newest time known
 * @param turnDead the process that ran the turn is gone, and the history had time to catch up
 */
export function settleAgents(turn: TurnState, now: Millis, turnDead: boolean): FinishedNode[] {
  const nodes: FinishedNode[] = [];
  for (const agent of Object.values(turn.agents)) {
    const over = isOver(turn, agent, now, turnDead);
    // Without its link the subtree would hang in the wrong place: the link may still be on its way.
    const linked = spawnOf(turn, agent) !== undefined || turnDead || claimExpired(agent, now);
    const ended = over && linked;
    const outcome = (agent.claimed ?? agent.recorded)?.outcome ?? "interrupted";
    const at = lastSign(turn, agent.last, (agent.claimed ?? agent.recorded) !== undefined);
    const calls = settleCalls(turn, agent.id, now, ended ? { at, outcome } : undefined);
    const tools = settleTools(turn, agent.id, wentOn(agent.lastRequest, now), ended);
    nodes.push(...calls, ...tools);
    if (calls.length + tools.length > 0) agent.worked = true;
    if (!ended) continue;
    const childrenEnd = [...calls, ...tools].reduce((latest, node) => Math.max(latest, node.end), 0);
    delete turn.agents[agent.id];
    const key = agentKey(agent.id);
    // An end alone is no subagent: old versions report agents that only warmed a cache.
    const worked = agent.start !== undefined || agent.callId !== undefined || agent.worked === true;
    if (worked && !turn.done[key]) nodes.push(agentNode(turn, agent, childrenEnd));
    turn.done[key] = true;
  }
  return nodes;
}

function claimExpired(agent: AgentState, now: Millis): boolean {
  const end = agent.claimed ?? agent.recorded;
  return end !== undefined && now >= end.at + CLAIM_EXPIRES_MS;
}

/** When the state of an open subagent would change by time alone. */
export function agentWakes(agent: AgentState): Millis[] {
  if (agent.claimed) return [agent.claimed.at + HISTORY_GRACE_MS, agent.claimed.at + CLAIM_EXPIRES_MS];
  return agent.recorded ? [agent.recorded.at + UNRECORDED_QUIET_MS, agent.recorded.at + CLAIM_EXPIRES_MS] : [];
}
