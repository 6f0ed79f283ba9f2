/** An answer while it is being recorded: its parts, and the tools that it asks for. */

import { MAIN_THREAD, type ToolResultFact, type ToolStartFact } from "../../trace/facts.ts";
import type { Millis } from "../../trace/node.ts";
import type { Guard } from "../agent.ts";
import { hookInputOf, hookNameOf, isBuiltIn, mcpServerOf, parsedJson } from "./content.ts";
import { type Cursor, INPUT_KEPT, OPEN_KEPT, type Saying, turnOf } from "./cursor.ts";
import type { ResponseItem } from "./wire.ts";

/** The tool that runs a script which calls tools. */
const SCRIPT_TOOL = "exec";

/** The tool that the provider runs itself. */
const WEB_SEARCH = "web_search";

/** The model began to answer: what was said to it until now is what the request was about. */
export function beginSaying(cursor: Cursor, sampled: number | undefined, at: Millis): Saying {
  const { input, inputAt, context } = cursor;
  cursor.input = [];
  for (const open of Object.values(cursor.open)) if (!open.running && inputAt !== undefined) open.missedAt ??= inputAt;
  return {
    parts: [],
    at,
    calls: [],
    ...(sampled !== undefined && { sampled }),
    from: inputAt ?? at,
    input: input.slice(-INPUT_KEPT),
    ...(context && { heard: context.messages.length }),
  };
}

/** The model asks for a tool. */
export function noteCall(
  cursor: Cursor,
  saying: Saying,
  item: ResponseItem,
  id: string,
  at: Millis,
  guard: Guard,
): void {
  const name = hookNameOf(item.name ?? item.type, item.namespace);
  const input = hookInputOf(name, parsedJson(item.arguments ?? item.input ?? item.action));
  if (item.type === "web_search_call") {
    saying.calls.push(...hostedCall(cursor, id, input, item.status ?? "", at).map(guard.fact));
    return;
  }
  saying.calls.push(guard.fact(toolStart(cursor, id, name, input, at)));
  cursor.open[id] = { turn: turnOf(cursor), ...(name === SCRIPT_TOOL && { script: true }) };
  const [oldest, ...others] = Object.keys(cursor.open);
  if (oldest !== undefined && others.length >= OPEN_KEPT) delete cursor.open[oldest];
}

function toolStart(cursor: Cursor, callId: string, name: string, input: unknown, at: Millis): ToolStartFact {
  const server = mcpServerOf(name);
  return {
    type: "tool.start",
    at,
    turn: turnOf(cursor),
    thread: cursor.thread ?? MAIN_THREAD,
    callId,
    name,
    input,
    builtIn: isBuiltIn(name),
    ...(server !== undefined && { mcpServer: server }),
  };
}

/** A search ran inside the model request: it is over when it is recorded. */
function hostedCall(
  cursor: Cursor,
  callId: string,
  input: unknown,
  status: string,
  at: Millis,
): (ToolStartFact | ToolResultFact)[] {
  const start = toolStart(cursor, callId, WEB_SEARCH, input, Math.min(cursor.searches[callId] ?? at, at));
  delete cursor.searches[callId];
  const { turn, thread } = start;
  const failed = status === "failed";
  const error = { type: "tool_error", message: "The search failed" };
  const outcome = failed ? "error" : "ok";
  return [start, { type: "tool.result", at, turn, thread, callId, outcome, ...(failed && { error }) }];
}

/** True when two parts were made by different requests. */
export function isOther(known: number | undefined, sampled: number | undefined): boolean {
  return known !== undefined && sampled !== undefined && known !== sampled;
}

/** Codex shows every message to the user before it records it, but for the summaries of compactions. */
export function takeAnnouncement(cursor: Cursor, item: ResponseItem): boolean {
  const key = item.id ?? "";
  const position = cursor.announced.findIndex((one) => one === key || one === "");
  if (position < 0) return false;
  cursor.announced.splice(position, 1);
  return true;
}
