/** User records: prompts, tool results, interruptions, summaries, injected text. */

import { type Fact, MAIN_THREAD, type TurnStartFact, UNNAMED_TURN } from "../../trace/facts.ts";
import type { Message, NodeError, Outcome, Part } from "../../trace/node.ts";
import type { Guard } from "../agent.ts";
import { exitCodeOf, partsOf, textOf } from "./content.ts";
import { noteSaid } from "./context.ts";
import type { Cursor } from "./cursor.ts";
import { bashInput, isCutNotice, isInterruption, notifiedCall, opensTurn, typedPrompt } from "./prompts.ts";
import type { Block, UserRecord } from "./wire.ts";

/** The agent that only warms the cache of old versions gets this prompt. */
const WARMUP = "Warmup";

/** Written for calls that a dead process left behind, when the session is resumed: dated then, not when the tool ended. */
const LEFT_BEHIND = "[Tool call interrupted: the session ended";

export function readUser(cursor: Cursor, record: UserRecord, at: number, guard: Guard): Fact[] {
  const { content } = record.message;
  const results = typeof content === "string" ? [] : content.filter((block) => block.type === "tool_result");
  cursor.inputAt = at;
  if (results.length > 0) return results.map((block) => toolResult(cursor, record, block, at, guard));
  if (isInterruption(record)) return interruption(cursor, record, at, guard);
  if (isCutNotice(record)) return [...cutAnswer(cursor, at), ...injected(cursor, record, guard)];
  if (record.isCompactSummary) return summary(cursor, record, at, guard);
  if (cursor.thread !== MAIN_THREAD) return agentPrompt(cursor, record, at, guard);
  const command = bashInput(record);
  if (command !== undefined) {
    const turn = record.promptId ?? record.uuid ?? "";
    const start = guard.fact({ type: "turn.start" as const, at, turn, prompt: `!${command}` });
    cursor.bash = { turn, at, prompt: start.prompt };
    return [];
  }
  return opensTurn(record) ? prompt(cursor, record, at, guard) : injected(cursor, record, guard);
}

/** Facts of a held prompt, once something shows that it is this session's own. */
export function releasePrompt(cursor: Cursor): Fact[] {
  const { held } = cursor;
  if (!held) return [];
  delete cursor.held;
  return [held];
}

/** A message that the next request carries. */
function say(cursor: Cursor, message: Message, guard: Guard): void {
  const kept = guard.message(message, cursor.thread);
  cursor.input.push(kept);
  if (cursor.context) noteSaid(cursor.context, "user", kept);
}

/** Text that Claude Code adds to the conversation in the user's name. */
function injected(cursor: Cursor, record: UserRecord, guard: Guard): Fact[] {
  if (record.isMeta && !textOf(record.message.content).startsWith("<local-command-")) {
    say(cursor, { role: "user", parts: partsOf(record.message.content) }, guard);
  }
  return [];
}

function asToolContent(part: Part): Part {
  return part.type === "text" ? { ...part, content: "tool_content" } : part;
}

function prompt(cursor: Cursor, record: UserRecord, at: number, guard: Guard): Fact[] {
  const turn = record.promptId ?? record.uuid ?? "";
  // The same key again: what was held came from the file that this one was forked from.
  const released = cursor.held && cursor.held.turn !== turn ? releasePrompt(cursor) : [];
  const bash = cursor.bash?.turn === turn ? cursor.bash : undefined;
  delete cursor.bash;
  const text = bash?.prompt ?? typedPrompt(textOf(record.message.content));
  const answered = notifiedCall(text);
  const index = record.turnPosition?.turnIndex;
  cursor.turn = turn;
  cursor.input = [];
  const parts = partsOf(record.message.content);
  // What a `!` line or a background call put out is a tool's output, though the user's message carries it.
  say(cursor, { role: "user", parts: bash || answered ? parts.map(asToolContent) : parts }, guard);
  cursor.unanswered = [];
  const held: TurnStartFact = {
    type: "turn.start",
    at: bash?.at ?? at,
    turn,
    prompt: text,
    ...(index !== undefined && { index }),
    metadata: {
      ...(record.turnOrigin && { origin: record.turnOrigin }),
      ...(record.promptSource && { prompt_source: record.promptSource }),
      ...(record.permissionMode && { permission_mode: record.permissionMode }),
    },
    ...(answered && { answers: { callId: answered } }),
  };
  cursor.held = guard.fact(held);
  return released;
}

function agentPrompt(cursor: Cursor, record: UserRecord, at: number, guard: Guard): Fact[] {
  const text = textOf(record.message.content);
  cursor.turn ??= record.promptId ?? UNNAMED_TURN;
  say(cursor, { role: "user", parts: partsOf(record.message.content) }, guard);
  if (cursor.began) return [];
  cursor.began = true;
  if (text === WARMUP) {
    cursor.ignored = true;
    return [];
  }
  return [{ type: "agent.start", at, turn: cursor.turn, agentId: cursor.thread, input: text }];
}

function errorOf(record: UserRecord, text: string, exitCode: number | undefined): NodeError {
  const type = record.toolDenialKind ?? (exitCode === undefined ? "tool_error" : "exit");
  return { type, message: text };
}

function toolResult(cursor: Cursor, record: UserRecord, block: Block, at: number, guard: Guard): Fact {
  const callId = block.tool_use_id ?? "";
  // A dead process's calls are answered under the key of the turn that comes next.
  const turn = cursor.open[callId] ?? record.promptId ?? cursor.turn ?? UNNAMED_TURN;
  delete cursor.open[callId];
  const text = textOf(block.content);
  const failed = block.is_error === true;
  const outcome: Outcome = !failed ? "ok" : record.toolDenialKind === "interrupted" ? "interrupted" : "error";
  const exitCode = failed ? exitCodeOf(text) : undefined;
  const { decision, source } = record.permissionDecision ?? {};
  say(cursor, { role: "tool", toolCallId: callId, parts: [{ type: "text", text }] }, guard);
  return {
    type: "tool.result",
    at,
    turn,
    thread: cursor.thread,
    callId,
    outcome,
    output: text,
    ...(failed && { error: errorOf(record, text, exitCode) }),
    ...(exitCode !== undefined && { exitCode }),
    ...(text.startsWith(LEFT_BEHIND) && { loose: true }),
    metadata: {
      ...(decision && { permission_decision: decision }),
      ...(source && { permission_source: source }),
      ...(record.toolDenialKind && { denial: record.toolDenialKind }),
    },
  };
}

function interruption(cursor: Cursor, record: UserRecord, at: number, guard: Guard): Fact[] {
  const turn = record.promptId ?? cursor.turn ?? UNNAMED_TURN;
  const error: NodeError = { type: "interrupted", message: "Interrupted by the user" };
  const cut = cursor.unanswered.map(
    (request): Fact => ({
      type: "llm.end",
      at,
      turn,
      thread: cursor.thread,
      call: request.id,
      outcome: "interrupted",
      error,
    }),
  );
  cursor.unanswered = [];
  say(cursor, { role: "user", parts: partsOf(record.message.content) }, guard);
  const end = { at, turn, source: "recorded" as const, outcome: "interrupted" as const, error };
  return [
    ...releasePrompt(cursor),
    ...cut,
    cursor.thread === MAIN_THREAD
      ? { type: "turn.end", ...end }
      : { type: "agent.end", agentId: cursor.thread, ...end },
  ];
}

function cutAnswer(cursor: Cursor, at: number): Fact[] {
  if (!cursor.answer) return [];
  return [
    {
      type: "llm.end",
      at,
      turn: cursor.answer.turn,
      thread: cursor.thread,
      call: cursor.answer.call,
      outcome: "error",
      error: { type: "stream_error", message: "The response was cut off mid-stream" },
      loose: true,
      cut: true,
    },
  ];
}

function summary(cursor: Cursor, record: UserRecord, at: number, guard: Guard): Fact[] {
  const turn = record.promptId ?? cursor.turn ?? UNNAMED_TURN;
  const boundary = cursor.boundary ?? { at, metadata: {} };
  delete cursor.boundary;
  cursor.turn = turn;
  cursor.input = [];
  say(cursor, { role: "user", parts: partsOf(record.message.content) }, guard);
  return [
    ...releasePrompt(cursor),
    {
      type: "compaction.end",
      at: boundary.at,
      turn,
      thread: cursor.thread,
      output: textOf(record.message.content),
      ...(boundary.trigger !== undefined && { trigger: boundary.trigger }),
      ...(boundary.durationMs !== undefined && { durationMs: boundary.durationMs }),
      metadata: boundary.metadata,
    },
  ];
}
