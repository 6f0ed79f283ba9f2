/** Subagents: their records are in the session's own log, marked with `agentId`. */

import type { Fact } from "../../trace/facts.ts";
import type { NodeError } from "../../trace/node.ts";
import { closeStep } from "./calls.ts";
import { errorOf, isBuiltInAgent, textOf } from "./content.ts";
import { type Cursor, forgetOldest, threadOf } from "./cursor.ts";
import type { SubagentData } from "./wire.ts";

export function readSubagentStart(cursor: Cursor, agentId: string, data: SubagentData, at: number): Fact[] {
  const { toolCallId: callId, agentName: name } = data;
  const thread = threadOf(cursor, agentId);
  const tool = callId === undefined ? undefined : cursor.tools[callId];
  if (tool) thread.turn = tool.turn;
  const background = data.executionMode === "background";
  cursor.agents[agentId] = { background, ...(callId && { callId }) };
  forgetOldest(cursor.agents);
  if (background && callId) {
    cursor.background[agentId] = callId;
    forgetOldest(cursor.background);
  }
  const base = { at, turn: thread.turn, agentId };
  return [
    {
      ...base,
      type: "agent.start",
      ...(name && { name, builtIn: isBuiltInAgent(name) }),
      metadata: {
        ...(data.agentDisplayName && { display_name: data.agentDisplayName }),
        ...(data.agentDescription && { description: data.agentDescription }),
        ...(data.executionMode && { execution_mode: data.executionMode }),
      },
    },
    ...(callId ? [{ ...base, type: "agent.link" as const, callId }] : []),
  ];
}

export function readSubagentEnd(
  cursor: Cursor,
  agentId: string,
  data: SubagentData,
  at: number,
  outcome: "ok" | "error",
): Fact[] {
  const thread = threadOf(cursor, agentId);
  const failure: NodeError = errorOf(textOf(data.error), "subagent_error");
  const closed = closeStep(thread, agentId, at, outcome === "error" ? { outcome, error: failure } : undefined);
  const { turn, answer } = thread;
  delete cursor.threads[agentId];
  delete cursor.agents[agentId];
  return [
    ...closed,
    {
      type: "agent.end",
      at,
      turn,
      agentId,
      source: "recorded",
      outcome,
      ...(answer !== undefined && { output: answer }),
      ...(outcome === "error" && { error: failure }),
    },
  ];
}
