/** Finds, for every request that the model server saw, the LLM span that stands for it. Pure. */

import type { SeenAttributes, SeenSpan } from "./seen-span.ts";
import type { TrueCall, TrueUsage } from "./truth.ts";

/** OpenInference attribute of each kind of token. */
export const TOKEN_ATTRIBUTES: Readonly<Record<keyof TrueUsage, string>> = {
  prompt: "llm.token_count.prompt",
  completion: "llm.token_count.completion",
  cacheRead: "llm.token_count.prompt_details.cache_read",
  cacheWrite: "llm.token_count.prompt_details.cache_write",
  reasoning: "llm.token_count.completion_details.reasoning",
};

export const TOKEN_KINDS = Object.keys(TOKEN_ATTRIBUTES) as readonly (keyof TrueUsage)[];

/** A count as the span has it; absent counts as 0, since a server's 0 may be left out. */
export function tokensOf(attributes: SeenAttributes, kind: keyof TrueUsage): number {
  const value = attributes[TOKEN_ATTRIBUTES[kind]];
  return typeof value === "number" ? value : 0;
}

export interface Matching {
  /** By index of the call. */
  readonly spanOf: ReadonlyMap<number, SeenSpan>;
  /** Calls that must have a span and have none. */
  readonly missing: readonly TrueCall[];
  /** LLM spans that stand for no request. */
  readonly extra: readonly SeenSpan[];
}

function required(call: TrueCall): boolean {
  return call.role === "main" || call.role === "subagent";
}

/** Farther than any time: what other tokens cost. */
const OTHER_TOKENS = 1e12;

/** Lower is better: first equal tokens, then near times. */
function distance(call: TrueCall, span: SeenSpan): number {
  const usage = call.outcome === "ok" ? call.usage : undefined;
  const differs = usage !== undefined && TOKEN_KINDS.some((kind) => tokensOf(span.attributes, kind) !== usage[kind]);
  return (differs ? OTHER_TOKENS : 0) + Math.abs(span.start - call.start) + Math.abs(span.end - call.end);
}

/**
 * A good answer is matched with a span that is no ERROR, a failed one with an ERROR span, the best pairs first. Calls that
 * need no span (compaction, titles) take what is left, and only if their tokens are equal.
 */
export function matchCalls(calls: readonly TrueCall[], llm: readonly SeenSpan[]): Matching {
  const free = new Set(llm);
  const spanOf = new Map<number, SeenSpan>();
  const assign = (some: readonly TrueCall[], limit: number) => {
    const pairs = some
      .flatMap((call) => llm.map((span) => ({ call, span, cost: distance(call, span) })))
      .filter(({ call, span, cost }) => cost < limit && (span.status === "ERROR") === (call.outcome !== "ok"))
      .sort((one, other) => one.cost - other.cost);
    for (const { call, span } of pairs) {
      if (!spanOf.has(call.index) && free.delete(span)) spanOf.set(call.index, span);
    }
  };
  assign(calls.filter(required), Number.POSITIVE_INFINITY);
  assign(
    calls.filter((call) => !required(call)),
    OTHER_TOKENS,
  );
  const missing = calls.filter((call) => required(call) && !spanOf.has(call.index));
  return { spanOf, missing, extra: [...free] };
}
