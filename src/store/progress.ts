/** The drain's steps: progress, spans, delivery rows and drops, all of a step or nothing. */

import type { Database } from "bun:sqlite";
import type { SinkTarget } from "../config/settings.ts";
import type { Span } from "../trace/span.ts";
import { bodyOf, numberAttribute, textAttribute } from "./rows.ts";
import type {
  Drops,
  JournalOffsets,
  NewSpan,
  SessionProgress,
  SessionRef,
  SessionStep,
  SourceProgress,
} from "./types.ts";

interface SessionRow {
  readonly fold: string | null;
  readonly hints: string;
  readonly context: string | null;
  readonly wake_at: number | null;
}

export function loadSession(db: Database, { agent, session }: SessionRef): SessionProgress | undefined {
  const row = db
    .query("SELECT fold, hints, context, wake_at FROM sessions WHERE agent = ? AND session = ?")
    .get(agent, session) as SessionRow | null;
  if (row === null) return undefined;
  return {
    fold: row.fold ?? undefined,
    hints: JSON.parse(row.hints) as Record<string, string>,
    context: row.context ?? undefined,
    wakeAt: row.wake_at ?? undefined,
  };
}

export function loadSource(db: Database, { agent, session }: SessionRef, id: string): SourceProgress | undefined {
  const row = db
    .query(
      `SELECT c.path, c.offset, c.cursor, c.read_at AS readAt, c.settled
       FROM sources c JOIN sessions s ON s.id = c.session_id WHERE s.agent = ? AND s.session = ? AND c.id = ?`,
    )
    .get(agent, session, id) as (Omit<SourceProgress, "settled"> & { settled: number }) | null;
  return row === null ? undefined : { ...row, settled: row.settled !== 0 };
}

export function settledSources(db: Database, { agent, session }: SessionRef): string[] {
  const rows = db
    .query(
      `SELECT c.id FROM sources c JOIN sessions s ON s.id = c.session_id
       WHERE s.agent = ? AND s.session = ? AND c.settled <> 0`,
    )
    .all(agent, session) as { id: string }[];
  return rows.map(({ id }) => id);
}

export function wakes(db: Database, limit: number): (SessionRef & { readonly wakeAt: number })[] {
  return db
    .query(`SELECT agent, session, wake_at AS wakeAt FROM sessions WHERE wake_at IS NOT NULL ORDER BY wake_at LIMIT ?`)
    .all(limit) as (SessionRef & { wakeAt: number })[];
}

export function dueSessions(db: Database, now: number): SessionRef[] {
  return db.query("SELECT agent, session FROM sessions WHERE wake_at <= ? ORDER BY wake_at").all(now) as SessionRef[];
}

/** @returns how many spans were new */
export function commitSteps(db: Database, steps: readonly SessionStep[]): number {
  return db.transaction(() => steps.reduce((added, step) => added + writeStep(db, step), 0)).immediate();
}

export function commitJournal(db: Database, journal: JournalOffsets, drops: Drops): void {
  db.transaction(() => {
    writeOffsets(db, journal);
    addDrops(db, drops);
  }).immediate();
}

export function forgetSegments(db: Database, keys: readonly string[]): void {
  const forget = db.query("DELETE FROM segments WHERE key = ?");
  db.transaction(() => {
    for (const key of keys) forget.run(key);
  }).immediate();
}

/** Adds to the counters of what was dropped. Runs inside the caller's transaction where there is one. */
export function addDrops(db: Database, drops: Drops): void {
  const add = db.query(
    "INSERT INTO drops (reason, count) VALUES (?, ?) ON CONFLICT (reason) DO UPDATE SET count = count + excluded.count",
  );
  for (const [reason, count] of Object.entries(drops)) if (count > 0) add.run(reason, count);
}

/** Row number of a sink, made when it is new: what was stored before is only its by backfill. */
export function sinkRow(db: Database, target: SinkTarget): number {
  const json = JSON.stringify(target);
  const found = db.query("SELECT id, target FROM sinks WHERE key = ?").get(target.id) as {
    id: number;
    target: string;
  } | null;
  if (found !== null) {
    // What is not part of its identity (encoding, compression) may have changed.
    if (found.target !== json) db.query("UPDATE sinks SET target = ? WHERE id = ?").run(json, found.id);
    return found.id;
  }
  const made = db
    .query(
      `INSERT INTO sinks (key, target, first_span)
       VALUES (?, ?, (SELECT coalesce(max(id), 0) + 1 FROM spans)) RETURNING id`,
    )
    .get(target.id, json) as { id: number };
  return made.id;
}

function writeStep(db: Database, step: SessionStep): number {
  const { progress } = step;
  const { id } = db
    .query(
      `INSERT INTO sessions (agent, session, updated, wake_at, context, hints, fold) VALUES (?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (agent, session) DO UPDATE SET updated = excluded.updated, wake_at = excluded.wake_at,
         context = excluded.context, hints = excluded.hints, fold = excluded.fold
       RETURNING id`,
    )
    .get(
      step.agent,
      step.session,
      step.now,
      progress.wakeAt ?? null,
      progress.context ?? null,
      JSON.stringify(progress.hints),
      progress.fold ?? null,
    ) as { id: number };
  const write = db.query(
    `INSERT OR REPLACE INTO sources (session_id, id, path, offset, cursor, read_at, settled)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  );
  for (const [source, { path, offset, cursor, readAt, settled }] of Object.entries(step.sources)) {
    write.run(id, source, path, offset, cursor, readAt, settled ? 1 : 0);
  }
  writeOffsets(db, step.journal);
  addDrops(db, step.drops);
  return step.spans.reduce((added, span) => added + (writeSpan(db, id, span, step.now) ? 1 : 0), 0);
}

function writeOffsets(db: Database, journal: JournalOffsets): void {
  const write = db.query("INSERT OR REPLACE INTO segments (key, offset) VALUES (?, ?)");
  for (const [key, offset] of Object.entries(journal)) write.run(key, offset);
}

function writeSpan(db: Database, session: number, { span, sinks }: NewSpan, now: number): boolean {
  const sinkRows = sinks.map((target) => sinkRow(db, target));
  const body = bodyOf(span);
  const row = db
    .query(
      `INSERT INTO spans (session_id, trace_id, span_id, parent_id, kind, name, tool, start, end, status,
         prompt_tokens, completion_tokens, stored, bytes, body)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id`,
    )
    .get(
      session,
      span.traceId,
      span.spanId,
      span.parentId ?? null,
      span.kind,
      span.name,
      textAttribute(span, "tool.name") ?? null,
      BigInt(span.start),
      BigInt(span.end),
      span.status.code,
      tokens(span, "llm.token_count.prompt"),
      tokens(span, "llm.token_count.completion"),
      now,
      Buffer.byteLength(body),
      body,
    ) as { id: number } | null;
  if (row === null) return false;
  for (const sink of sinkRows) {
    db.query("INSERT OR IGNORE INTO deliveries (sink_id, span_row) VALUES (?, ?)").run(sink, row.id);
  }
  return true;
}

/** Only model calls count: a parent that repeated its children's sums would count them twice. */
function tokens(span: Span, key: string): number | null {
  return span.kind === "LLM" ? (numberAttribute(span, key) ?? null) : null;
}
