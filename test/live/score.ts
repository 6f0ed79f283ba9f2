/**
 * Compares the spans of a run with the truth. A run is exact when every model request has one LLM span with equal tokens
 * and times, every tool call its TOOL span below the request that asked, every subagent its AGENT subtree, every turn one
 * root, and nothing is double, orphaned or without duration. Pure.
 */

import { matchCalls, TOKEN_KINDS, tokensOf } from "./match.ts";
import { toolReasons } from "./score-tools.ts";
import { treeReasons } from "./score-tree.ts";
import type { SeenSpan } from "./seen-span.ts";
import type { TrueCall, TrueUsage, Truth } from "./truth.ts";

/** How far the start or end of an LLM span may be from the server's own times, milliseconds. */
export const TIME_TOLERANCE_MS = 150;

export interface Pair {
  readonly truth: number;
  readonly seen: number;
}

export interface Score {
  readonly scenario: string;
  readonly verdict: "exact" | "inexact";
  /** Why it is inexact, one sentence each. */
  readonly reasons: readonly string[];
  readonly calls: Pair;
  readonly failed: Pair;
  readonly tokens: Readonly<Record<keyof TrueUsage, Pair>>;
  readonly tools: Pair;
  readonly subagents: Pair;
  readonly turns: Pair;
  readonly orphans: number;
  readonly duplicates: number;
  /** Largest error of LLM start and end, ms; absent when nothing could be compared. */
  readonly startError?: number;
  readonly endError?: number;
}

function unique(spans: readonly SeenSpan[]): readonly SeenSpan[] {
  return [...new Map(spans.map((span) => [`${span.traceId}/${span.spanId}`, span])).values()];
}

function describe(call: TrueCall): string {
  return `call ${call.index} (${call.role}${call.outcome === "ok" ? "" : `, ${call.outcome} ${call.status}`})`;
}

/** Attempts that are told as `retry` events on the span of the call that they delayed. */
function retryEvents(spans: readonly SeenSpan[]): number {
  return spans.flatMap((span) => span.events).filter((event) => event.name === "retry").length;
}

function contentReasons(call: TrueCall, span: SeenSpan): readonly string[] {
  if (call.outcome !== "ok") return [];
  const reasons: string[] = [];
  const usage = call.usage;
  if (usage !== undefined) {
    for (const kind of TOKEN_KINDS) {
      const seen = tokensOf(span.attributes, kind);
      if (seen !== usage[kind]) reasons.push(`${describe(call)}: ${kind} tokens ${seen}, true ${usage[kind]}`);
    }
  }
  const finish = span.attributes["llm.finish_reason"];
  if (finish !== call.finishReason)
    reasons.push(`${describe(call)}: finish reason ${finish}, true ${call.finishReason}`);
  const model = span.attributes["llm.model_name"];
  if (model !== call.model) reasons.push(`${describe(call)}: model ${model}, true ${call.model}`);
  return reasons;
}

/** @param arrived every span in order of arrival, repeated deliveries included */
export function score(truth: Truth, arrived: readonly SeenSpan[]): Score {
  const spans = unique(arrived);
  const llm = spans.filter((span) => span.kind === "LLM");
  const calls = truth.calls.filter((call) => call.role === "main" || call.role === "subagent");
  const good = calls.filter((call) => call.outcome === "ok");
  const bad = calls.filter((call) => call.outcome !== "ok");
  const matching = matchCalls(truth.calls, llm);
  const reasons: string[] = [];
  const startErrors: number[] = [];
  const endErrors: number[] = [];

  for (const call of truth.calls) {
    const span = matching.spanOf.get(call.index);
    if (span === undefined) continue;
    if (span.instant && call.endUnknowable !== true) reasons.push(`${describe(call)}: LLM span without duration`);
    reasons.push(...contentReasons(call, span));
    if (call.role !== "main" && call.role !== "subagent") continue;
    if (call.startUnknowable !== true) startErrors.push(Math.abs(span.start - call.start));
    if (call.endUnknowable !== true) endErrors.push(Math.abs(span.end - call.end));
  }
  const startError = startErrors.length > 0 ? Math.max(...startErrors) : undefined;
  const endError = endErrors.length > 0 ? Math.max(...endErrors) : undefined;
  if (startError !== undefined && startError > TIME_TOLERANCE_MS)
    reasons.push(`LLM start off by ${startError.toFixed(0)} ms`);
  if (endError !== undefined && endError > TIME_TOLERANCE_MS) reasons.push(`LLM end off by ${endError.toFixed(0)} ms`);

  const told = truth.unknowable.includes("failed_calls") ? Number.POSITIVE_INFINITY : retryEvents(spans);
  const missingBad = matching.missing.filter((call) => call.outcome !== "ok");
  for (const call of matching.missing) {
    if (call.outcome !== "ok" && missingBad.length <= told) continue;
    reasons.push(`${describe(call)}: no LLM span`);
  }
  for (const span of matching.extra) reasons.push(`LLM span ${span.spanId} (${span.status}) stands for no request`);

  const tools = toolReasons(truth, spans, matching);
  const tree = treeReasons(truth, spans, matching);
  reasons.push(...tools.reasons, ...tree.reasons);
  const duplicates = arrived.length - spans.length;
  if (duplicates > 0) reasons.push(`${duplicates} spans delivered twice`);

  const final = truth.traceless ? (spans.length > 0 ? [`${spans.length} spans where none may be`] : []) : reasons;
  if (!truth.traceless && spans.length === 0) final.unshift("no spans");
  const seenGood = llm.filter((span) => span.status !== "ERROR");
  const tokens = Object.fromEntries(
    TOKEN_KINDS.map((kind) => [
      kind,
      {
        truth: good.reduce((sum, call) => sum + (call.usage?.[kind] ?? 0), 0),
        seen: seenGood.reduce((sum, span) => sum + tokensOf(span.attributes, kind), 0),
      },
    ]),
  ) as Record<keyof TrueUsage, Pair>;
  return {
    scenario: truth.scenario,
    verdict: final.length === 0 ? "exact" : "inexact",
    reasons: final,
    calls: { truth: good.length, seen: seenGood.length },
    failed: { truth: bad.length, seen: llm.length - seenGood.length },
    tokens,
    tools: tools.pair,
    subagents: tree.subagents,
    turns: tree.turns,
    orphans: tree.orphans,
    duplicates,
    ...(startError === undefined ? {} : { startError }),
    ...(endError === undefined ? {} : { endError }),
  };
}
