/** Turns: which one a fact belongs to, when one is over, and what its root says. */

import type { Fact, TurnEndFact, TurnNoteFact, TurnStartFact } from "../facts.ts";
import type { FinishedNode, LlmNode, Millis, NodeEvent, TurnNode } from "../node.ts";
import {
  agentWakes,
  answersMatch,
  CLAIM_EXPIRES_MS,
  HISTORY_GRACE_MS,
  settleAgents,
  UNRECORDED_QUIET_MS,
  wentOn,
} from "./agents.ts";
import { hasUnanswered, settleCalls } from "./calls.ts";
import { settleCompactions } from "./compactions.ts";
import { TURN_NODE, toolKey } from "./keys.ts";
import { type EndState, emptyTurn, type FoldState, inOrder, lastSign, mergeMetadata, type TurnState } from "./state.ts";
import { settleTools } from "./tools.ts";

/** After a recorded end, how long a turn must be quiet: a stop hook may send the agent back to work (ms). */
const RECORDED_QUIET_MS = 1500;

/** A turn of which nothing was heard for so long is over (ms). */
export const ABANDONED_MS = 24 * 3600 * 1000;

/** History older than the first hook by more than this was there before tracing (ms): clocks of one machine, two writers. */
const CLOCK_SLACK_MS = 1000;

/** A failure is recorded before the hook that claims it has started (ms). */
const CLAIM_SLACK_MS = 3000;

/** Two hook processes of one event start within this, ms. */
const ECHO_MS = 1000;

/** How many closed turns are remembered, so that their late facts open no new ones. */
const CLOSED_KEPT = 64;

/** How many background calls are remembered for the links of their notifications. */
const BACKGROUND_KEPT = 64;

/** Facts that show work done; only they may bring back a turn that was closed (a subagent sent back to work). */
function isWork(fact: Fact): boolean {
  return fact.type.startsWith("llm.") || fact.type.startsWith("tool.");
}

/** The turn that a fact belongs to, opened when need be; undefined when the fact is to be left alone. */
export function turnOf(state: FoldState, key: string, fact: Fact): TurnState | undefined {
  const known = state.turns[key];
  if (known) {
    const tooOld = !fact.live && known.liveStart !== undefined && fact.at < known.liveStart - CLOCK_SLACK_MS;
    // A forked session's file holds the old conversation under the new turn's key.
    return tooOld ? undefined : known;
  }
  const wasClosed = state.closed.includes(key);
  if (wasClosed && !isWork(fact)) return undefined;
  if (fact.type === "turn.note") return undefined;
  const beforeTracing = !fact.live && state.since !== undefined && fact.at < state.since - CLOCK_SLACK_MS;
  if (beforeTracing) {
    if (fact.type === "turn.start" && state.skipped !== key) {
      state.skipped = key;
      state.count = fact.index ?? state.count + 1;
    }
    return undefined;
  }
  const turn = emptyTurn(key, fact.at, wasClosed);
  state.turns[key] = turn;
  return turn;
}

/** Something later shows that the turn is over. Only a hook's word means that all hooks before it were folded. */
export function supersede(turn: TurnState, at: Millis, live: boolean): void {
  turn.superseded ??= at;
  if (live) turn.supersededLive = true;
}

export function applyTurnStart(state: FoldState, turn: TurnState, fact: TurnStartFact): void {
  if (!turn.started) {
    turn.started = true;
    state.count = fact.index ?? state.count + 1;
    turn.index = state.count;
    for (const other of Object.values(state.turns)) {
      if (other === turn) continue;
      const otherStart = other.start ?? other.last;
      if (otherStart <= fact.at) supersede(other, fact.at, fact.live === true);
      else if (other.started) supersede(turn, otherStart, other.liveStart !== undefined);
    }
  }
  if (fact.index !== undefined) {
    turn.index = fact.index;
    state.count = Math.max(state.count, fact.index);
  }
  turn.start = turn.start === undefined ? fact.at : Math.min(turn.start, fact.at);
  const first = turn.liveStart === undefined || fact.at <= turn.liveStart;
  if (fact.live) {
    turn.liveStart = Math.min(turn.liveStart ?? fact.at, fact.at);
    state.current = turn.key;
  }
  // The hook has the prompt as it was typed. What the user adds while the turn runs is another one.
  if (fact.prompt !== undefined && (fact.live ? first : turn.prompt === undefined)) turn.prompt = fact.prompt;
  else if (fact.live && fact.prompt !== undefined && fact.prompt !== turn.prompt) {
    // Protected as a prompt already.
    addEvent(turn, { name: "prompt", attributes: { prompt: fact.prompt }, content: "prompts", at: fact.at });
  }
  mergeMetadata(turn.metadata, fact.metadata);
  const answered = fact.answers && state.background[fact.answers.callId];
  if (fact.answers && answered !== undefined && turn.links.length === 0) {
    turn.links.push({ turn: answered, node: toolKey(fact.answers.callId), reason: "notification" });
  }
  if (fact.traceparent && !turn.links.some((link) => "traceparent" in link)) {
    turn.links.push({ traceparent: fact.traceparent, reason: "traceparent" });
  }
}

export function applyTurnEnd(turn: TurnState, fact: TurnEndFact): void {
  const end: EndState = {
    at: fact.at,
    outcome: fact.outcome,
    ...(fact.complete && { complete: true }),
    ...(fact.output !== undefined && { output: fact.output }),
    ...(fact.error && { error: fact.error }),
  };
  if (fact.source === "claimed") turn.claimed = end;
  else turn.recorded = end;
  mergeMetadata(turn.metadata, fact.metadata);
}

/** The history was read to its end: a claim that came when it was complete needs no further word. */
export function confirmClaim(turn: TurnState): void {
  const { claimed, recorded } = turn;
  if (!claimed?.complete || (recorded && recorded.at >= claimed.at - CLAIM_SLACK_MS)) return;
  turn.recorded = { at: claimed.at, outcome: claimed.outcome };
}

export function applyTurnNote(turn: TurnState, fact: TurnNoteFact): void {
  mergeMetadata(turn.metadata, fact.metadata);
  if (fact.event) addEvent(turn, { ...fact.event, at: fact.at });
}

/** An event that comes again at once is the same, told by two registrations of the hook: the first time counts. */
function addEvent(turn: TurnState, event: NodeEvent): void {
  const { at, ...said } = event;
  const words = JSON.stringify(said);
  const known = turn.events.findIndex(({ at: then, ...other }) => {
    return Math.abs(then - at) <= ECHO_MS && JSON.stringify(other) === words;
  });
  const first = turn.events[known];
  if (first === undefined) turn.events.push(event);
  else if (at < first.at) turn.events[known] = event;
}

/** A background call was launched: its notification will open a turn of its own. */
export function rememberBackground(state: FoldState, callId: string, turn: string): void {
  state.background[callId] = turn;
  const [oldest, ...rest] = Object.keys(state.background);
  if (oldest !== undefined && rest.length >= BACKGROUND_KEPT) delete state.background[oldest];
}

/** Did the history confirm that the turn ended, and how surely? */
function confirmation(turn: TurnState): "recorded" | "text" | "none" {
  if (hasUnanswered(turn, "")) return "none";
  const { claimed, recorded } = turn;
  // A record from before the newest request, or from long before the claim, belongs to an earlier stop of the same turn.
  const isLast = recorded !== undefined && recorded.at >= (turn.lastRequest ?? recorded.at);
  if (isLast && (!claimed || recorded.at >= claimed.at - CLAIM_SLACK_MS)) return "recorded";
  if (claimed && answersMatch(turn, "", claimed)) return "text";
  return "none";
}

function isOver(turn: TurnState, now: Millis): boolean {
  const confirmed = confirmation(turn);
  // At once only when nothing can have followed the record that the history has not told yet.
  const isLatest = turn.recorded !== undefined && turn.recorded.at >= (turn.claimed?.at ?? 0);
  if (confirmed === "recorded" && isLatest && turn.supersededLive && turn.started) return true;
  // The same text may be only a piece of the answer, until the history was read to its end.
  if (confirmed !== "none" && turn.supersededLive && turn.superseded !== undefined) {
    return now >= Math.max(turn.superseded, turn.lastMain);
  }
  if (confirmed === "recorded" && now >= turn.lastMain + RECORDED_QUIET_MS) return true;
  if (confirmed === "text" && now >= turn.lastMain + UNRECORDED_QUIET_MS) return true;
  if (turn.superseded !== undefined) return now >= Math.max(turn.superseded, turn.lastMain) + HISTORY_GRACE_MS;
  if (turn.claimed) return now >= Math.max(turn.claimed.at, turn.lastMain) + CLAIM_EXPIRES_MS;
  return now >= turn.last + ABANDONED_MS;
}

function rootNode(state: FoldState, turn: TurnState): TurnNode {
  const end = turn.claimed ?? turn.recorded;
  const start = turn.start ?? turn.last;
  // The history knows the kind of an error better than the hook.
  const failure = [turn.recorded, turn.claimed].find((one) => one && one.outcome !== "ok" && one.outcome !== "unset");
  const outcome = end ? (failure?.outcome ?? end.outcome) : turn.answered ? "unset" : "interrupted";
  const output = turn.claimed?.output ?? turn.recorded?.output ?? turn.answer;
  const error = failure?.error ?? end?.error;
  return {
    kind: "turn",
    turn: turn.key,
    key: TURN_NODE,
    start,
    end: Math.max(start, end?.at ?? lastSign(turn, turn.lastMain, false), turn.childrenEnd ?? 0),
    outcome,
    ...(error
      ? { error }
      : outcome === "interrupted" && { error: { type: "interrupted", message: "The turn never reported its end" } }),
    events: turn.events,
    links: turn.links,
    metadata: inOrder({ ...state.session, ...turn.metadata }),
    ...(turn.index !== undefined && { index: turn.index }),
    ...(turn.prompt !== undefined && { input: turn.prompt }),
    ...(output && { output }),
  };
}

/** Takes everything of a turn that is final out of the state. */
export function settleTurn(state: FoldState, turn: TurnState): FinishedNode[] {
  const now = state.now;
  const nodes: FinishedNode[] = [];
  const dead = turn.superseded !== undefined && turn.dead === true && now >= turn.superseded + HISTORY_GRACE_MS;
  nodes.push(...settleAgents(turn, now, dead || now >= turn.last + ABANDONED_MS));
  if (nodes.length > 0) turn.hasChildren = true;

  const over = !turn.rootDone && isOver(turn, now);
  const end = turn.claimed ?? turn.recorded;
  const outcome = end?.outcome ?? "interrupted";
  const at = lastSign(turn, turn.lastMain, end !== undefined);
  const main = [
    ...settleCalls(turn, "", now, over || turn.rootDone ? { at, outcome } : undefined),
    ...settleTools(turn, "", wentOn(turn.lastRequest, now), over || turn.rootDone),
  ];
  for (const node of main) {
    turn.childrenEnd = Math.max(turn.childrenEnd ?? 0, node.end);
    if (node.kind === "llm") noteAnswer(turn, node);
  }
  if (main.length > 0) turn.hasChildren = true;
  const compactions = settleCompactions(turn, over);
  nodes.push(...main, ...compactions);

  if (over) {
    const isCompaction = compactions.some((one) => one.parent === undefined);
    if (!isCompaction && (turn.started || turn.hasChildren || compactions.length > 0))
      nodes.push(rootNode(state, turn));
    turn.rootDone = true;
  }
  if (turn.rootDone && Object.keys(turn.agents).length === 0) closeTurn(state, turn);
  return nodes;
}

/** An answer without tool calls is the natural end of a turn, even where nothing says that it ended. */
function noteAnswer(turn: TurnState, node: LlmNode): void {
  const parts = node.output.flatMap((message) => message.parts);
  const text = parts.flatMap((part) => (part.type === "text" ? part.text : [])).join("\n");
  turn.answered = node.outcome === "ok" && parts.length > 0 && !parts.some((part) => part.type === "tool_call");
  if (text !== "") turn.answer = text;
}

function closeTurn(state: FoldState, turn: TurnState): void {
  delete state.turns[turn.key];
  for (const [agentId, key] of Object.entries(state.agents)) if (key === turn.key) delete state.agents[agentId];
  if (!state.closed.includes(turn.key)) state.closed.push(turn.key);
  if (state.closed.length > CLOSED_KEPT) state.closed.splice(0, state.closed.length - CLOSED_KEPT);
}

/** When a turn would change by time alone, and whether it waits for its history. */
export function turnWake(turn: TurnState, now: Millis): { wakeAt: Millis; awaitsHistory: boolean } {
  const times: Millis[] = [turn.last + ABANDONED_MS];
  let awaitsHistory = false;
  for (const agent of Object.values(turn.agents)) {
    times.push(...agentWakes(agent));
    if (agent.claimed && now < agent.claimed.at + HISTORY_GRACE_MS) awaitsHistory = true;
  }
  if (turn.superseded !== undefined) {
    times.push(turn.superseded + HISTORY_GRACE_MS);
  }
  if (!turn.rootDone) {
    const confirmed = confirmation(turn);
    if (confirmed === "recorded") times.push(turn.lastMain + RECORDED_QUIET_MS);
    // The record of the end may come any moment: it is looked for once before the text alone has to do.
    if (confirmed === "text") times.push(turn.lastMain + RECORDED_QUIET_MS, turn.lastMain + UNRECORDED_QUIET_MS);
    if (turn.superseded !== undefined) times.push(Math.max(turn.superseded, turn.lastMain) + HISTORY_GRACE_MS);
    if (turn.claimed) times.push(Math.max(turn.claimed.at, turn.lastMain) + CLAIM_EXPIRES_MS);
    const asked = Math.max(turn.claimed?.at ?? 0, turn.superseded ?? 0, turn.idle ?? 0);
    if (asked > 0 && confirmed === "none" && now < asked + HISTORY_GRACE_MS) awaitsHistory = true;
  }
  const ahead = times.filter((time) => time > now);
  return { wakeAt: ahead.length > 0 ? Math.min(...ahead) : now, awaitsHistory };
}
