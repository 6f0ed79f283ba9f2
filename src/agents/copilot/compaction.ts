/** Compactions, each with its model request: inside the turn that they interrupt, or a turn of their own. */

import type * as v from "valibot";
import type { Fact } from "../../trace/facts.ts";
import type { Guard } from "../agent.ts";
import { say } from "./calls.ts";
import { errorOf, systemOf, textOf, usageOf } from "./content.ts";
import { noteSummary } from "./context.ts";
import { type Cursor, threadOf } from "./cursor.ts";
import type { CompactionData, ModelCallData, UsageData } from "./wire.ts";

export function readCompactionStart(
  cursor: Cursor,
  id: string,
  record: string,
  data: CompactionData,
  at: number,
): Fact[] {
  const turn =
    cursor.open && cursor.turn !== undefined ? threadOf(cursor, id).turn : (data.compactionAttemptId ?? record);
  cursor.compaction = { turn, thread: id };
  return [
    {
      type: "compaction.start",
      at,
      turn,
      thread: id,
      ...(data.trigger && { trigger: data.trigger }),
    },
  ];
}

/** The compaction's request was answered. */
export function readModelCall(
  cursor: Cursor,
  record: string,
  data: v.InferOutput<typeof ModelCallData>,
  at: number,
): void {
  const responseId = data.modelCall?.api_id;
  if (!cursor.compaction) return;
  cursor.compaction.request = {
    call: record,
    at,
    durationMs: data.modelCallDurationMs ?? 0,
    ...(responseId && { responseId }),
  };
}

/** A usage record while a compaction runs and nothing else was asked. */
export function readCompactionUsage(cursor: Cursor, record: string, data: UsageData, at: number): void {
  if (!cursor.compaction) return;
  cursor.compaction.request = {
    call: record,
    at,
    durationMs: data.duration ?? 0,
    ...(data.apiCallId && { responseId: data.apiCallId }),
  };
}

export function readCompactionEnd(
  cursor: Cursor,
  id: string,
  record: string,
  data: CompactionData,
  at: number,
  guard: Guard,
): Fact[] {
  const { turn, thread, request } = cursor.compaction ?? { turn: data.compactionAttemptId ?? record, thread: id };
  delete cursor.compaction;
  const summary = data.summaryContent;
  const talk = threadOf(cursor, thread);
  if (summary) {
    const message = { role: "user" as const, parts: [{ type: "text" as const, text: summary }] };
    talk.input = [];
    say(talk, thread, message, guard);
    if (talk.context) noteSummary(talk.context, guard.message(message, thread));
  }
  const error = data.success === false ? errorOf(textOf(data.error), "compaction_error") : undefined;
  return [
    ...modelCall(turn, thread, record, data, request ?? { call: record, at, durationMs: 0 }),
    {
      type: "compaction.end",
      at,
      turn,
      thread,
      ...(data.trigger && { trigger: data.trigger }),
      ...(summary && { output: summary }),
      ...(error && { error }),
      metadata: {
        ...(typeof data.preCompactionTokens === "number" && { tokens_before: data.preCompactionTokens }),
        ...(typeof data.postCompactionTokens === "number" && { tokens_after: data.postCompactionTokens }),
        ...(typeof data.messagesRemoved === "number" && { messages_removed: data.messagesRemoved }),
      },
    },
  ];
}

/** The tokens are the sum of all requests of the compaction; more than one is rare, and then they cannot be told apart. */
function modelCall(
  turn: string,
  thread: string,
  record: string,
  { compactionTokensUsed: used, summaryContent }: CompactionData,
  request: NonNullable<NonNullable<Cursor["compaction"]>["request"]>,
): Fact[] {
  if (!used) return [];
  const { call, at, responseId } = request;
  const durationMs = request.durationMs || used.duration || 0;
  const base = { turn, thread, call };
  const system = systemOf(used.model);
  const requests = used.requestCount ?? 1;
  return [
    {
      ...base,
      type: "llm.start",
      at: at - durationMs,
      compaction: true,
      ...(used.model && { model: used.model }),
      ...(system && { system }),
      metadata: { ...(requests > 1 && { requests }), ...(call === record && { times: "estimated" }) },
    },
    {
      ...base,
      type: "llm.output",
      at,
      index: 0,
      parts: summaryContent ? [{ type: "text", text: summaryContent }] : [],
      usage: usageOf(used),
      ...(used.model && { model: used.model }),
      ...(responseId && { responseId }),
    },
    { ...base, type: "llm.end", at, outcome: "ok", ...(durationMs > 0 && { durationMs }) },
  ];
}
