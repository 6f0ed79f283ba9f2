/** The part of the score that is about the shape of the traces: turns, subagents, parents, sessions. Pure. */

import type { Matching } from "./match.ts";
import type { Pair } from "./score.ts";
import type { SeenSpan } from "./seen-span.ts";
import type { Truth } from "./truth.ts";

export interface TreeScore {
  readonly subagents: Pair;
  readonly turns: Pair;
  readonly orphans: number;
  readonly reasons: readonly string[];
}

const idOf = (span: SeenSpan): string => `${span.traceId}/${span.spanId}`;

export function treeReasons(truth: Truth, spans: readonly SeenSpan[], matching: Matching): TreeScore {
  const reasons: string[] = [];
  const byId = new Map(spans.map((span) => [idOf(span), span]));
  const parentOf = (span: SeenSpan) =>
    span.parentId === undefined ? undefined : byId.get(`${span.traceId}/${span.parentId}`);

  /** The nearest AGENT above that is no root: the subagent that a span belongs to. */
  const subagentOf = (span: SeenSpan): SeenSpan | undefined => {
    const path = new Set<SeenSpan>([span]);
    for (let at = parentOf(span); at !== undefined && !path.has(at); at = parentOf(at)) {
      if (at.kind === "AGENT" && at.parentId !== undefined) return at;
      path.add(at);
    }
    return undefined;
  };

  const roots = spans.filter((span) => span.parentId === undefined);
  const traces = new Set(spans.map((span) => span.traceId));
  if (roots.length !== truth.turns) reasons.push(`${roots.length} roots, ${truth.turns} turns`);
  if (traces.size !== truth.turns) reasons.push(`${traces.size} traces, ${truth.turns} turns`);
  const failedRoots = roots.filter((root) => root.status === "ERROR").length;
  if (failedRoots !== truth.failedTurns) reasons.push(`${failedRoots} failed roots, ${truth.failedTurns} failed turns`);
  const orphans = spans.filter((span) => span.parentId !== undefined && parentOf(span) === undefined);
  if (orphans.length > 0) reasons.push(`${orphans.length} orphans: ${orphans.map((span) => span.name).join(", ")}`);

  const agents = spans.filter((span) => span.kind === "AGENT" && span.parentId !== undefined);
  const names = new Set(truth.calls.flatMap((call) => call.subagent ?? []));
  if (agents.length !== names.size) reasons.push(`${agents.length} subagent spans, ${names.size} subagents`);
  const owner = new Map<string, SeenSpan>();
  for (const call of truth.calls) {
    const span = matching.spanOf.get(call.index);
    if (span === undefined) continue;
    const agent = subagentOf(span);
    if (call.subagent === undefined) {
      if (agent !== undefined) reasons.push(`call ${call.index} of the main agent hangs below a subagent`);
      continue;
    }
    const first = owner.get(call.subagent) ?? agent;
    if (agent === undefined || agent !== first) {
      reasons.push(`call ${call.index} is not below the span of its subagent ${call.subagent}`);
    } else owner.set(call.subagent, agent);
  }
  if (new Set(owner.values()).size !== owner.size) reasons.push("two subagents share one AGENT span");
  for (const agent of agents) {
    if (parentOf(agent)?.kind !== "TOOL") reasons.push(`subagent ${agent.name} is not below the tool that started it`);
  }

  const sessions = new Set(spans.map((span) => span.attributes["session.id"]));
  if (sessions.has(undefined)) reasons.push("spans without session.id");
  else if (spans.length > 0 && sessions.size !== truth.sessions) {
    reasons.push(`${sessions.size} sessions, true ${truth.sessions}`);
  }
  return {
    subagents: { truth: names.size, seen: agents.length },
    turns: { truth: truth.turns, seen: roots.length },
    orphans: orphans.length,
    reasons,
  };
}
