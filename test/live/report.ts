/** Prints the outcomes of a campaign as one table. Pure. */

import type { Outcome } from "./campaign.ts";
import type { Pair, Score } from "./score.ts";

const HEAD = [
  "scenario",
  "calls",
  "failed",
  "prompt",
  "completion",
  "cache read",
  "cache write",
  "reasoning",
  "tools",
  "subagents",
  "turns",
  "orphans",
  "doubles",
  "start ms",
  "end ms",
  "verdict",
] as const;

/** One figure where both agree, `true/seen` where they do not. */
function pair({ truth, seen }: Pair): string {
  return truth === seen ? String(truth) : `${truth}/${seen}`;
}

function cells(outcome: Outcome): readonly string[] {
  const verdict = outcome.reasons.length === 0 ? "exact" : outcome.score === undefined ? "no result" : "inexact";
  const { score } = outcome;
  if (score === undefined) return [outcome.scenario, ...HEAD.slice(2).map(() => "-"), verdict];
  const tokens = (
    ["prompt", "completion", "cacheRead", "cacheWrite", "reasoning"] satisfies (keyof Score["tokens"])[]
  ).map((kind) => pair(score.tokens[kind]));
  return [
    outcome.scenario,
    pair(score.calls),
    pair(score.failed),
    ...tokens,
    pair(score.tools),
    pair(score.subagents),
    pair(score.turns),
    String(score.orphans),
    String(score.duplicates),
    score.startError?.toFixed(0) ?? "-",
    score.endError?.toFixed(0) ?? "-",
    verdict,
  ];
}

/** The table; pairs are `true/seen`. Reasons and the folder with the evidence follow below it. */
export function table(outcomes: readonly Outcome[]): string {
  const rows = [HEAD, ...outcomes.map(cells)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
  return [...lines, ...outcomes.flatMap(explanation)].join("\n");
}

/** Why a run is not exact, and where its evidence lies. */
export function explanation(outcome: Outcome): readonly string[] {
  if (outcome.reasons.length === 0) return [];
  return [
    "",
    `${outcome.scenario} (${outcome.seconds.toFixed(1)} s, load ${outcome.load.toFixed(1)} per core), evidence in ${outcome.out}:`,
    ...outcome.reasons.map((reason) => `  - ${reason}`),
  ];
}

/** One line while the campaign runs. */
export function progress(outcome: Outcome): string {
  const verdict = outcome.reasons.length === 0 ? "exact" : `not exact: ${outcome.reasons[0]}`;
  return `${outcome.scenario} (${outcome.seconds.toFixed(1)} s): ${verdict}`;
}
