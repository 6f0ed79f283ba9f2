/** What is said to the model: messages, and the outputs of its tool calls. */

import { type Fact, MAIN_THREAD, type ToolResultFact } from "../../trace/facts.ts";
import type { Message, Millis, Part } from "../../trace/node.ts";
import type { Guard } from "../agent.ts";
import { releaseSummary } from "./answers.ts";
import { partsOf, textOf } from "./content.ts";
import { type Cursor, turnOf } from "./cursor.ts";
import { isRunning, verdictOf } from "./results.ts";
import type { ResponseItem } from "./wire.ts";

/** A message that the next request carries. */
export function say(cursor: Cursor, message: Message, at: Millis, guard: Guard): void {
  const kept = guard.message(message, cursor.thread ?? MAIN_THREAD);
  cursor.inputAt = at;
  if (cursor.saying) cursor.saying.closed = true;
  if (cursor.context) cursor.context.messages.push(kept);
  else cursor.input.push(kept);
}

/** The tools of models that get them as part of the conversation. */
export function readTools(cursor: Cursor, item: ResponseItem): Fact[] {
  if (!cursor.context || !Array.isArray(item.tools)) return [];
  cursor.context.tools = item.tools.map((tool: { name?: unknown }) => ({
    name: String(tool.name ?? "tool"),
    schema: tool,
    builtIn: !String(tool.name).startsWith("mcp__"),
  }));
  return [];
}

export function readTold(cursor: Cursor, item: ResponseItem, at: Millis, guard: Guard): Fact[] {
  const before = releaseSummary(cursor);
  if (item.type.endsWith("_output")) return [...before, ...readOutput(cursor, item, at, guard)];
  const role = item.role === "developer" || item.role === "system" ? "system" : "user";
  const parts = partsOf(item.content);
  say(cursor, { role, parts: isFromAgent(item) ? parts.map(asToolContent) : parts }, at, guard);
  return before;
}

/** What another agent answered is a tool's output, though a message carries it. */
function isFromAgent(item: ResponseItem): boolean {
  return item.type === "agent_message" || textOf(item.content).startsWith("<subagent_notification>");
}

function asToolContent(part: Part): Part {
  return part.type === "text" ? { ...part, content: "tool_content" } : part;
}

function readOutput(cursor: Cursor, item: ResponseItem, at: Millis, guard: Guard): Fact[] {
  const callId = item.call_id ?? "";
  const text = textOf(item.output);
  say(cursor, { role: "tool", toolCallId: callId, parts: [{ type: "text", text }] }, at, guard);
  const open = cursor.open[callId];
  const verdict = verdictOf(text);
  const fact: ToolResultFact = {
    type: "tool.result",
    at,
    turn: open?.turn ?? turnOf(cursor),
    thread: cursor.thread ?? MAIN_THREAD,
    callId,
    ...verdict,
    ...(open?.script && { contains: true }),
  };
  if (isRunning(text) && cursor.items && open && !open.result) {
    // Its item will tell how it ended.
    open.running = true;
    open.result = guard.fact(fact);
    return [];
  }
  delete cursor.open[callId];
  // The item knows the exit code and the whole output; where it knows no output, the model's text does.
  return [open?.result ? { ...fact, ...open.result, output: open.result.output ?? fact.output } : fact];
}
