/** Tool calls: their start, permission dialogs, end. */

import type * as v from "valibot";
import type { Fact } from "../../trace/facts.ts";
import type { NodeError } from "../../trace/node.ts";
import type { Guard } from "../agent.ts";
import { say } from "./calls.ts";
import { argumentsOf, isBuiltIn, textOf } from "./content.ts";
import { type Cursor, forgetOldest, threadOf } from "./cursor.ts";
import type { PermissionAnsweredData, PermissionAskedData, ToolEndData, ToolStartData } from "./wire.ts";

/** How the kinds of answers begin that let a tool run: `approved`, `approved-for-session` … */
const APPROVED = "approved";

/** Result of a command that goes on in the background. */
const BACKGROUND_SHELL = /^<command started in (?:detached )?background with shellId: ([^>]+)>$/;

/** A code that says no more than that there was an error. */
const NO_CODE = "failure";

export function readToolStart(
  cursor: Cursor,
  id: string,
  data: v.InferOutput<typeof ToolStartData>,
  at: number,
  guard: Guard,
): Fact[] {
  if (cursor.madeUp?.includes(data.toolCallId)) return [];
  const { turn } = threadOf(cursor, id);
  const { toolCallId: callId, toolName: name, mcpServerName } = data;
  const builtIn = isBuiltIn(name, mcpServerName);
  const fact = {
    type: "tool.start" as const,
    at,
    turn,
    thread: id,
    callId,
    name,
    input: argumentsOf(data.arguments),
    builtIn,
    ...(mcpServerName !== undefined && { mcpServer: mcpServerName }),
  };
  cursor.tools[callId] = { turn, thread: id, name: guard.fact(fact).name, builtIn };
  forgetOldest(cursor.tools);
  return [fact];
}

export function readPermissionAsked(
  cursor: Cursor,
  { requestId, permissionRequest }: v.InferOutput<typeof PermissionAskedData>,
  at: number,
): Fact[] {
  const callId = permissionRequest?.toolCallId;
  const tool = callId === undefined ? undefined : cursor.tools[callId];
  if (callId === undefined || !tool) return [];
  cursor.asked[requestId] = callId;
  forgetOldest(cursor.asked);
  const { turn, thread, name, builtIn } = tool;
  return [{ type: "tool.permission", at, turn, thread, callId, name, builtIn }];
}

export function readPermissionAnswered(
  cursor: Cursor,
  data: v.InferOutput<typeof PermissionAnsweredData>,
  at: number,
): void {
  const tool = cursor.tools[data.toolCallId ?? cursor.asked[data.requestId] ?? ""];
  delete cursor.asked[data.requestId];
  if (tool) tool.decided = { at, kind: data.result?.kind ?? APPROVED };
}

function errorOf(data: ToolEndData, kind: string | undefined): NodeError {
  const { code, message } = data.error ?? {};
  const named = code && code !== NO_CODE ? code : undefined;
  const refused = kind?.startsWith(APPROVED) ? undefined : kind;
  return {
    type: refused ?? named ?? "tool_error",
    message: message ?? textOf(data.result?.content) ?? "The tool call failed",
  };
}

export function readToolEnd(cursor: Cursor, id: string, data: ToolEndData, at: number, guard: Guard): Fact[] {
  const { toolCallId: callId } = data;
  const tool = cursor.tools[callId];
  delete cursor.tools[callId];
  const thread = threadOf(cursor, tool?.thread ?? id);
  const base = { at, turn: tool?.turn ?? thread.turn, thread: tool?.thread ?? id, callId };
  const failed = data.success === false;
  const outcome = failed ? ("error" as const) : ("ok" as const);
  const error = failed ? errorOf(data, tool?.decided?.kind) : undefined;
  const text = error?.message ?? textOf(data.result?.content) ?? "";
  say(thread, base.thread, { role: "tool", toolCallId: callId, parts: [{ type: "text", text }] }, guard);
  if (cursor.madeUp?.includes(callId)) return [];
  const shell = BACKGROUND_SHELL.exec(text)?.[1];
  if (shell !== undefined) {
    cursor.background[`shell:${shell}`] = callId;
    forgetOldest(cursor.background);
  }
  const decided = tool?.decided;
  const ran = decided === undefined || decided.kind.startsWith(APPROVED);
  const background = Object.values(cursor.background).includes(callId);
  const exitCode = data.shellExecution?.exitCode;
  const ended: Fact = {
    type: "tool.end",
    ...base,
    outcome,
    ...(decided && { durationMs: at - decided.at }),
    ...(background && { background, metadata: { background } }),
  };
  return [
    ...(ran ? [ended] : []),
    {
      type: "tool.result",
      ...base,
      outcome,
      output: text,
      ...(error && { error }),
      ...(typeof exitCode === "number" && { exitCode }),
      metadata: { ...(decided && { permission_decision: decided.kind }) },
    },
  ];
}
