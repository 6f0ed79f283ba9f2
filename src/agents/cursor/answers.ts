/** Thoughts and responses → model calls, and the turn's tokens. */

import type { Fact, LlmOutputFact, LlmStartFact } from "../../trace/facts.ts";
import { MAIN_THREAD } from "../../trace/facts.ts";
import type { Part, Usage } from "../../trace/node.ts";
import { type Answer, type Thread, type Turn, threadOf } from "./memory.ts";
import type { HookPayload } from "./wire.ts";

/** What Cursor calls a model that it picks itself. */
const AUTO_MODEL = "default";

/** Whose model it is, by how its name begins. */
const SYSTEMS: readonly (readonly [prefix: RegExp, system: string])[] = [
  [/^claude/, "anthropic"],
  [/^(gpt|o\d|codex)/, "openai"],
];

type Told = Pick<LlmStartFact, "model" | "system">;

/** The model as far as it is known. `model` may carry the effort, `model_id` never does. */
export function modelOf(payload: HookPayload): Told {
  const model = payload.model_id || payload.model;
  if (!model || model === AUTO_MODEL) return {};
  const system = SYSTEMS.find(([prefix]) => prefix.test(model))?.[1];
  return { model, ...(system && { system }) };
}

/** The turn's tokens. The input includes what was read from and written to caches. */
export function usageOf(payload: HookPayload): Usage | undefined {
  const { cache_read_tokens: cacheRead, cache_write_tokens: cacheWrite } = payload;
  const prompt = payload.input_tokens ?? payload.inputTokens;
  const completion = payload.output_tokens ?? payload.outputTokens;
  const usage: Usage = {
    ...(prompt != null && { prompt }),
    ...(completion != null && { completion }),
    ...(cacheRead != null && { cacheRead }),
    ...(cacheWrite != null && { cacheWrite }),
  };
  return (prompt ?? 0) + (completion ?? 0) > 0 ? usage : undefined;
}

/** A piece of an answer: a thought or a text. The request was sent when the thread had become free. */
export function answerFacts(turn: Turn, id: string, payload: HookPayload, part: Part, at: number): Fact[] {
  const thread = threadOf(turn, id);
  const known = thread.answer;
  const goesOn = known !== undefined && !known.spoke && known.at >= thread.free;
  const began = payload.duration_ms == null ? at : at - payload.duration_ms;
  const opened = goesOn
    ? undefined
    : open(turn, id, thread, payload, Math.max(turn.start, Math.min(thread.free, began)));
  const answer = opened?.answer ?? known;
  if (!answer) return [];
  const output: LlmOutputFact = {
    type: "llm.output",
    at,
    turn: turn.key,
    thread: id,
    call: answer.id,
    index: answer.pieces,
    parts: [part],
  };
  answer.pieces += 1;
  answer.at = at;
  if (part.type === "text") {
    answer.spoke = true;
    thread.free = at;
  }
  return [...(opened?.facts ?? []), output];
}

function open(
  turn: Turn,
  id: string,
  thread: Thread,
  payload: HookPayload,
  at: number,
): { readonly answer: Answer; readonly facts: readonly Fact[] } {
  const call = `${turn.key}:${id === MAIN_THREAD ? "" : `${id}:`}${thread.answers}`;
  const answer: Answer = { id: call, at, pieces: 0, spoke: false };
  const first = id === MAIN_THREAD && thread.answers === 0 && turn.tools.length === 0;
  thread.answers += 1;
  thread.answer = answer;
  const start: LlmStartFact = {
    type: "llm.start",
    at,
    turn: turn.key,
    thread: id,
    call,
    loose: true,
    ...modelOf(payload),
    ...(first && { prompted: true }),
  };
  return { answer, facts: [start] };
}

/** The tokens of all requests of the turn, on its last answer: which request used how many is never told. */
export function usageFacts(turn: Turn, payload: HookPayload, at: number): Fact[] {
  const usage = usageOf(payload);
  if (!usage) return [];
  const thread = threadOf(turn, MAIN_THREAD);
  const opened = thread.answer ? undefined : open(turn, MAIN_THREAD, thread, payload, Math.min(thread.free, at));
  const answer = thread.answer;
  if (!answer) return [];
  return [
    ...(opened?.facts ?? []),
    {
      type: "llm.output",
      at: opened ? at : answer.at,
      turn: turn.key,
      thread: MAIN_THREAD,
      call: answer.id,
      index: answer.pieces,
      parts: [],
      usage,
      metadata: { tokens_of: "turn" },
    },
  ];
}
