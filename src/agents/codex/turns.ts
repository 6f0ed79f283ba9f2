/** Whose file this is, when turns begin and end, and under what settings. */

import * as v from "valibot";
import { type Fact, MAIN_THREAD } from "../../trace/facts.ts";
import type { Millis, NodeError, Outcome } from "../../trace/node.ts";
import type { Guard } from "../agent.ts";
import { endUnrecorded, releaseSummary } from "./answers.ts";
import { DEFAULT_AGENT, isBuiltInAgent, textOf } from "./content.ts";
import { type Cursor, turnOf } from "./cursor.ts";
import { type EventMessage, type SessionMeta, SubagentSource, type TurnContext } from "./wire.ts";

/** Type of the thread in which a review runs. */
export const REVIEW = "review";

/** The first record; copies of other sessions' first records may follow it. */
export function readMeta(cursor: Cursor, meta: SessionMeta, at: Millis, guard: Guard): Fact[] {
  if (cursor.thread !== undefined) return [];
  const source = v.safeParse(SubagentSource, meta.source);
  const subagent = source.success ? source.output.subagent : undefined;
  const isAgent = subagent !== undefined;
  cursor.thread = isAgent ? meta.id : MAIN_THREAD;
  const birth = Date.parse(meta.timestamp ?? "");
  if (!Number.isNaN(birth)) cursor.birth = birth;
  if (meta.model_provider) cursor.provider = meta.model_provider;
  if (meta.cli_version) cursor.version = meta.cli_version;
  if (typeof subagent === "string") cursor.agentType = subagent;
  else if (isAgent) cursor.agentType = meta.agent_role || subagent.thread_spawn?.agent_role || DEFAULT_AGENT;
  if (cursor.context && meta.base_instructions) {
    const text = textOf((meta.base_instructions as { text?: unknown }).text ?? meta.base_instructions);
    cursor.context.system = [guard.message({ role: "system", parts: [{ type: "text", text }] }, cursor.thread)];
  }
  if (isAgent) return [];
  const metadata = {
    ...(meta.cwd && { cwd: meta.cwd }),
    ...(meta.git?.branch && { git_branch: meta.git.branch }),
    ...(meta.cli_version && { agent_version: meta.cli_version }),
    ...(meta.originator && { originator: meta.originator }),
    ...(meta.model_provider && { model_provider: meta.model_provider }),
    ...(meta.forked_from_id && { forked_from: meta.forked_from_id }),
  };
  return [{ type: "session", at, metadata }];
}

export function readContext(cursor: Cursor, context: TurnContext): Fact[] {
  if (context.model) cursor.model = context.model;
  const effort = context.effort ?? context.collaboration_mode?.settings?.reasoning_effort;
  const parameters = {
    ...(effort && { reasoning_effort: effort }),
    ...(context.summary && { reasoning_summary: context.summary }),
  };
  if (Object.keys(parameters).length > 0) cursor.parameters = parameters;
  else delete cursor.parameters;
  return [];
}

export function readTurnStart(cursor: Cursor, event: EventMessage): Fact[] {
  // What the turn before left open belongs to a process that died in it.
  const left = releaseSummary(cursor);
  delete cursor.saying;
  delete cursor.started;
  cursor.ordinal = 0;
  cursor.spawned = [];
  cursor.announced = [];
  if (event.turn_id) cursor.turn = event.turn_id;
  const outer = event.root_turn_id ?? undefined;
  delete cursor.outer;
  // A review has a thread of its own that works for its own turn; the turn that its session names beside it is only a frame.
  if (cursor.agentType === REVIEW) return left;
  if (cursor.thread === MAIN_THREAD) {
    if (outer !== undefined && outer !== cursor.turn) cursor.outer = outer;
  } else if (outer !== undefined) cursor.root = outer;
  return left;
}

/** The user said something: the turn's prompt, or a subagent's task. */
export function startPrompt(cursor: Cursor, prompt: string, at: Millis): Fact[] {
  const { thread } = cursor;
  if (thread === undefined) return [];
  if (thread !== MAIN_THREAD) return agentFacts(cursor, thread, at, prompt);
  if (cursor.started || !cursor.turn) return [];
  cursor.started = true;
  return [{ type: "turn.start", at: Math.min(at, cursor.inputAt ?? at), turn: turnOf(cursor), prompt }];
}

/** What the file itself says of its subagent; the first time only. */
export function agentFacts(cursor: Cursor, agentId: string, at: Millis, input?: string): Fact[] {
  if (cursor.began) return [];
  cursor.began = true;
  const name = cursor.agentType ?? DEFAULT_AGENT;
  return [
    {
      type: "agent.start",
      at,
      turn: turnOf(cursor),
      agentId,
      name,
      builtIn: isBuiltInAgent(name),
      ...(input && { input }),
    },
  ];
}

export function readTurnEnd(cursor: Cursor, event: EventMessage, at: Millis): Fact[] {
  const { thread } = cursor;
  if (thread === undefined || (event.turn_id !== cursor.turn && event.turn_id !== cursor.outer)) return [];
  const end = endOf(cursor, event);
  const cut =
    end.outcome === "ok"
      ? { outcome: "ok" as const }
      : { outcome: end.outcome, ...(end.error && { error: end.error }) };
  // What the frame of a review says is the review's answer once more.
  if (cursor.outer !== undefined) delete cursor.saying;
  const facts = [...releaseSummary(cursor), ...endUnrecorded(cursor, cut), ...endOpen(cursor, at, end.outcome)];
  cursor.input = [];
  const turn = turnOf(cursor);
  const common = { at, turn, source: "recorded" as const, ...end };
  return [
    ...facts,
    thread === MAIN_THREAD ? { type: "turn.end", ...common } : { type: "agent.end", agentId: thread, ...common },
  ];
}

interface End {
  readonly outcome: Outcome;
  readonly error?: NodeError;
  readonly output?: string;
}

function endOf(cursor: Cursor, event: EventMessage): End {
  if (event.type === "turn_aborted") {
    const message =
      event.reason === "interrupted" ? "Interrupted by the user" : `Aborted: ${event.reason ?? "unknown"}`;
    return { outcome: "interrupted", error: { type: event.reason ?? "aborted", message } };
  }
  if (event.error) {
    return {
      outcome: "error",
      error: { type: errorType(event.error.codex_error_info), message: event.error.message ?? "" },
    };
  }
  const framed = cursor.outer === undefined ? [] : (cursor.saying?.parts ?? []);
  const output = event.last_agent_message || framed.map((part) => (part.type === "text" ? part.text : "")).join("\n");
  return { outcome: "ok", ...(output && { output }) };
}

/** `"internal_server_error"`, or `{"response_stream_disconnected": {…}}`. */
function errorType(info: unknown): string {
  if (typeof info === "string") return info;
  return Object.keys((info ?? {}) as object)[0] ?? "error";
}

/** Calls that have no end when the turn ends: commands that run on, and calls that never got an output. */
function endOpen(cursor: Cursor, at: Millis, outcome: Outcome): Fact[] {
  const facts: Fact[] = [];
  for (const [callId, open] of Object.entries(cursor.open)) {
    delete cursor.open[callId];
    if (open.result) {
      facts.push({
        ...open.result,
        at: Math.min(open.result.at, at),
        ...(open.running && { metadata: { background: true } }),
      });
    } else if (outcome === "ok") {
      const thread = cursor.thread ?? MAIN_THREAD;
      facts.push({ type: "tool.result", at: open.missedAt ?? at, turn: open.turn, thread, callId, outcome: "unset" });
    }
  }
  return facts;
}
