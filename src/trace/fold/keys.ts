/** Node keys. With the trace id they make span ids, so they only use ids that the agent's history has too. */

import type { CallState } from "./state.ts";

/** The root of a trace. */
export const TURN_NODE = "turn";

/** A model call: by the provider's response id, and by the agent's request id where there was no response. */
export function callKey(call: Pick<CallState, "id" | "responseId">): string {
  return `llm:${call.responseId ?? call.id}`;
}

export function toolKey(callId: string): string {
  return `tool:${callId}`;
}

export function agentKey(agentId: string): string {
  return `agent:${agentId}`;
}

/** Compactions have no id: ordinal in the turn, in transcript order. */
export function compactionKey(ordinal: number): string {
  return `compaction:${ordinal}`;
}

/** The node below which a thread's model calls hang. */
export function threadKey(thread: string): string {
  return thread === "" ? TURN_NODE : agentKey(thread);
}
