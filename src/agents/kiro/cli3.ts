/** Lines of `messages.jsonl` (CLI 3, IDE 1) → facts. What each line means is written in the README of this folder. */

import { type Fact, MAIN_THREAD } from "../../trace/facts.ts";
import type { Message, Outcome } from "../../trace/node.ts";
import type { Guard } from "../agent.ts";
import { credits, exitCodeOf, inputOf, isBuiltIn, modelOf, textOf } from "./content.ts";
import type { Cli3Request, Cursor } from "./cursor.ts";
import type { Cli3Line } from "./wire.ts";

type Payload = Cli3Line["payload"];

/** How a turn ended, by the reason that Kiro gives. */
const OUTCOMES: ReadonlyMap<string, Outcome> = new Map([
  ["end_turn", "ok"],
  ["cancelled", "interrupted"],
  ["aborted", "error"],
  ["error", "error"],
  ["failed", "error"],
]);

/** What Kiro writes in the place of a thought that only the model can read. */
const ELIDED = "...";

export function readCli3(cursor: Cursor, { id, timestamp, payload }: Cli3Line, guard: Guard): Fact[] {
  const at = typeof timestamp === "number" ? timestamp : Date.parse(timestamp);
  if (Number.isNaN(at)) return [];
  switch (payload.type) {
    case "user":
      return readUser(cursor, payload, id ?? `user:${at}`, at, guard);
    case "assistant":
      return readSaid(cursor, payload, id ?? undefined, at, guard);
    case "tool_call":
      return readCall(cursor, payload, id ?? undefined, at);
    case "tool_result":
      return readResult(cursor, payload, at, guard);
    default:
      return cursor.turn === undefined ? [] : readNote(cursor, cursor.turn, payload, at);
  }
}

function readUser(cursor: Cursor, payload: Payload, id: string, at: number, guard: Guard): Fact[] {
  const prompt = textOf(payload.content);
  const message: Message = { role: "user", parts: [{ type: "text", text: prompt }] };
  const heard = guard.message(message, MAIN_THREAD);
  // Said to a turn that runs.
  if (payload.source === "steer" && cursor.turn !== undefined) {
    cursor.input = [...cursor.input, heard];
    const event = { name: "prompt", attributes: { prompt }, content: "prompts" as const };
    return [{ type: "turn.note", at, turn: cursor.turn, event }];
  }
  cursor.turn = id;
  cursor.requests = 0;
  cursor.input = [heard];
  cursor.at = at;
  delete cursor.request;
  delete cursor.answer;
  return [{ type: "turn.start", at, turn: id, prompt }];
}

/** The request that a piece of an answer belongs to: results of tools end one. */
function requestOf(cursor: Cursor, turn: string, id: string | undefined): { request: Cli3Request; opened: Fact[] } {
  const known = cursor.request;
  if (known && !known.answered) return { request: known, opened: [] };
  const request: Cli3Request = { call: id ?? `${turn}:${cursor.requests}`, pieces: 0, answered: false };
  const { input, at } = cursor;
  cursor.request = request;
  cursor.requests++;
  cursor.input = [];
  const start: Fact = { type: "llm.start", at, turn, thread: MAIN_THREAD, call: request.call, input };
  return { request, opened: [start] };
}

function readSaid(cursor: Cursor, payload: Payload, id: string | undefined, at: number, guard: Guard): Fact[] {
  const { turn } = cursor;
  const text = textOf(payload.content);
  const isThought = payload.operationType ? payload.operationType === "Reasoning" : payload.reasoningSignature != null;
  if (turn === undefined || (text === "" && !isThought)) return [];
  const { request, opened } = requestOf(cursor, turn, id);
  const model = modelOf(payload.reasoningModelId);
  const thought = isThought && text !== ELIDED ? [{ type: "reasoning" as const, text }] : [];
  const parts = isThought ? thought : [{ type: "text" as const, text }];
  if (!isThought) {
    const said = guard.message({ role: "assistant", parts: [{ type: "text", text }] }, MAIN_THREAD);
    const kept = said.parts.flatMap((part) => (part.type === "text" ? part.text : [])).join("\n");
    cursor.answer = cursor.answer === undefined || opened.length > 0 ? kept : `${cursor.answer}\n${kept}`;
  }
  cursor.at = at;
  const base = { turn, thread: MAIN_THREAD, call: request.call, at } as const;
  return [
    ...opened,
    { type: "llm.output", ...base, index: request.pieces++, parts, ...(model !== undefined && { model }) },
  ];
}

function readCall(cursor: Cursor, payload: Payload, id: string | undefined, at: number): Fact[] {
  const { turn } = cursor;
  const { toolCallId, toolName: name } = payload;
  if (turn === undefined || !toolCallId || !name) return [];
  const { request, opened } = requestOf(cursor, turn, id);
  const call = { id: toolCallId, name, input: inputOf(payload.args) ?? {}, builtIn: isBuiltIn(name) };
  const base = { turn, thread: MAIN_THREAD, call: request.call, at } as const;
  cursor.at = at;
  return [...opened, { type: "llm.output", ...base, index: request.pieces++, parts: [{ type: "tool_call", ...call }] }];
}

function readResult(cursor: Cursor, payload: Payload, at: number, guard: Guard): Fact[] {
  const { turn, request } = cursor;
  const { toolCallId, durationMs } = payload;
  if (turn === undefined || !toolCallId) return [];
  if (request) request.answered = true;
  const output = textOf(payload.content);
  const exitCode = exitCodeOf(payload.content);
  const failed = payload.success === false || (exitCode !== undefined && exitCode !== 0);
  cursor.input = [
    ...cursor.input,
    guard.message({ role: "tool", toolCallId, parts: [{ type: "text", text: output }] }, MAIN_THREAD),
  ];
  cursor.at = at;
  const base = { at, turn, thread: MAIN_THREAD, callId: toolCallId, outcome: failed ? "error" : "ok", output } as const;
  const more = {
    ...(failed && { error: { type: "tool_error", message: output } }),
    ...(exitCode !== undefined && { exitCode }),
  };
  return [
    ...(typeof durationMs === "number" ? [{ type: "tool.end" as const, ...base, ...more, durationMs }] : []),
    { type: "tool.result", ...base, ...more },
  ];
}

function readNote(cursor: Cursor, turn: string, payload: Payload, at: number): Fact[] {
  switch (payload.type) {
    case "usage_summary": {
      // Carries what the whole turn has cost.
      const sum = credits((payload.promptTurnSummaries ?? []).map(({ unit, usage }) => ({ unit, value: usage })));
      return sum === undefined ? [] : [{ type: "turn.note", at, turn, metadata: { "kiro.credits": sum } }];
    }
    case "session_metadata": {
      const percentage: unknown = Object(payload.value).usagePercentage;
      if (payload.key !== "contextUsage" || typeof percentage !== "number") return [];
      return [{ type: "turn.note", at, turn, metadata: { "kiro.context_usage_percentage": percentage } }];
    }
    case "turn_end": {
      const reason = payload.stopReason ?? "end_turn";
      const outcome = OUTCOMES.get(reason) ?? "unset";
      const error = (outcome === "error" || outcome === "interrupted") && {
        error: { type: reason, message: `The turn ended: ${reason}` },
      };
      const output = cursor.answer !== undefined && { output: cursor.answer };
      return [{ type: "turn.end", at, turn, source: "recorded", outcome, ...error, ...output }];
    }
    default:
      return [];
  }
}
