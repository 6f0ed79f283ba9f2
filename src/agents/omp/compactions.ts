/** Compactions. Their request has no message, so that its tokens are nowhere. */

import type { Fact } from "../../trace/facts.ts";
import { callOf, servedBy } from "./answers.ts";
import type { Memory } from "./memory.ts";
import { begin, threadOf } from "./turns.ts";
import type { Line } from "./wire.ts";

/** A compaction begins; an automatic one is told twice. */
export function compactionBegan(memory: Memory, line: Line, at: number): void {
  threadOf(memory, line).compaction ??= { at, trigger: line.reason ?? "manual" };
}

/** It ended, well or not. One between turns is a trace of its own. */
export function compactionFacts(memory: Memory, line: Line, at: number): Fact[] {
  const { compaction, request } = threadOf(memory, line);
  if (!compaction) return [];
  if (line.thread === undefined && !memory.active) {
    begin(memory, `compaction:${line.entry ?? at}`);
    memory.active = false;
  }
  const thread = threadOf(memory, line);
  delete thread.compaction;
  delete thread.request;
  const place = { turn: thread.turn, thread: line.thread ?? "" };
  const error = line.errorMessage === undefined ? undefined : { type: "error", message: line.errorMessage };
  const facts: Fact[] = [{ type: "compaction.start", at: compaction.at, ...place, trigger: compaction.trigger }];
  if (request && request.at >= compaction.at) {
    const call = { ...place, call: callOf(place.thread, request.at) };
    const parts = line.summary === undefined ? [] : [{ type: "text" as const, text: line.summary }];
    facts.push(
      { type: "llm.start", at: request.at, ...call, ...servedBy(request), compaction: true },
      { type: "llm.output", at, ...call, index: 0, parts },
      { type: "llm.end", at, ...call, outcome: error ? "error" : "ok", ...(error && { error }) },
    );
  }
  const { summary, tokensBefore, tokensAfter, method } = line;
  facts.push({
    type: "compaction.end",
    at,
    ...place,
    ...(error ? { error } : summary !== undefined && { output: summary }),
    metadata: {
      ...(tokensBefore !== undefined && { tokens_before: tokensBefore }),
      ...(tokensAfter !== undefined && { tokens_after: tokensAfter }),
      ...(method && { method }),
    },
  });
  return facts;
}
