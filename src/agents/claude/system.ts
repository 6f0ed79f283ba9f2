/** System records: failed attempts, compactions, the end of a turn. */

import * as v from "valibot";
import { type Fact, MAIN_THREAD, UNNAMED_TURN } from "../../trace/facts.ts";
import type { NodeError } from "../../trace/node.ts";
import { lostAttempt } from "./calls.ts";
import type { Cursor } from "./cursor.ts";
import { releasePrompt } from "./user.ts";
import type { SystemRecord } from "./wire.ts";

const ApiError = v.looseObject({
  status: v.nullish(v.number()),
  message: v.nullish(v.string()),
  formatted: v.nullish(v.string()),
});

export function readSystem(cursor: Cursor, record: SystemRecord, at: number): Fact[] {
  switch (record.subtype) {
    case "api_error":
      return [...releasePrompt(cursor), ...failedAttempt(cursor, record, at)];
    case "compact_boundary":
      cursor.boundary = boundaryOf(record, at);
      cursor.inputAt = at;
      return [];
    case "stop_hook_summary":
    case "turn_duration":
      if (cursor.thread !== MAIN_THREAD || cursor.turn === undefined || cursor.held) return [];
      return [{ type: "turn.end", at, turn: cursor.turn, source: "recorded", outcome: "ok" }];
    default:
      return [];
  }
}

function boundaryOf(record: SystemRecord, at: number): NonNullable<Cursor["boundary"]> {
  const { trigger, durationMs, preTokens, postTokens } = record.compactMetadata ?? {};
  return {
    at,
    ...(trigger !== undefined && { trigger }),
    ...(durationMs !== undefined && { durationMs }),
    metadata: {
      ...(preTokens !== undefined && { tokens_before: preTokens }),
      ...(postTokens !== undefined && { tokens_after: postTokens }),
    },
  };
}

/** The message is the status and the body: `529 {"type":"error","error":{"type":"overloaded_error",…}}`. */
function errorOf(record: SystemRecord): { error: NodeError; status: number | undefined } {
  const parsed = v.safeParse(ApiError, record.error);
  const found = parsed.success ? parsed.output : {};
  const type = /"error":\s*\{\s*"type":\s*"([a-z_]+)"/.exec(found.message ?? "")?.[1];
  const status = found.status ?? undefined;
  const message = found.formatted ?? found.message ?? "The request failed";
  return { error: { type: type ?? (status === undefined ? "connection_error" : `http_${status}`), message }, status };
}

function failedAttempt(cursor: Cursor, record: SystemRecord, at: number): Fact[] {
  const turn = cursor.turn ?? UNNAMED_TURN;
  const { error, status } = errorOf(record);
  const metadata = {
    ...(status !== undefined && { http_status: status }),
    ...(record.retryAttempt !== undefined && { retry_attempt: record.retryAttempt }),
    ...(record.retryInMs !== undefined && { retry_in_ms: Math.round(record.retryInMs) }),
  };
  if (!cursor.recordsRequests) {
    const facts = lostAttempt(cursor, record.uuid ?? record.timestamp, turn, error, at);
    cursor.inputAt = at + (record.retryInMs ?? 0);
    return facts;
  }
  const [request, ...rest] = cursor.unanswered;
  if (!request) return [];
  // The next attempt sends the same messages; they stay in `sent`.
  cursor.unanswered = rest;
  cursor.input = [...cursor.sent, ...cursor.input];
  return [{ type: "llm.end", at, turn, thread: cursor.thread, call: request.id, outcome: "error", error, metadata }];
}
