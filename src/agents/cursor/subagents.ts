/** Subagents, told when they end. Their tool call comes after that, and is known by the task. */

import type { Fact } from "../../trace/facts.ts";
import type { NodeError } from "../../trace/node.ts";
import { hashOf, keep, type Memory } from "./memory.ts";
import { enter, outcomeOf } from "./turns.ts";
import type { HookPayload } from "./wire.ts";

/** Subagent types that ship with Cursor. */
const BUILT_IN: ReadonlySet<string> = new Set(["generalPurpose", "explore", "shell", "browser-use", "bash"]);

/** Only where another registration of the program listens to this gate. */
export function subagentStartFacts(memory: Memory, payload: HookPayload, at: number): Fact[] {
  const agentId = payload.subagent_id;
  if (!agentId) return [];
  const { key, facts } = enter(memory, { ...payload, subagent_id: null }, at);
  const { tool_call_id: callId } = payload;
  return [
    ...facts,
    { type: "agent.start", at, turn: key, agentId, ...described(payload) },
    ...(callId ? [{ type: "agent.link" as const, at, turn: key, agentId, callId }] : []),
  ];
}

export function subagentStopFacts(memory: Memory, payload: HookPayload, at: number): Fact[] {
  const agentId = payload.subagent_id;
  if (!agentId) return [];
  const began = at - (payload.duration_ms ?? 0);
  const { turn, key, facts } = enter(memory, { ...payload, subagent_id: null }, began);
  const start = Math.max(began, turn?.start ?? began);
  if (payload.task) keep(memory.subagents, agentId, hashOf(payload.task));
  const outcome = outcomeOf(payload.status);
  const error: NodeError | undefined =
    outcome === "ok"
      ? undefined
      : { type: outcome, message: payload.error_message || `The subagent ended with status ${payload.status}` };
  const metadata = {
    ...(payload.message_count != null && { messages: payload.message_count }),
    ...(payload.tool_call_count != null && { tool_calls: payload.tool_call_count }),
  };
  return [
    ...facts,
    { type: "agent.start", at: start, turn: key, agentId, ...described(payload), metadata },
    {
      type: "agent.end",
      at,
      turn: key,
      agentId,
      source: "claimed",
      outcome,
      ...(payload.summary && { output: payload.summary }),
      ...(error && { error }),
    },
  ];
}

function described({ subagent_type: name, task }: HookPayload) {
  return { ...(name && { name, builtIn: BUILT_IN.has(name) }), ...(task && { input: task }) };
}
