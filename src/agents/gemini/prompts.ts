/** Records of type `user`: prompts and tool results; each is the beginning of a model request. */

import { type CompactionFact, type Fact, MAIN_THREAD, UNNAMED_TURN } from "../../trace/facts.ts";
import type { Message, NodeError, Outcome } from "../../trace/node.ts";
import { isContext, isContinuation, messageParts, partsOf, resultOf, textOf } from "./content.ts";
import type { Cursor } from "./cursor.ts";
import type { MessageRecord } from "./wire.ts";

/** Who serves Gemini CLI's models, and whose they are. */
export const PROVIDER = { provider: "google", system: "google" } as const;

/** A compression that is older belongs to no prompt after it (ms). */
const SAME_TURN_MS = 5000;

/** Turn of what the file says now: a subagent's file names none. */
export function turnOf(cursor: Cursor): string | undefined {
  return cursor.thread === MAIN_THREAD ? cursor.turn : UNNAMED_TURN;
}

/** What the model is asked next: a prompt, or the results of the tools that it called. */
export function readPrompt(cursor: Cursor, record: MessageRecord, at: number): Fact[] {
  const text = textOf(record.content);
  const answersTools = partsOf(record.content).some((part) => part.functionResponse);
  if (!answersTools && isContext(text)) return [];
  if (answersTools && cursor.ended) return [];
  delete cursor.ended;
  const facts: Fact[] = [];
  const goesOn = answersTools || isContinuation(text);
  if (cursor.thread === MAIN_THREAD && !(goesOn && cursor.turn !== undefined)) {
    const alone = takeCompression(cursor, at, undefined);
    cursor.turn = record.id;
    facts.push(...alone, { type: "turn.start", at, turn: record.id, prompt: text });
  }
  const turn = turnOf(cursor) ?? record.id;
  facts.push(...takeCompression(cursor, at, turn));
  if (cursor.thread !== MAIN_THREAD && !cursor.prompted) {
    cursor.prompted = true;
    facts.push({ type: "agent.start", at, turn, agentId: cursor.thread, input: text });
  }
  cursor.pending = record.id;
  const input = messagesOf(record.content);
  facts.push({ type: "llm.start", at, turn, thread: cursor.thread, call: record.id, ...PROVIDER, input });
  return facts;
}

function messagesOf(content: unknown): readonly Message[] {
  const results = partsOf(content).flatMap((part): Message[] => {
    const response = part.functionResponse;
    if (!response) return [];
    const { output } = resultOf([part]);
    const text = typeof output === "string" ? output : (JSON.stringify(output) ?? "");
    return [
      {
        role: "tool",
        ...(response.id !== undefined && { toolCallId: response.id }),
        parts: [{ type: "text", text }],
      },
    ];
  });
  const parts = messageParts(content);
  return parts.length > 0 ? [...results, { role: "user", parts }] : results;
}

/**
 * The facts of a compression that waits for its turn.
 * @param turn the turn in which it happened; undefined asks whether it stands alone
 */
export function takeCompression(cursor: Cursor, at: number, turn: string | undefined): Fact[] {
  const { compression } = cursor;
  if (!compression) return [];
  const alone = at - compression.end.at > SAME_TURN_MS;
  if (turn === undefined && !alone) return [];
  delete cursor.compression;
  return compressionFacts(compression, turn ?? compression.id, turn === undefined ? "manual" : "auto");
}

/** The facts of a compression as part of a turn. */
export function compressionFacts(
  { end, after }: NonNullable<Cursor["compression"]>,
  turn: string,
  trigger: string,
): Fact[] {
  const told: CompactionFact = { ...end, turn, trigger };
  return after === undefined ? [told] : [{ ...told, type: "compaction.start", at: after }, told];
}

/** Ends the request that is under way, and with it the turn or the subagent. */
export function endOpen(
  cursor: Cursor,
  at: number,
  outcome: Outcome,
  error: NodeError,
  when: "always" | "unanswered",
): Fact[] {
  const { pending, thread } = cursor;
  const turn = turnOf(cursor);
  if (turn === undefined || (pending === undefined && when === "unanswered")) return [];
  delete cursor.pending;
  cursor.ended = true;
  const end = { at, turn, source: "recorded", outcome, error } as const;
  return [
    ...(pending === undefined ? [] : [{ type: "llm.end" as const, at, turn, thread, call: pending, outcome, error }]),
    thread === MAIN_THREAD ? { type: "turn.end", ...end } : { type: "agent.end", ...end, agentId: thread },
  ];
}
