/** Recorded sessions of Gemini CLI as the fold gets them: hook events of the journal, then the records of the transcripts. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { SessionHints } from "../../../src/agents/agent.ts";
import { gemini } from "../../../src/agents/gemini/agent.ts";
import type { JournalEvent } from "../../../src/journal/event.ts";
import type { Fact } from "../../../src/trace/facts.ts";
import { linesOf, OPEN, type SessionFacts } from "../../support/recording.ts";

const RECORDED = join(import.meta.dir, "../../recorded/gemini");

/** One model request as the model server saw it. */
export interface TrueRequest {
  readonly n: number;
  /** Arrival (ms). */
  readonly ts: number;
  readonly kind: "main" | "sub" | "util";
  readonly model: string;
  readonly status: number;
  readonly tools: readonly { readonly name: string; readonly args?: unknown }[];
  readonly usage?: {
    readonly promptTokenCount: number;
    readonly candidatesTokenCount?: number;
    readonly thoughtsTokenCount?: number;
    readonly cachedContentTokenCount?: number;
  };
  /** The answer was sent to its end. */
  readonly done: boolean;
}

/** Names of all recordings. */
export function recordings(): string[] {
  return readdirSync(RECORDED, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** What the model server saw. */
export function truthOf(scenario: string): TrueRequest[] {
  return linesOf<TrueRequest>(join(RECORDED, scenario, "model_requests.jsonl"));
}

/** Journal events of a recording. */
export function journalOf(scenario: string): JournalEvent[] {
  type Hook = { event: string; ts: number; stdin: Record<string, unknown> };
  return linesOf<Hook>(join(RECORDED, scenario, "hooks.jsonl")).map(({ event, ts, stdin }) => ({
    v: 1,
    ts,
    agent: "gemini",
    event,
    session: String(stdin.session_id),
    env: {},
    payload: { ...stdin, transcript_path: join(RECORDED, scenario, "chats", basename(String(stdin.transcript_path))) },
  }));
}

async function historyOf(session: string, hints: SessionHints): Promise<{ facts: Fact[]; written: number[] }> {
  const facts: Fact[] = [];
  const written: number[] = [];
  for (const source of await gemini.sources(session, hints)) {
    let cursor = gemini.history.initial(source);
    let newest = 0;
    for (const record of existsSync(source.path) ? linesOf<unknown>(source.path) : []) {
      const read = gemini.history.read(cursor, record, OPEN);
      cursor = JSON.parse(JSON.stringify(read.cursor));
      newest = Math.max(newest, writtenAt(record) ?? newest);
      facts.push(...read.facts);
      written.push(...read.facts.map(() => newest));
    }
  }
  return { facts, written };
}

/** When a record was written: a batch of tool calls is, when it is done. */
function writtenAt(record: unknown): number | undefined {
  const { timestamp, toolCalls, $set } = Object(record);
  const times = [
    timestamp,
    $set?.lastUpdated,
    ...(toolCalls ?? []).map((call: { timestamp: string }) => call.timestamp),
  ];
  const known = times.flatMap((time) => (typeof time === "string" ? [Date.parse(time)] : []));
  return known.length > 0 ? Math.max(...known) : undefined;
}

/** Facts of every session of a recording, in the order in which the sessions began. */
export async function sessionsOf(scenario: string): Promise<SessionFacts[]> {
  const events = journalOf(scenario);
  const sessions: SessionFacts[] = [];
  for (const session of new Set(events.map((event) => event.session))) {
    const observed = events.filter((event) => event.session === session).map((event) => gemini.observe(event, {}));
    const hints: SessionHints = Object.assign({}, ...observed.map((one) => one.hints ?? {}));
    const { facts, written } = await historyOf(session, hints);
    sessions.push({ session, live: observed.flatMap((one) => one.facts), history: facts, written });
  }
  return sessions;
}

/** Text of a recorded file. */
export function recordedText(path: string): string {
  return readFileSync(join(RECORDED, path), "utf8");
}
