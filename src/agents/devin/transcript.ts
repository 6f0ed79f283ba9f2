/** Messages of Devin's database → facts: a pure reader. What each message means is written in the README of this folder. */

import * as v from "valibot";
import { type Fact, MAIN_THREAD } from "../../trace/facts.ts";
import type { Guard, HistoryReader } from "../agent.ts";
import { answerParts, calledOf, isBuiltIn, mcpServerOf, messageOf, textOf, usageOf } from "./content.ts";
import { type Cursor, emptyCursor, type Thread } from "./cursor.ts";
import type { DevinRecord } from "./follow.ts";
import { ChatMessage, NodeNotes } from "./wire.ts";

type MessageRecord = Extract<DevinRecord, { kind: "message" }>;

/** How a call that started a subagent in the background names it. */
const STARTED_AGENT = /\bagent_id=([0-9a-zA-Z_-]+)/;

/** Reader of Devin's records, as `follow` gives them. */
export const history: HistoryReader<Cursor> = {
  initial: () => emptyCursor(),
  read: (known, record, guard) => {
    const cursor = structuredClone(known);
    return { cursor, facts: read(cursor, record as DevinRecord, guard) };
  },
};

function read(cursor: Cursor, record: DevinRecord, guard: Guard): Fact[] {
  switch (record.kind) {
    case "session": {
      const { at, cwd, mode } = record;
      return [{ type: "session", at, metadata: { ...(cwd && { cwd }), ...(mode && { "devin.agent_mode": mode }) } }];
    }
    case "message":
      return readMessage(cursor, record, guard);
    case "cost":
      return costFacts(cursor, record);
    default:
      return [];
  }
}

function costFacts({ turn }: Cursor, { at, acu, credits }: Extract<DevinRecord, { kind: "cost" }>): Fact[] {
  if (turn === undefined) return [];
  const metadata = {
    ...(acu && { "devin.session_acu": acu.total }),
    ...(acu?.delta !== undefined && { "devin.acu": acu.delta }),
    ...(credits && { "devin.session_credits": credits.total }),
    ...(credits?.delta !== undefined && { "devin.credits": credits.delta }),
  };
  return [{ type: "turn.note", at, turn, metadata }];
}

function readMessage(cursor: Cursor, record: MessageRecord, guard: Guard): Fact[] {
  const parsed = v.safeParse(ChatMessage, record.message);
  if (!parsed.success) return [];
  const message = parsed.output;
  const notes = v.safeParse(NodeNotes, record.notes);
  const { summarized_from: summarized, is_system_prefix: isPrefix } = notes.success ? notes.output : {};
  if (record.prompt !== undefined) return startTurn(cursor, record, message, guard);
  // What Devin tells every model beforehand, and what was before the first prompt.
  if (isPrefix || cursor.turn === undefined) return [];
  const { turn } = cursor;
  if (typeof summarized === "number") return readSummary(cursor, record, message, turn, summarized, guard);
  switch (message.role) {
    case "assistant":
      return readAnswer(cursor, record, message, turn);
    case "tool":
      return readResult(cursor, record, message, turn, guard);
    default: {
      const starts = startSubagent(cursor, record, message, turn);
      hear(cursor, record, message, undefined, guard);
      return [...starts, ...endBackground(message, record, turn)];
    }
  }
}

function threadOf(cursor: Cursor, { thread, at }: MessageRecord): Thread {
  const known = cursor.threads[thread];
  if (known) return known;
  const opened: Thread = { input: [], at, pieces: 0 };
  cursor.threads[thread] = opened;
  return opened;
}

/** The next request of the thread will have it. */
function hear(
  cursor: Cursor,
  record: MessageRecord,
  message: ChatMessage,
  callId: string | undefined,
  guard: Guard,
): void {
  const thread = threadOf(cursor, record);
  thread.input = [...thread.input, guard.message(messageOf(message, callId), record.thread)];
  thread.at = Math.max(thread.at, record.at);
}

function startTurn(cursor: Cursor, record: MessageRecord, message: ChatMessage, guard: Guard): Fact[] {
  const { at, id, prompt: index = 1, joined } = record;
  cursor.turn = id;
  cursor.calls = {};
  cursor.threads = { [MAIN_THREAD]: { input: [], at, pieces: 0 } };
  hear(cursor, record, message, undefined, guard);
  return [
    {
      type: "turn.start",
      at,
      turn: id,
      index,
      prompt: textOf(message.content),
      ...(joined && { live: true as const }),
    },
  ];
}

function startSubagent(cursor: Cursor, record: MessageRecord, message: ChatMessage, turn: string): Fact[] {
  const { thread, at } = record;
  if (thread === MAIN_THREAD || message.role !== "user" || cursor.threads[thread]) return [];
  return [{ type: "agent.start", at, turn, agentId: thread, input: textOf(message.content) }];
}

/** A message to the agent tells that a subagent in the background is done. */
function endBackground(message: ChatMessage, { at, thread }: MessageRecord, turn: string): Fact[] {
  const agentId = message.metadata?.extensions?.["subagent/agent_id"];
  if (!agentId || thread !== MAIN_THREAD) return [];
  const output = textOf(message.content);
  return [{ type: "agent.end", at, turn, agentId, source: "recorded", outcome: "ok", output }];
}

function readAnswer(cursor: Cursor, record: MessageRecord, message: ChatMessage, turn: string): Fact[] {
  const thread = threadOf(cursor, record);
  const { metadata } = message;
  const call = metadata?.request_id ?? record.id;
  const again = thread.call === call;
  const base = { turn, thread: record.thread, call } as const;
  const facts: Fact[] = [];
  if (!again) {
    const started = Date.parse(metadata?.started_generation_at ?? "");
    const loose = Number.isNaN(started);
    facts.push({
      type: "llm.start",
      ...base,
      at: loose ? thread.at : started,
      input: thread.input,
      ...(loose && { loose }),
    });
    thread.pieces = 0;
  }
  const calls = message.tool_calls ?? [];
  for (const { id } of calls) cursor.calls[id] = (cursor.calls[id] ?? 0) + 1;
  const idOf = (id: string) => callIdOf(cursor, id);
  const model = metadata?.generation_model;
  facts.push(
    {
      type: "llm.output",
      ...base,
      at: record.at,
      index: thread.pieces,
      parts: answerParts(message, idOf),
      ...(model && { model }),
      ...(metadata?.finish_reason && { finishReason: metadata.finish_reason }),
      ...(metadata?.metrics && { usage: usageOf(metadata.metrics), metadata: timesOf(metadata.metrics) }),
    },
    { type: "llm.end", ...base, at: record.at, outcome: "ok", ...(record.loose && { loose: true }) },
    ...calls.flatMap((one): Fact[] => {
      const { name, input } = calledOf(one);
      const mcpServer = mcpServerOf(name);
      if (mcpServer === undefined) return [];
      const called = {
        turn,
        thread: record.thread,
        callId: idOf(one.id),
        name,
        input,
        builtIn: isBuiltIn(name),
        mcpServer,
      };
      return [{ type: "tool.start", at: record.at, ...called }];
    }),
  );
  cursor.threads[record.thread] = { input: [], at: record.at, call, pieces: thread.pieces + 1 };
  if (calls.length > 0 || record.thread !== MAIN_THREAD) return facts;
  const output = textOf(message.content);
  return [...facts, { type: "turn.end", at: record.at, turn, source: "recorded", outcome: "ok", output }];
}

function timesOf({
  ttft_ms,
  total_time_ms,
}: {
  ttft_ms?: number | null | undefined;
  total_time_ms?: number | null | undefined;
}) {
  return {
    ...(typeof ttft_ms === "number" && { "devin.ttft_ms": ttft_ms }),
    ...(typeof total_time_ms === "number" && { "devin.total_time_ms": total_time_ms }),
  };
}

/** The id of a call in its turn: one that comes up again is another call. */
function callIdOf({ calls }: Cursor, id: string): string {
  const count = calls[id] ?? 1;
  return count > 1 ? `${id}#${count}` : id;
}

function readResult(cursor: Cursor, record: MessageRecord, message: ChatMessage, turn: string, guard: Guard): Fact[] {
  if (!message.tool_call_id) return [];
  const callId = callIdOf(cursor, message.tool_call_id);
  hear(cursor, record, message, callId, guard);
  const { at, thread } = record;
  const extensions = message.metadata?.extensions;
  const meta = extensions?.["chisel/tool_result_meta"];
  const output = textOf(message.content);
  const failed = meta?.success === false;
  const reason = typeof meta?.failure_reason === "string" ? meta.failure_reason : "tool_error";
  const exitCode = extensions?.["chisel/terminal_output"]?.exit?.exit_code;
  const durationMs = extensions?.["chisel/tool_call_timing"]?.duration_ms;
  const base = { at, turn, thread, callId, outcome: failed ? "error" : "ok", output } as const;
  const error = failed ? { error: { type: reason, message: output } } : {};
  return [
    ...(typeof durationMs === "number" ? [{ type: "tool.end" as const, ...base, ...error, durationMs }] : []),
    {
      type: "tool.result",
      ...base,
      ...error,
      ...(typeof exitCode === "number" && { exitCode }),
      ...(record.loose && { loose: true }),
    },
    ...subagentFacts(message, callId, record, turn, failed),
  ];
}

/** The result of the call that ran a subagent, or started one in the background. */
function subagentFacts(
  message: ChatMessage,
  callId: string,
  record: MessageRecord,
  turn: string,
  failed: boolean,
): Fact[] {
  const { at } = record;
  const extensions = message.metadata?.extensions;
  const output = textOf(message.content);
  const agentId = extensions?.["subagent/agent_id"];
  if (!agentId) {
    const started = callId.includes("subagent") ? STARTED_AGENT.exec(output)?.[1] : undefined;
    return started === undefined ? [] : [{ type: "agent.link", at, turn, agentId: started, callId }];
  }
  const name = extensions?.["subagent/profile_name"];
  return [
    { type: "agent.link", at, turn, agentId, callId },
    ...(name ? [{ type: "agent.start" as const, at, turn, agentId, name }] : []),
    { type: "agent.end", at, turn, agentId, source: "recorded", outcome: failed ? "error" : "ok", output },
  ];
}

/** The conversation so far was replaced by a summary: told by a message of the model, and by one to the model. */
function readSummary(
  cursor: Cursor,
  record: MessageRecord,
  message: ChatMessage,
  turn: string,
  summarized: number,
  guard: Guard,
): Fact[] {
  const { at, thread } = record;
  const told = cursor.summarized === summarized;
  cursor.summarized = summarized;
  if (message.role !== "assistant") hear(cursor, record, message, undefined, guard);
  if (told) return [];
  const started = Date.parse(message.metadata?.started_generation_at ?? "");
  const output = textOf(message.content);
  return [
    ...(Number.isNaN(started) ? [] : [{ type: "compaction.start" as const, at: started, turn, thread }]),
    { type: "compaction.end", at, turn, thread, trigger: "auto", output },
  ];
}
