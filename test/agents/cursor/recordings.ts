/** Payload sets of Cursor as the fold gets them. */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { HistorySource, SessionHints } from "../../../src/agents/agent.ts";
import { observe, RUN_HINT } from "../../../src/agents/cursor/events.ts";
import { cursorRoute } from "../../../src/agents/cursor/route.ts";
import { history } from "../../../src/agents/cursor/transcript.ts";
import type { JournalEvent } from "../../../src/journal/event.ts";
import type { Fact } from "../../../src/trace/facts.ts";
import { linesOf, OPEN, type SessionFacts } from "../../support/recording.ts";

const RECORDED = join(import.meta.dir, "../../recorded/cursor");

/** When every set begins (epoch ms). */
const BEGINS = Date.parse("2026-09-20T10:00:00Z");

/** Sets whose session has a transcript, which only runs without a terminal need. */
const TRANSCRIPTS: Readonly<Record<string, string>> = { "cli-print-headless": "side-files/agent-transcript.jsonl" };

/** One hook call of a set. */
export interface RecordedCall {
  readonly gap_ms: number;
  readonly raw_prefix_hex?: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** Names of all payload sets. */
export function recordings(): string[] {
  return readdirSync(RECORDED, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "side-files")
    .map(({ name }) => name)
    .sort();
}

/** The hook calls of a set. */
export function callsOf(scenario: string): RecordedCall[] {
  return linesOf<RecordedCall>(join(RECORDED, scenario, "payloads.jsonl"));
}

/** Records of the sample transcript. */
export function transcriptOf(path: string): unknown[] {
  return linesOf<unknown>(join(RECORDED, path));
}

/** Journal events of hook calls: what the route lets through. */
export function journalOf(calls: readonly RecordedCall[], begins = BEGINS): JournalEvent[] {
  let ts = begins;
  return calls.flatMap(({ gap_ms, payload }): JournalEvent[] => {
    ts += gap_ms;
    const routed = cursorRoute.route(undefined, payload, {});
    if (routed.verdict !== "trace") return [];
    const { event, session } = routed;
    return [{ v: 1, ts, agent: "cursor", event, session, env: {}, payload }];
  });
}

/** Facts of the events of one session, each event told what the earlier ones left as hints. */
export function observed(events: readonly JournalEvent[]): { facts: Fact[]; hints: SessionHints } {
  let hints: SessionHints = {};
  const facts = events.flatMap((event) => {
    const one = observe(event, hints);
    if (one.skipped !== undefined) throw new Error(one.skipped);
    hints = JSON.parse(JSON.stringify({ ...hints, ...one.hints }));
    return one.facts;
  });
  return { facts, hints };
}

/** Facts of a transcript that belongs to the run that hints tell of. */
export function transcriptFacts(records: readonly unknown[], hints: SessionHints): Fact[] {
  const run = hints[RUN_HINT];
  if (run === undefined) return [];
  const source: HistorySource = { id: "main", path: "", role: { run } };
  let cursor = history.initial(source);
  for (const record of records) cursor = JSON.parse(JSON.stringify(history.read(cursor, record, OPEN).cursor));
  return [...(history.about?.(cursor, source).facts ?? [])];
}

/** Facts of every session of a set, in the order in which the sessions began. */
export function sessionsOf(scenario: string): SessionFacts[] {
  const events = journalOf(callsOf(scenario));
  return [...new Set(events.map(({ session }) => session))].map((session) => {
    const { facts, hints } = observed(events.filter((event) => event.session === session));
    const transcript = TRANSCRIPTS[scenario];
    const told = transcript === undefined ? [] : transcriptFacts(transcriptOf(transcript), hints);
    const newest = Math.max(...facts.map(({ at }) => at));
    return { session, live: facts, history: told, written: told.map(() => newest) };
  });
}
