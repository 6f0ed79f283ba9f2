/**
 * Records of type `gemini`: an answer is written when its stream has ended, and once more with the same id and its tool
 * calls when all of them are done.
 */

import { type Fact, MAIN_THREAD } from "../../trace/facts.ts";
import type { NodeError, Outcome, Part } from "../../trace/node.ts";
import { answerParts, exitCodeOf, isBuiltIn, isBuiltInAgent, resultOf, usageOf } from "./content.ts";
import type { Cursor, LastAnswer } from "./cursor.ts";
import { PROVIDER, turnOf } from "./prompts.ts";
import type { MessageRecord, ToolCall } from "./wire.ts";

/** What a refused dialog leaves as the result of its call. */
const DENIED = /User denied execution/;

/** An answer, or what became known of it since. Answers without tokens are copies of older ones, unless tools were called. */
export function readAnswer(cursor: Cursor, record: MessageRecord, at: number): Fact[] {
  const turn = turnOf(cursor);
  const calls = record.toolCalls ?? [];
  const known = cursor.answer?.record === record.id;
  if (turn === undefined || (!known && !record.tokens && calls.length === 0)) return [];
  const facts: Fact[] = [];
  // A record of tools alone belongs to the answer before it.
  const grows = known || (!record.tokens && cursor.answer !== undefined && cursor.pending === undefined);
  if (!grows) facts.push(...begin(cursor, record, turn, at));
  const { answer } = cursor;
  if (!answer) return facts;
  const { call, record: responseId } = answer;
  const base = { turn, thread: cursor.thread, call, at: answer.at, responseId } as const;
  if (answer.record === record.id) {
    const usage = record.tokens ? usageOf(record.tokens) : undefined;
    facts.push({
      type: "llm.output",
      ...base,
      index: 0,
      parts: answerParts(record),
      ...(record.model && { model: record.model }),
      ...(usage && { usage }),
    });
  }
  if (calls.length > 0) {
    const asked = calls.map(
      ({ id, name, args }): Part => ({ type: "tool_call", id, name, input: args ?? {}, builtIn: isBuiltIn(name) }),
    );
    facts.push({ type: "llm.output", ...base, index: 1, parts: asked });
    facts.push(...calls.flatMap((tool) => toolFacts(cursor, tool, turn, at)));
    const done = calls.map(({ timestamp }) => Date.parse(timestamp ?? "")).filter((time) => !Number.isNaN(time));
    cursor.answer = { ...answer, toolsAt: Math.max(at, ...done) };
  }
  return facts;
}

function begin(cursor: Cursor, record: MessageRecord, turn: string, at: number): Fact[] {
  const { pending, answer: before } = cursor;
  const call = pending ?? record.id;
  const answer: LastAnswer = { record: record.id, call, at };
  cursor.answer = answer;
  delete cursor.pending;
  // Versions that do not write results down as prompts: the request was sent when the tools were done.
  if (pending !== undefined || before?.toolsAt === undefined) return [];
  return [{ type: "llm.start", at: before.toolsAt, turn, thread: cursor.thread, call, ...PROVIDER, loose: true }];
}

function toolFacts(cursor: Cursor, call: ToolCall, turn: string, recordAt: number): Fact[] {
  const written = Date.parse(call.timestamp ?? "");
  const at = Number.isNaN(written) ? recordAt : written;
  const { output, error: message } = resultOf(call.result);
  const { outcome, error } = outcomeOf(call, message);
  const exitCode = exitCodeOf(call.name, output);
  const result: Fact = {
    type: "tool.result",
    at,
    turn,
    thread: cursor.thread,
    callId: call.id,
    outcome,
    ...(output !== undefined && { output }),
    ...(error && { error }),
    ...(exitCode !== undefined && { exitCode }),
  };
  return call.agentId && cursor.thread === MAIN_THREAD
    ? [...agentFacts(call, call.agentId, turn, at, outcome, output, error), result]
    : [result];
}

function outcomeOf(call: ToolCall, message: string | undefined): { outcome: Outcome; error?: NodeError } {
  const text = message ?? "";
  switch (call.status) {
    case "error":
      return { outcome: "error", error: { type: "tool_error", message: text } };
    case "cancelled":
      return DENIED.test(text)
        ? { outcome: "error", error: { type: "denied", message: text } }
        : { outcome: "interrupted", error: { type: "cancelled", message: text } };
    default:
      return { outcome: "ok" };
  }
}

/** The call that started a subagent names it when it is done; what the subagent did is in its own file. */
function agentFacts(
  call: ToolCall,
  agentId: string,
  turn: string,
  at: number,
  outcome: Outcome,
  output: unknown,
  error: NodeError | undefined,
): Fact[] {
  const asked = Object(call.args).agent_name;
  const name = typeof asked === "string" ? asked : call.name;
  return [
    { type: "agent.start", at, turn, agentId, name, builtIn: isBuiltInAgent(name) },
    { type: "agent.link", at, turn, agentId, callId: call.id },
    {
      type: "agent.end",
      at,
      turn,
      agentId,
      source: "recorded",
      outcome,
      ...(typeof output === "string" && { output }),
      ...(error && { error }),
    },
  ];
}
