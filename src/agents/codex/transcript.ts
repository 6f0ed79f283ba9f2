/**
 * Rollout records → facts: a pure reader that can stop after any record and go on later. One instance reads one file: the
 * session's own or a subagent's. What each record means is written in the README of this folder.
 */

import * as v from "valibot";
import type { Fact } from "../../trace/facts.ts";
import type { Guard, HistoryReader } from "../agent.ts";
import { isSaid, readSaid, readTotals, readUsage, releaseSummary } from "./answers.ts";
import { readCompacted } from "./compactions.ts";
import { ANNOUNCED_KEPT, type Cursor, emptyCursor } from "./cursor.ts";
import { readItem } from "./items.ts";
import { readTold, readTools } from "./told.ts";
import { readContext, readMeta, readTurnEnd, readTurnStart, startPrompt } from "./turns.ts";
import { Compacted, EventMessage, Line, ResponseItem, SessionMeta, TurnContext, UsageRecord } from "./wire.ts";

/** Reader of Codex's rollouts. */
export const history: HistoryReader<Cursor> = {
  initial: (source) => ({
    ...emptyCursor(),
    ...(source.role.capture === "full" && { context: { system: [], messages: [] } }),
  }),
  read: (known, record, guard) => {
    const line = v.safeParse(Line, record);
    if (!line.success) return { cursor: known, facts: [] };
    const cursor = structuredClone(known);
    return { cursor, facts: read(cursor, line.output, guard) };
  },
};

function read(cursor: Cursor, line: Line, guard: Guard): Fact[] {
  const at = Date.parse(line.timestamp);
  if (Number.isNaN(at)) return [];
  if (line.type === "session_meta")
    return parsed(SessionMeta, line.payload, (meta) => readMeta(cursor, meta, at, guard));
  // A session forked by an older version begins with the other's records, dated before its own file.
  if (cursor.thread === undefined || at < (cursor.birth ?? 0)) return [];
  switch (line.type) {
    case "turn_context":
      return parsed(TurnContext, line.payload, (context) => readContext(cursor, context));
    case "event_msg":
      return parsed(EventMessage, line.payload, (event) => readEvent(cursor, event, at, guard));
    case "response_item":
      return parsed(ResponseItem, line.payload, (item) => readResponse(cursor, item, line, at, guard));
    case "token_usage_record":
      return parsed(UsageRecord, line.payload, (usage) => readUsage(cursor, usage, at));
    case "compacted":
      return parsed(Compacted, line.payload, (compacted) => readCompacted(cursor, compacted.message ?? "", at, guard));
    default:
      return [];
  }
}

function parsed<S extends v.GenericSchema>(
  schema: S,
  value: unknown,
  use: (value: v.InferOutput<S>) => Fact[],
): Fact[] {
  const result = v.safeParse(schema, value);
  return result.success ? use(result.output) : [];
}

function readResponse(cursor: Cursor, item: ResponseItem, line: Line, at: number, guard: Guard): Fact[] {
  if (item.type === "additional_tools") return readTools(cursor, item);
  if (!isSaid(item)) return readTold(cursor, item, at, guard);
  return [
    ...releaseSummary(cursor),
    ...readSaid(cursor, item, line.metadata?.sampled_through_sequence ?? undefined, at, guard),
  ];
}

function readEvent(cursor: Cursor, event: EventMessage, at: number, guard: Guard): Fact[] {
  switch (event.type) {
    case "task_started":
      return readTurnStart(cursor, event);
    case "task_complete":
    case "turn_aborted":
      return readTurnEnd(cursor, event, at);
    case "user_message":
      return cursor.items ? [] : startPrompt(cursor, String(event.message ?? ""), at);
    case "agent_message":
      // Told without an id: whatever message is recorded next.
      cursor.announced = [...cursor.announced, ""].slice(-ANNOUNCED_KEPT);
      return [];
    case "token_count":
      return readTotals(cursor, event.info?.total_token_usage);
    case "item_completed":
      return readItem(cursor, event, at, guard);
    default:
      return [];
  }
}
