/**
 * Model requests. A round begins with `assistant.turn_start`; its request's failed attempts are calls of the `errorOccurred`
 * hook; the answer is a usage record (its time is the request's end) and an `assistant.message`, in this order in the CLI,
 * in the other one in VS Code.
 */

import type { Fact } from "../../trace/facts.ts";
import type { Message, NodeError, Outcome } from "../../trace/node.ts";
import type { Guard } from "../agent.ts";
import { parametersOf, partsOf, providerOf, systemOf, usageMetadata, usageOf } from "./content.ts";
import { inputOf, noteSaid } from "./context.ts";
import { type Cursor, type Step, type Thread, threadOf } from "./cursor.ts";
import type { AnswerData, UsageData } from "./wire.ts";

/** Failed attempts that are remembered of one request; Copilot gives up long before. */
const FAILURES_KEPT = 32;

/** How a request without answer ended. */
export interface Ending {
  readonly outcome: Extract<Outcome, "error" | "interrupted">;
  readonly error: NodeError;
  readonly status?: number;
}

/** The agent went on without an answer. */
const UNANSWERED: Ending = {
  outcome: "error",
  error: { type: "unanswered", message: "The request got no answer" },
};

/** The agent was stopped, or died. */
export const STOPPED: Ending = {
  outcome: "interrupted",
  error: { type: "interrupted", message: "The request was interrupted" },
};

/** A message that the next request carries. */
export function say(thread: Thread, id: string, message: Message, guard: Guard): void {
  const guarded = guard.message(message, id);
  thread.input.push(guarded);
  if (thread.context) noteSaid(thread.context, guarded);
}

/** A request is about to be sent. */
export function beginStep(thread: Thread, id: string, call: string, at: number): Fact[] {
  const facts = closeStep(thread, id, at);
  const input = thread.context ? inputOf(thread.context) : thread.input;
  thread.step = { call, at, failures: [] };
  thread.sent = thread.context ? [] : thread.input;
  thread.input = [];
  const system = systemOf(thread.model);
  return [
    ...facts,
    {
      type: "llm.start",
      at,
      turn: thread.turn,
      thread: id,
      call,
      input,
      ...(thread.model && { model: thread.model }),
      ...(system && { system }),
    },
  ];
}

/** An attempt failed. */
export function readFailure(thread: Thread, at: number, error: NodeError, guard: Guard): void {
  const { step } = thread;
  if (!step || step.answer || step.failures.length >= FAILURES_KEPT) return;
  const base = { at, turn: "", thread: "", call: "" };
  step.failures.push({ at, error: guard.fact({ type: "llm.retry" as const, ...base, error }).error });
}

/** Tokens and time of an answer. */
export function readUsage(cursor: Cursor, id: string, call: string, data: UsageData, at: number): Fact[] {
  const thread = threadOf(cursor, id);
  const { step } = thread;
  if (!step || step.finished) return measured(thread, id, call, at - (data.duration ?? 0), 0, data, at);
  if (step.usage) {
    // Two requests in one round, the first of them without text.
    const begun = beginStep(thread, id, call, at - (data.duration ?? 0));
    if (thread.step) thread.step.usage = { at, data };
    return begun;
  }
  if (!step.answer) {
    step.usage = { at, data };
    return [];
  }
  step.finished = true;
  const { pieces } = step.answer;
  return [...attempts(thread, id, step), ...measured(thread, id, step.call, step.at, pieces, data, step.answer.at)];
}

/** What a usage record says of a request. */
function measured(
  thread: Thread,
  id: string,
  call: string,
  start: number,
  index: number,
  data: UsageData,
  at: number,
): Fact[] {
  const base = { turn: thread.turn, thread: id, call };
  const provider = providerOf(data);
  const system = systemOf(data.model);
  return [
    {
      ...base,
      type: "llm.start",
      at: start,
      ...(data.model && { model: data.model }),
      ...(provider && { provider }),
      ...(system && { system }),
      parameters: parametersOf(data),
      metadata: usageMetadata(data),
    },
    {
      ...base,
      type: "llm.output",
      at,
      index,
      parts: [],
      usage: usageOf(data),
      ...(data.model && { model: data.model }),
      ...(data.apiCallId && { responseId: data.apiCallId }),
      ...(data.finishReason && { finishReason: data.finishReason }),
    },
    {
      ...base,
      type: "llm.end",
      at,
      outcome: "ok",
      ...(typeof data.duration === "number" && data.duration > 0 && { durationMs: data.duration }),
    },
  ];
}

/** The text of an answer, or a chunk of it. */
export function readAnswer(
  cursor: Cursor,
  id: string,
  record: string,
  data: AnswerData,
  at: number,
  guard: Guard,
): Fact[] {
  const thread = threadOf(cursor, id);
  if (!thread.step && data.model === undefined) return madeUp(cursor, thread, id, data, guard);
  const isAnother = thread.step?.answer?.apiCallId !== undefined && thread.step.answer.apiCallId !== data.apiCallId;
  const begun = thread.step && !thread.step.finished && !isAnother ? [] : beginStep(thread, id, record, at);
  const { step } = thread;
  if (!step) return begun;
  const parts = partsOf(data);
  const pieces = step.answer?.pieces ?? 0;
  const guarded = guard.message({ role: "assistant", parts }, id);
  if (thread.context) noteSaid(thread.context, guarded);
  const asks = (data.toolRequests ?? []).length > 0;
  thread.answer = guarded.parts.flatMap((part) => (part.type === "text" ? part.text : [])).join("\n");
  const { usage } = step;
  const ended = usage?.at ?? at;
  step.answer = {
    at: ended,
    ...(data.apiCallId && { apiCallId: data.apiCallId }),
    pieces: pieces + 1,
    asks: asks || (step.answer?.asks ?? false),
  };
  const isLast = typeof data.chunkCount !== "number" || data.chunkIndex === data.chunkCount - 1;
  const output: Fact = {
    type: "llm.output",
    at: ended,
    turn: thread.turn,
    thread: id,
    call: step.call,
    index: data.chunkIndex ?? pieces,
    parts,
    ...(data.model && { model: data.model }),
    ...(data.apiCallId && { responseId: data.apiCallId }),
    ...(!usage && typeof data.outputTokens === "number" && { usage: { completion: data.outputTokens } }),
  };
  if (!usage || !isLast) return [...begun, output];
  step.finished = true;
  const index = Math.max(pieces, data.chunkIndex ?? 0) + 1;
  return [
    ...begun,
    ...attempts(thread, id, step),
    output,
    ...measured(thread, id, step.call, step.at, index, usage.data, ended),
  ];
}

/** Outside of a round nothing was asked: Copilot lets the model believe that it called a tool. */
function madeUp(cursor: Cursor, thread: Thread, id: string, data: AnswerData, guard: Guard): Fact[] {
  cursor.madeUp = (data.toolRequests ?? []).map(({ toolCallId }) => toolCallId);
  say(thread, id, { role: "assistant", parts: partsOf(data) }, guard);
  return [];
}

/** The failed attempts before the answer. */
function attempts(thread: Thread, id: string, step: Step): Fact[] {
  const failures = step.failures;
  step.failures = [];
  return failures.map(({ at, error }) => ({
    type: "llm.retry",
    at,
    turn: thread.turn,
    thread: id,
    call: step.call,
    error,
  }));
}

/** A round ended. @returns whether the agent is done: the answer asked for nothing more */
export function endStep(thread: Thread, id: string, at: number): { readonly facts: Fact[]; readonly done: boolean } {
  const { step } = thread;
  if (!step) return { facts: [], done: false };
  if (!step.answer && !step.usage) {
    // What comes next says why there is no answer.
    step.endAt = at;
    return { facts: [], done: false };
  }
  const done = step.answer?.asks === false;
  return { facts: closeStep(thread, id, at), done };
}

/**
 * Nothing more will come for the open round.
 * @param ending how its request ended, if it got no answer
 */
export function closeStep(thread: Thread, id: string, at: number, ending: Ending = UNANSWERED): Fact[] {
  const { step } = thread;
  if (!step) return [];
  delete thread.step;
  const base = { turn: thread.turn, thread: id, call: step.call };
  if (step.finished) return [];
  if (step.usage) return [...attempts(thread, id, step), ...usedUp(thread, id, step, step.usage)];
  if (step.answer)
    return [...attempts(thread, id, step), { ...base, type: "llm.end", at: step.answer.at, outcome: "ok" }];
  thread.input = [...thread.sent, ...thread.input];
  const last = ending.outcome === "error" ? step.failures.pop() : undefined;
  return [
    ...attempts(thread, id, step),
    {
      ...base,
      type: "llm.end",
      at: last?.at ?? step.endAt ?? at,
      outcome: ending.outcome,
      error: last?.error ?? ending.error,
      ...(ending.status !== undefined && { metadata: { http_status: ending.status } }),
    },
  ];
}

/** An answer of which the log has no text, or not all of it. */
function usedUp(thread: Thread, id: string, step: Step, usage: NonNullable<Step["usage"]>): Fact[] {
  return measured(thread, id, step.call, step.at, step.answer?.pieces ?? 0, usage.data, usage.at);
}
