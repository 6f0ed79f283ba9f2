/** `item_completed`: what Codex keeps of everything that was done. */

import * as v from "valibot";
import { type Fact, MAIN_THREAD, type ToolResultFact } from "../../trace/facts.ts";
import type { Millis } from "../../trace/node.ts";
import type { Guard } from "../agent.ts";
import { endCompaction } from "./compactions.ts";
import { isBuiltIn, mcpServerOf, textOf } from "./content.ts";
import { ANNOUNCED_KEPT, type Cursor, turnOf } from "./cursor.ts";
import { callOfItem, verdictOfItem } from "./results.ts";
import { startPrompt } from "./turns.ts";
import { type EventMessage, Item } from "./wire.ts";

export function readItem(cursor: Cursor, event: EventMessage, at: Millis, guard: Guard): Fact[] {
  const parsed = v.safeParse(Item, event.item);
  if (!parsed.success) return [];
  cursor.items = true;
  const item = parsed.output;
  switch (item.type) {
    case "UserMessage":
      return event.turn_id === cursor.turn ? startPrompt(cursor, textOf(item.content), at) : [];
    case "AgentMessage":
      cursor.announced = [...cursor.announced, item.id].slice(-ANNOUNCED_KEPT);
      return [];
    case "ContextCompaction":
      return endCompaction(cursor, event.started_at_ms ?? at, event.completed_at_ms ?? at, guard);
    case "WebSearch":
      cursor.searches[item.id] = event.started_at_ms ?? at;
      return [];
    case "SubAgentActivity":
      return item.kind === "started" && item.agent_thread_id ? spawn(cursor, item.id, item.agent_thread_id, at) : [];
    default:
      return [...spawns(cursor, item, at), ...readCall(cursor, item, event, at, guard)];
  }
}

/** A tool call was done. Those that the model asked for get a record of their output too; those of scripts do not. */
function readCall(cursor: Cursor, item: Item, event: EventMessage, at: Millis, guard: Guard): Fact[] {
  const verdict = verdictOfItem(item);
  if (!verdict) return [];
  const thread = cursor.thread ?? MAIN_THREAD;
  const ended = event.completed_at_ms ?? at;
  const open = cursor.open[item.id];
  const result: ToolResultFact = {
    type: "tool.result",
    at: ended,
    turn: open?.turn ?? turnOf(cursor),
    thread,
    callId: item.id,
    ...verdict,
  };
  if (open && !open.running) {
    open.result = guard.fact(result);
    return [];
  }
  if (open) {
    delete cursor.open[item.id];
    return [result];
  }
  const script = scriptOf(cursor);
  if (script === undefined) return [];
  const { name, input } = callOfItem(item);
  const server = mcpServerOf(name);
  return [
    {
      type: "tool.start",
      at: Math.min(event.started_at_ms ?? ended, ended),
      turn: result.turn,
      thread,
      callId: item.id,
      name,
      input,
      builtIn: isBuiltIn(name),
      parentCall: script,
      ...(server !== undefined && { mcpServer: server }),
    },
    result,
  ];
}

/** The script that runs now: the newest one without an output. */
function scriptOf(cursor: Cursor): string | undefined {
  return Object.entries(cursor.open).findLast(([, open]) => open.script)?.[0];
}

/** The older tools for subagents tell in their item whom they started. */
function spawns(cursor: Cursor, item: Item, at: Millis): Fact[] {
  if (item.type !== "CollabAgentToolCall" || !item.tool?.startsWith("spawn")) return [];
  return (item.receiver_thread_ids ?? []).flatMap((agentId) => spawn(cursor, item.id, agentId, at));
}

function spawn(cursor: Cursor, callId: string, agentId: string, at: Millis): Fact[] {
  if (cursor.spawned.includes(agentId)) return [];
  cursor.spawned.push(agentId);
  return [{ type: "agent.link", at, turn: turnOf(cursor), agentId, callId }];
}
