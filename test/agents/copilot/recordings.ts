/** Recorded sessions of Copilot as the fold gets them: hook events of the journal, then the records of the event log. */

import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { copilot } from "../../../src/agents/copilot/agent.ts";
import { copilotRoute } from "../../../src/agents/copilot/route.ts";
import type { JournalEvent } from "../../../src/journal/event.ts";
import type { Fact } from "../../../src/trace/facts.ts";
import { linesOf, OPEN, type SessionFacts } from "../../support/recording.ts";

const RECORDED = join(import.meta.dir, "../../recorded/copilot");

/** One model request as the model server saw it. */
export interface TrueRequest {
  readonly status: number;
  readonly outcome?: string;
  readonly usage?: {
    readonly prompt: number;
    readonly completion: number;
    readonly cache_read: number;
    readonly reasoning: number;
  };
  readonly api: string;
  readonly calls: readonly string[];
}

export function recordings(): string[] {
  return readdirSync(RECORDED, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

/** What the model server saw of a recording. */
export function truthOf(scenario: string): TrueRequest[] {
  return linesOf<TrueRequest>(join(RECORDED, scenario, "model_requests.jsonl"));
}

interface RecordedHook {
  readonly event: string;
  readonly ts: number;
  readonly env: Readonly<Record<string, string>>;
  readonly stdin: Readonly<Record<string, unknown>>;
}

/** Every recorded hook call. */
export function hooksOf(scenario: string): RecordedHook[] {
  return linesOf<RecordedHook>(join(RECORDED, scenario, "hooks.jsonl"));
}

/** Journal events of a recording: those of its hook calls that the route takes. */
export function journalOf(scenario: string): JournalEvent[] {
  return hooksOf(scenario).flatMap(({ ts, env, stdin }) => {
    const routed = copilotRoute.route(undefined, stdin, env);
    if (routed.verdict !== "trace") return [];
    const { event, session } = routed;
    return [{ v: 1 as const, ts, agent: "copilot", event, session, env, payload: stdin }];
  });
}

/** Event logs of a recording by session. */
export function logsOf(scenario: string): Map<string, string> {
  const folder = join(RECORDED, scenario, "events");
  return new Map(readdirSync(folder).map((name) => [basename(name, ".jsonl"), join(folder, name)]));
}

/** Facts of an event log, each with the time of the record that it came from. */
export function factsOf(path: string, role: Readonly<Record<string, string>> = {}) {
  const facts: Fact[] = [];
  const written: number[] = [];
  let cursor = copilot.history.initial({ id: "main", path, role });
  for (const record of linesOf<{ readonly timestamp: string }>(path)) {
    // As the store keeps it.
    const read = copilot.history.read(JSON.parse(JSON.stringify(cursor)), record, OPEN);
    cursor = read.cursor;
    facts.push(...read.facts);
    written.push(...read.facts.map(() => Date.parse(record.timestamp)));
  }
  return { facts, written, cursor };
}

/** Facts of every session of a recording, in the order in which they began. */
export function sessionsOf(scenario: string): SessionFacts[] {
  const events = journalOf(scenario);
  const logs = logsOf(scenario);
  return [...new Set([...events.map(({ session }) => session), ...logs.keys()])].map((session) => {
    const live = events
      .filter((event) => event.session === session)
      .flatMap((event) => copilot.observe(event, {}).facts);
    const log = logs.get(session);
    const { facts, written } = log ? factsOf(log) : { facts: [], written: [] };
    return { session, live, history: facts, written };
  });
}
