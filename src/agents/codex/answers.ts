/** Model calls in a rollout: what the model said, gathered until its tokens are recorded. */

import { type Fact, MAIN_THREAD } from "../../trace/facts.ts";
import type { Millis, NodeError, Outcome, Usage } from "../../trace/node.ts";
import type { Guard } from "../agent.ts";
import { providerOf, saidParts, usageOf } from "./content.ts";
import { type Cursor, type Saying, type Summary, turnOf } from "./cursor.ts";
import { beginSaying, isOther, noteCall, takeAnnouncement } from "./saying.ts";
import type { ResponseItem, TokenUsage, UsageRecord } from "./wire.ts";

/** Models of OpenAI by name; others are served over its API too. */
const OPENAI_MODEL = /^(gpt|o\d|codex|chatgpt)/;

/** Something that the model said was recorded. */
export function readSaid(
  cursor: Cursor,
  item: ResponseItem,
  sampled: number | undefined,
  at: Millis,
  guard: Guard,
): Fact[] {
  const known = cursor.saying;
  const other = known !== undefined && (known.closed === true || isOther(known.sampled, sampled));
  const before = other ? endUnrecorded(cursor) : [];
  cursor.saying ??= beginSaying(cursor, sampled, at);
  const { saying } = cursor;
  const said = guard.message({ role: "assistant", parts: saidParts(item) }, cursor.thread ?? MAIN_THREAD);
  saying.parts.push(...said.parts);
  saying.at = at;
  if (item.type === "message" && !takeAnnouncement(cursor, item)) saying.unannounced = true;
  if (item.type.startsWith("compaction") || item.type === "context_compaction") saying.unannounced = true;
  for (const part of said.parts) if (part.type === "tool_call") noteCall(cursor, saying, item, part.id, at, guard);
  return before;
}

/** The response is complete and its tokens are known. */
export function readUsage(cursor: Cursor, record: UsageRecord, at: Millis): Fact[] {
  cursor.recordsUsage = true;
  const usage = usageOf(record.usage);
  return endAnswer(cursor, at, usage, record.response_id ?? undefined);
}

/** Versions without usage records: a call's tokens are what the totals grew by. */
export function readTotals(cursor: Cursor, totals: TokenUsage | null | undefined): Fact[] {
  if (cursor.recordsUsage || !totals) return [];
  const grown = difference(totals, cursor.totals);
  cursor.totals = totals;
  if (!cursor.saying || (grown.input_tokens ?? 0) + (grown.output_tokens ?? 0) <= 0) return [];
  return endAnswer(cursor, cursor.saying.at, usageOf(grown), undefined);
}

const COUNTS = [
  "input_tokens",
  "cached_input_tokens",
  "cache_write_input_tokens",
  "output_tokens",
  "reasoning_output_tokens",
] as const;

function difference(now: TokenUsage, before: TokenUsage | undefined): TokenUsage {
  return Object.fromEntries(
    COUNTS.flatMap((name) => (typeof now[name] === "number" ? [[name, now[name] - (before?.[name] ?? 0)]] : [])),
  );
}

function endAnswer(cursor: Cursor, at: Millis, usage: Usage | undefined, responseId: string | undefined): Fact[] {
  const saying = cursor.saying ?? beginSaying(cursor, undefined, at);
  delete cursor.saying;
  const summary: Summary = { saying, at, ...(usage && { usage }), ...(responseId && { responseId }) };
  if (saying.unannounced) {
    const before = releaseSummary(cursor);
    cursor.summary = summary;
    return before;
  }
  return answerFacts(cursor, summary, { outcome: "ok" });
}

/** What looked like a summary was an answer. */
export function releaseSummary(cursor: Cursor): Fact[] {
  const { summary } = cursor;
  if (!summary) return [];
  delete cursor.summary;
  return answerFacts(cursor, summary, { outcome: "ok" });
}

/** An answer whose tokens were never recorded: whole when something was said to the model after it, else cut off. */
export function endUnrecorded(cursor: Cursor, why: { outcome: Outcome; error?: NodeError } = CUT): Fact[] {
  const { saying } = cursor;
  if (!saying) return [];
  delete cursor.saying;
  return answerFacts(cursor, { saying, at: saying.at }, saying.closed ? { outcome: "ok" } : { ...why, cut: true });
}

const CUT = { outcome: "error", error: { type: "stream_error", message: "The response was cut off" } } as const;

interface End {
  readonly outcome: Outcome;
  readonly error?: NodeError;
  readonly cut?: boolean;
}

/** @param compaction start of the compaction that the call served */
export function answerFacts(cursor: Cursor, answer: Summary, end: End, compaction?: Millis): Fact[] {
  const turn = turnOf(cursor);
  const thread = cursor.thread ?? MAIN_THREAD;
  const { saying, at, usage, responseId } = answer;
  const call = responseId ?? `${cursor.turn ?? ""}#${cursor.ordinal++}`;
  const base = { turn, thread, call };
  const began = compaction === undefined ? startTurn(cursor, saying.from) : [];
  const output: Fact = {
    type: "llm.output",
    at,
    ...base,
    index: 0,
    parts: saying.parts,
    ...(responseId && { responseId }),
    ...(cursor.model && { model: cursor.model }),
    ...(usage && { usage }),
  };
  const start: Fact = {
    ...request(cursor, saying, base, compaction ?? saying.from),
    ...(compaction === undefined ? { loose: true } : { compaction: true }),
  };
  const finish: Fact = { type: "llm.end", at, ...base, ...end, ...(end.cut && { loose: true }) };
  if (cursor.context) {
    cursor.context.messages.splice(saying.heard ?? 0, 0, { role: "assistant", parts: saying.parts });
  }
  return [
    ...began,
    // Compactions have no hooks to be found by their time; every other call is found by when it was answered.
    ...(compaction === undefined ? [output, start] : [start, output]),
    finish,
    ...saying.calls,
  ];
}

function request(
  cursor: Cursor,
  saying: Saying,
  base: { turn: string; thread: string; call: string },
  at: Millis,
): Extract<Fact, { type: "llm.start" }> {
  const { provider, model, parameters, context } = cursor;
  const input = context ? [...context.system, ...context.messages.slice(0, saying.heard)] : saying.input;
  return {
    type: "llm.start",
    at,
    ...base,
    ...(model && { model }),
    ...(provider && { provider: providerOf(provider) }),
    ...(model && OPENAI_MODEL.test(model) && { system: "openai" }),
    ...(parameters && { parameters }),
    input,
    ...(context?.tools && { tools: context.tools }),
  };
}

/** A turn of the main agent that began without a prompt of the user. */
function startTurn(cursor: Cursor, at: Millis): Fact[] {
  if (cursor.thread !== MAIN_THREAD || cursor.started || !cursor.turn) return [];
  cursor.started = true;
  return [{ type: "turn.start", at, turn: turnOf(cursor) }];
}

/** True for records that the model made. */
export function isSaid(item: ResponseItem): boolean {
  if (item.type === "message") return item.role === "assistant";
  return !item.type.endsWith("_output") && item.type !== "agent_message" && item.type !== "additional_tools";
}
