/** Model calls in a transcript: requests (one record per attempt) and answers (one record per content block). */

import { type Fact, MAIN_THREAD, UNNAMED_TURN } from "../../trace/facts.ts";
import type { NodeError } from "../../trace/node.ts";
import type { Guard } from "../agent.ts";
import { partsOf, providerOf, textOf, usageMetadata, usageOf } from "./content.ts";
import { inputOf, noteSaid } from "./context.ts";
import { type Cursor, REFS_KEPT, type SentRequest } from "./cursor.ts";
import { releasePrompt } from "./user.ts";
import type { ApiRequestRecord, AssistantRecord } from "./wire.ts";

/** Model name of answers that Claude Code wrote itself. */
const SYNTHETIC = "<synthetic>";

/** A request was sent. */
export function readRequest(cursor: Cursor, record: ApiRequestRecord, at: number): Fact[] {
  const turn = cursor.turn ?? UNNAMED_TURN;
  // An attempt after an unanswered one sends the same messages again.
  const messages = cursor.unanswered.length > 0 ? [...cursor.sent, ...cursor.input] : cursor.input;
  cursor.recordsRequests = true;
  cursor.unanswered.push({ id: record.id, at });
  cursor.refs = [...cursor.refs, record.id].slice(-REFS_KEPT);
  cursor.sent = messages;
  cursor.input = [];
  const { model, ...parameters } = record.params ?? {};
  const full = cursor.context && inputOf(cursor.context, record);
  return [
    ...releasePrompt(cursor),
    {
      type: "llm.start",
      at,
      turn,
      thread: cursor.thread,
      call: record.id,
      ...(typeof model === "string" && { model }),
      provider: "anthropic",
      system: "anthropic",
      parameters,
      input: full?.input ?? messages,
      ...(full && { tools: full.tools }),
      metadata: { request: record.id, ...(record.querySource && { query_source: record.querySource }) },
    },
  ];
}

/** A content block of an answer is complete, or Claude Code wrote an answer itself. */
export function readAnswer(cursor: Cursor, record: AssistantRecord, at: number, guard: Guard): Fact[] {
  if (record.message.model === SYNTHETIC) return record.isApiErrorMessage ? apiError(cursor, record, at) : [];
  const { requestRef } = record;
  if (requestRef !== undefined && !cursor.refs.includes(requestRef)) {
    // Its request is not in this file: copied with the history of the session that this one was forked from.
    delete cursor.held;
    return [];
  }
  const released = releasePrompt(cursor);
  const call = requestRef ?? record.message.id ?? record.requestId ?? "";
  const first = cursor.answer?.call !== call;
  const turn = first ? (cursor.turn ?? UNNAMED_TURN) : (cursor.answer?.turn ?? UNNAMED_TURN);
  const begun = first ? beginAnswer(cursor, call, requestRef, turn, at) : [];
  if (first) cursor.answer = { call, turn, pieces: 0 };
  const position = record.apiBlockIndex ?? cursor.answer?.pieces ?? 0;
  if (cursor.answer) cursor.answer.pieces += 1;
  const parts = partsOf(record.message.content);
  for (const part of parts) if (part.type === "tool_call") cursor.open[part.id] = turn;
  if (cursor.context) noteSaid(cursor.context, "assistant", guard.message({ role: "assistant", parts }, cursor.thread));
  const usage = usageOf(record.message.usage);
  const stop = record.message.stop_reason;
  return [
    ...released,
    ...begun,
    {
      type: "llm.output",
      at,
      turn,
      thread: cursor.thread,
      call,
      index: position,
      parts,
      ...(record.message.id && { responseId: record.message.id }),
      ...(record.message.model && { model: record.message.model }),
      ...(usage && { usage }),
      ...(stop && { finishReason: stop }),
      metadata: {
        ...(record.requestId && { request_id: record.requestId }),
        ...(record.effort && { effort: record.effort }),
        ...usageMetadata(record.message.usage),
      },
    },
    ...answerEnd(cursor, record, call, turn, at),
  ];
}

function beginAnswer(cursor: Cursor, call: string, ref: string | undefined, turn: string, at: number): Fact[] {
  if (ref === undefined) {
    // Versions that record no requests: the answer followed what was last said to the model.
    const input = cursor.input;
    cursor.input = [];
    return [
      {
        type: "llm.start",
        at: Math.min(cursor.inputAt ?? at, at),
        turn,
        thread: cursor.thread,
        call,
        provider: providerOf(call),
        system: "anthropic",
        input,
      },
    ];
  }
  const position = cursor.unanswered.findIndex((request) => request.id === ref);
  const failed = position < 0 ? [] : cursor.unanswered.slice(0, position);
  const facts = failAttempts(cursor, failed, { type: "unanswered", message: "The request got no answer" }, at, turn);
  cursor.unanswered = position < 0 ? cursor.unanswered : cursor.unanswered.slice(position + 1);
  return facts;
}

/** Each attempt failed before the next one was sent. */
function failAttempts(
  cursor: Cursor,
  failed: readonly SentRequest[],
  error: NodeError,
  last: number,
  turn: string,
): Fact[] {
  return failed.map((request, index): Fact => {
    const next = failed[index + 1] ?? cursor.unanswered[cursor.unanswered.indexOf(request) + 1];
    return {
      type: "llm.end",
      at: next?.at ?? last,
      turn,
      thread: cursor.thread,
      call: request.id,
      outcome: "error",
      error,
    };
  });
}

function answerEnd(cursor: Cursor, record: AssistantRecord, call: string, turn: string, at: number): Fact[] {
  if (record.isAbortedMidStream) {
    const error = { type: "interrupted", message: "The response was interrupted" };
    return [{ type: "llm.end", at, turn, thread: cursor.thread, call, outcome: "interrupted", error, cut: true }];
  }
  const stop = record.message.stop_reason;
  if (cursor.thread === MAIN_THREAD || !stop || stop === "tool_use") return [];
  const output = textOf(record.message.content);
  return [{ type: "agent.end", at, turn, agentId: cursor.thread, source: "recorded", outcome: "ok", output }];
}

/** The API failed for good: every attempt that got no answer failed, and so did the turn (or the subagent). */
function apiError(cursor: Cursor, record: AssistantRecord, at: number): Fact[] {
  const turn = cursor.turn ?? UNNAMED_TURN;
  const message = textOf(record.message.content);
  const type = record.apiErrorType ?? record.error ?? "api_error";
  const error: NodeError = { type, message };
  const released = releasePrompt(cursor);
  const attempts = cursor.recordsRequests
    ? failAttempts(cursor, cursor.unanswered, error, at, turn)
    : lostAttempt(cursor, record.uuid ?? record.timestamp, turn, error, at);
  cursor.unanswered = [];
  const end = { at, turn, source: "recorded" as const, outcome: "error" as const, error };
  return [
    ...released,
    ...attempts,
    cursor.thread === MAIN_THREAD
      ? { type: "turn.end", ...end }
      : { type: "agent.end", agentId: cursor.thread, ...end },
  ];
}

/** A failed attempt of a version that records no requests. */
export function lostAttempt(cursor: Cursor, call: string, turn: string, error: NodeError, at: number): Fact[] {
  const base = { turn, thread: cursor.thread, call };
  return [
    {
      type: "llm.start",
      at: Math.min(cursor.inputAt ?? at, at),
      ...base,
      provider: "anthropic",
      system: "anthropic",
      input: cursor.input,
    },
    { type: "llm.end", at, ...base, outcome: "error", error },
  ];
}
