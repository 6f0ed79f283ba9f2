/** The part of the score that is about tool calls. Pure. */

import type { Matching } from "./match.ts";
import type { Pair } from "./score.ts";
import type { SeenSpan } from "./seen-span.ts";
import type { Truth } from "./truth.ts";

export interface ToolScore {
  readonly pair: Pair;
  readonly reasons: readonly string[];
}

/**
 * Every call of a complete answer needs one TOOL span with its id and name, below the LLM span that asked for it, with
 * the status and some text of the result that the agent reported back.
 */
export function toolReasons(truth: Truth, spans: readonly SeenSpan[], matching: Matching): ToolScore {
  const reasons: string[] = [];
  const seen = spans.filter((span) => span.kind === "TOOL");
  const parents = new Map(spans.map((span) => [`${span.traceId}/${span.spanId}`, span]));
  // A tool that a tool called was not asked for by the model.
  const asked = seen.filter((span) => parents.get(`${span.traceId}/${span.parentId ?? ""}`)?.kind !== "TOOL");
  const byId = new Map(asked.map((span) => [span.attributes["tool.id"], span]));
  const results = new Map(truth.toolResults.map((result) => [result.id, result]));
  const known = new Set<string>();
  const taken = new Set<SeenSpan>();
  const isUnnamed = ({ attributes }: SeenSpan, name: string) =>
    attributes["tool.id"] === undefined && attributes["tool.name"] === name;
  let total = 0;

  for (const call of truth.calls) {
    if (call.outcome !== "ok") continue;
    for (const { id, name, unnamed } of call.toolCalls) {
      total += 1;
      known.add(id);
      const lookAlike = () => (unnamed ? asked.find((one) => isUnnamed(one, name) && !taken.has(one)) : undefined);
      const span = byId.get(id) ?? lookAlike();
      if (span !== undefined) taken.add(span);
      const label = `tool ${name} ${id}`;
      if (span === undefined) {
        reasons.push(`${label}: no TOOL span`);
        continue;
      }
      if (span.attributes["tool.name"] !== name) reasons.push(`${label}: tool.name is ${span.attributes["tool.name"]}`);
      const asker = matching.spanOf.get(call.index);
      if (asker !== undefined && (span.parentId !== asker.spanId || span.traceId !== asker.traceId)) {
        reasons.push(`${label}: not below the LLM span that asked for it`);
      }
      if (unnamed) continue;
      if (span.instant && span.status !== "ERROR" && !tookNothing(span)) {
        reasons.push(`${label}: TOOL span without duration`);
      }
      const result = results.get(id);
      // Without a result the agent died while the tool ran: whatever it was, it was no success.
      const failed = result === undefined || result.isError;
      if (failed !== (span.status === "ERROR")) {
        reasons.push(
          `${label}: status ${span.status}, true ${result === undefined ? "no result" : failed ? "error" : "ok"}`,
        );
      } else if (failed && span.statusMessage === "") reasons.push(`${label}: ERROR without a message`);
      else if (!failed && result.length > 0 && !span.attributes["output.value"])
        reasons.push(`${label}: result is missing`);
    }
  }
  for (const span of asked) {
    const id = span.attributes["tool.id"];
    if (taken.has(span)) continue;
    if (typeof id !== "string" || !known.has(id))
      reasons.push(`TOOL span ${span.name} ${String(id)} stands for no tool call`);
  }
  const ids = asked.flatMap((span) => span.attributes["tool.id"] ?? []);
  const repeated = ids.length - new Set(ids).size;
  if (repeated > 0) reasons.push(`${repeated} tool calls have more than one TOOL span`);
  return { pair: { truth: total, seen: asked.length }, reasons };
}

/** The agent itself measured less than a millisecond. */
function tookNothing(span: SeenSpan): boolean {
  const metadata = span.attributes.metadata;
  return typeof metadata === "string" && (JSON.parse(metadata) as { duration_ms?: unknown }).duration_ms === 0;
}
