/** Tool calls: what the model asked, what the hooks timed, what the history recorded. */

import {
  MAIN_THREAD,
  type ToolEndFact,
  type ToolPermissionFact,
  type ToolResultFact,
  type ToolStartFact,
  UNNAMED_TOOL,
} from "../facts.ts";
import type { Millis, NodeEvent, Outcome, Part, ToolNode } from "../node.ts";
import { callKey, threadKey, toolKey } from "./keys.ts";
import { claimSighting, sightEnd, sightPermission, sightStart, takeSightings } from "./sightings.ts";
import { type CallState, inOrder, lastSign, mergeMetadata, type ToolState, type TurnState } from "./state.ts";

function openTool(turn: TurnState, thread: string, callId: string): ToolState | undefined {
  if (turn.done[toolKey(callId)]) return undefined;
  const known = turn.tools[callId];
  if (known) return known;
  const tool: ToolState = { callId, thread, metadata: {} };
  turn.tools[callId] = tool;
  return tool;
}

/** The model asked for a tool: from here its parent is known. */
export function requestTool(
  turn: TurnState,
  call: CallState,
  part: Extract<Part, { type: "tool_call" }>,
  at: Millis,
): void {
  const tool = openTool(turn, call.thread, part.id);
  if (!tool) return;
  tool.parent = callKey(call);
  tool.requestedAt = at;
  tool.name ??= part.name;
  tool.input ??= part.input;
  if (part.builtIn !== undefined) tool.builtIn ??= part.builtIn;
}

export function applyToolStart(turn: TurnState, fact: ToolStartFact): void {
  if (fact.callId === UNNAMED_TOOL) {
    sightStart(turn, fact);
    return;
  }
  const tool = openTool(turn, fact.thread, fact.callId);
  if (!tool) return;
  if (fact.parentCall !== undefined) setScript(tool, fact.parentCall);
  if (fact.unasked) tool.parent ??= threadKey(fact.thread);
  // The hook knows the start, and the names that users know.
  if (tool.startedLive && !fact.live) return;
  const known = fact.live && !tool.startedLive ? undefined : tool.startedAt;
  tool.startedAt = Math.min(known ?? fact.at, fact.at);
  if (fact.live) tool.startedLive = true;
  tool.name = fact.name;
  tool.builtIn = fact.builtIn;
  if (fact.input !== undefined) tool.input = fact.input;
  if (fact.mcpServer !== undefined) tool.mcpServer = fact.mcpServer;
}

export function applyToolPermission(turn: TurnState, fact: ToolPermissionFact): void {
  if (fact.callId === UNNAMED_TOOL) {
    sightPermission(turn, fact);
    return;
  }
  const wanted = JSON.stringify(fact.input);
  const tool = fact.callId
    ? openTool(turn, fact.thread, fact.callId)
    : Object.values(turn.tools).find(
        (open) =>
          open.thread === fact.thread &&
          open.name === fact.name &&
          open.permissionAt === undefined &&
          open.result === undefined &&
          JSON.stringify(open.input) === wanted,
      );
  if (tool) tool.permissionAt ??= fact.at;
}

export function applyToolEnd(turn: TurnState, fact: ToolEndFact): void {
  if (fact.callId === UNNAMED_TOOL) {
    sightEnd(turn, fact);
    return;
  }
  const tool = openTool(turn, fact.thread, fact.callId);
  if (!tool || tool.end) return;
  tool.end = {
    at: fact.at,
    outcome: fact.outcome,
    ...(fact.durationMs !== undefined && { durationMs: fact.durationMs }),
    ...(fact.output !== undefined && { output: fact.output }),
    ...(fact.error && { error: fact.error }),
  };
  if (fact.exitCode !== undefined) tool.exitCode = fact.exitCode;
  mergeMetadata(tool.metadata, fact.metadata);
}

export function applyToolResult(turn: TurnState, fact: ToolResultFact): void {
  const tool = openTool(turn, fact.thread, fact.callId);
  if (!tool || tool.result) return;
  if (fact.contains) adopt(turn, tool);
  tool.result = {
    at: fact.at,
    outcome: fact.outcome,
    loose: fact.loose ?? false,
    ...(fact.ranMs !== undefined && { ranMs: fact.ranMs }),
    ...(fact.output !== undefined && { output: fact.output }),
    ...(fact.error && { error: fact.error }),
  };
  if (fact.exitCode !== undefined) tool.exitCode = fact.exitCode;
  mergeMetadata(tool.metadata, fact.metadata);
  if (!fact.live) claimSighting(turn, tool, fact.seenAs ?? tool);
}

/** Tools of a script of which the history says nothing else hang below it. */
function adopt(turn: TurnState, script: ToolState): void {
  const from = script.requestedAt ?? script.startedAt;
  for (const tool of Object.values(turn.tools)) {
    if (tool === script) continue;
    const ran = tool.startedLive && tool.startedAt !== undefined && from !== undefined && tool.startedAt >= from;
    if (ran && tool.thread === script.thread && tool.parent === undefined) setScript(tool, script.callId);
  }
}

function setScript(tool: ToolState, callId: string): void {
  tool.script = callId;
  tool.parent = toolKey(callId);
}

/** Execution alone: hooks and dialogs before it are not the tool's time. */
function timesOf(tool: ToolState, lastSign: Millis): { start: Millis; end: Millis } {
  const earliest = tool.startedAt ?? tool.requestedAt;
  if (tool.end) {
    const end = tool.end.at;
    const start = tool.end.durationMs === undefined ? (earliest ?? end) : end - tool.end.durationMs;
    return { start: earliest === undefined ? start : Math.min(Math.max(start, earliest), end), end };
  }
  const start = earliest ?? tool.result?.at ?? lastSign;
  const end = tool.result && !tool.result.loose ? tool.result.at : lastSign;
  return { start, end: Math.max(start, end) };
}

function outcomeOf(tool: ToolState): Outcome {
  const reported = [tool.result?.outcome, tool.end?.outcome];
  for (const bad of ["interrupted", "error"] as const) if (reported.includes(bad)) return bad;
  return reported.find((one) => one === "ok") ?? reported.find((one) => one === "unset") ?? "interrupted";
}

function permissionEvent(tool: ToolState, start: Millis, end: Millis): NodeEvent[] {
  if (tool.permissionAt === undefined) return [];
  const ranMs = tool.end?.durationMs === undefined ? tool.result?.ranMs : undefined;
  const ran = tool.end !== undefined || ranMs !== undefined;
  if (ran && ranMs === undefined && tool.end?.durationMs === undefined) {
    // The call ran at some time between the dialog and its end: how long the user took is not known.
    return [{ name: "permission", at: tool.permissionAt, attributes: { "permission.decision": "accept" } }];
  }
  // The decision came when the tool began to run, or when the call ended without running.
  const began = ranMs === undefined ? start : Math.max(tool.permissionAt, end - ranMs);
  const decided = ran ? began : end;
  return [
    {
      name: "permission",
      at: decided,
      attributes: {
        "permission.decision": ran ? "accept" : "reject",
        "permission.waited_ms": Math.max(0, Math.round(decided - tool.permissionAt)),
      },
    },
  ];
}

/** What asked for it; a script of which nothing else is known is nobody. */
function parentOf(turn: TurnState, { parent, script }: ToolState): string | undefined {
  return script === undefined || turn.tools[script] || turn.done[toolKey(script)] ? parent : undefined;
}

function toolNode(turn: TurnState, tool: ToolState): ToolNode {
  const times = timesOf(tool, lastSign(turn, turn.last, (turn.claimed ?? turn.recorded) !== undefined));
  const outcome = outcomeOf(tool);
  const error = tool.result?.error ?? tool.end?.error;
  const output = tool.result?.output ?? tool.end?.output;
  return {
    kind: "tool",
    turn: turn.key,
    key: toolKey(tool.callId),
    parent: parentOf(turn, tool) ?? threadKey(tool.thread),
    ...times,
    outcome,
    ...(error
      ? { error }
      : outcome === "interrupted" && { error: { type: "interrupted", message: "The tool call was interrupted" } }),
    events: permissionEvent(tool, times.start, times.end),
    links: [],
    metadata: inOrder(tool.metadata),
    name: tool.name ?? "tool",
    ...(!tool.unnamed && { callId: tool.callId }),
    ...(tool.input !== undefined && { input: tool.input }),
    ...(output !== undefined && { output }),
    ...(tool.mcpServer !== undefined && { mcpServer: tool.mcpServer }),
    builtIn: tool.builtIn ?? false,
    ...(tool.exitCode !== undefined && { exitCode: tool.exitCode }),
  };
}

/**
 * Takes the tool calls of a thread that are final out of the state. A call is final when both its hook and its record
 * are there; when its record is there and the thread went on to its next request a while ago (no hook will come any more);
 * or when the thread is over.
 * @param wentOn up to when requests of the thread are so old that every hook before them was folded
 */
export function settleTools(turn: TurnState, thread: string, wentOn: Millis, over: boolean): ToolNode[] {
  const nodes: ToolNode[] = [];
  for (const tool of Object.values(turn.tools)) {
    if (tool.thread !== thread) continue;
    const recorded = tool.result !== undefined;
    const goneOn = tool.result !== undefined && wentOn >= tool.result.at;
    const placed = tool.parent !== undefined;
    if (!over && !(recorded && placed && (tool.end !== undefined || goneOn))) continue;
    nodes.push(toolNode(turn, tool));
    delete turn.tools[tool.callId];
    turn.done[toolKey(tool.callId)] = true;
  }
  if (over && thread === MAIN_THREAD) nodes.push(...takeSightings(turn).map((tool) => toolNode(turn, tool)));
  return nodes;
}
