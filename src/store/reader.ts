/** Every question that the command line asks of the store. Works on a read-only connection while a drain writes. */

import type { Database } from "bun:sqlite";
import type { SinkTarget } from "../config/settings.ts";
import { conditionOf, SPAN_COLUMNS, type SpanRow, textAttribute, toStored } from "./rows.ts";
import type { RefusedSpan, SessionSummary, SinkStatus, SpanFilter, StoredSpan, StoreReader } from "./types.ts";

const NANOS_PER_MILLI = 1e6;

/** SQLite's "no limit". */
const ALL = -1;

const SUMMARIES = `
SELECT s.id, s.agent, s.session, min(p.start) AS first_start, max(p.end) AS last_end,
  count(*) FILTER (WHERE p.parent_id IS NULL AND p.kind = 'AGENT') AS turns,
  count(*) FILTER (WHERE p.kind = 'LLM') AS llm_calls,
  count(*) FILTER (WHERE p.kind = 'TOOL') AS tool_calls,
  count(*) FILTER (WHERE p.status = 'ERROR') AS errors,
  coalesce(sum(p.prompt_tokens), 0) AS prompt_tokens,
  coalesce(sum(p.completion_tokens), 0) AS completion_tokens
FROM spans p JOIN sessions s ON s.id = p.session_id`;

interface SummaryRow {
  readonly id: number;
  readonly agent: string;
  readonly session: string;
  readonly first_start: number;
  readonly last_end: number;
  readonly turns: number;
  readonly llm_calls: number;
  readonly tool_calls: number;
  readonly errors: number;
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
}

interface SinkRow {
  readonly target: string;
  readonly pending: number;
  readonly refused: number;
  readonly rejected: number;
  readonly delivered: number;
  readonly last_delivery: number | null;
  readonly paused: string | null;
  readonly waiting: string | null;
  readonly not_before: number;
  readonly failures: number;
  readonly last_error: string | null;
}

/** Answers over an open database. */
export function readerOf(db: Database): StoreReader {
  return {
    listSessions: (filter) => listSessions(db, filter),
    spans: (filter) => Array.from(eachSpan(db, filter)),
    eachSpan: (filter) => eachSpan(db, filter),
    sinks: () => sinks(db),
    refused: (sinkId, limit) => refused(db, sinkId, limit),
    drops: () => {
      const rows = db.query("SELECT reason, count FROM drops ORDER BY reason").all() as {
        reason: string;
        count: number;
      }[];
      return Object.fromEntries(rows.map(({ reason, count }) => [reason, count]));
    },
    journalOffsets: () => {
      const rows = db.query("SELECT key, offset FROM segments").all() as { key: string; offset: number }[];
      return new Map(rows.map(({ key, offset }) => [key, offset]));
    },
    waking: (until) =>
      (db.query("SELECT count(*) AS n FROM sessions WHERE wake_at <= ?").get(until) as { n: number }).n,
    size: () => sizeOf(db),
    close: () => db.close(),
  };
}

/** Answers of a store that does not exist yet. */
export function emptyReader(): StoreReader {
  return {
    listSessions: () => [],
    spans: () => [],
    eachSpan: () => [],
    sinks: () => [],
    refused: () => [],
    drops: () => ({}),
    journalOffsets: () => new Map(),
    waking: () => 0,
    size: () => 0,
    close: () => {},
  };
}

/** Bytes in use, free pages not counted. */
export function sizeOf(db: Database): number {
  const pages = (db.query("PRAGMA page_count").get() as { page_count: number }).page_count;
  const free = (db.query("PRAGMA freelist_count").get() as { freelist_count: number }).freelist_count;
  const size = (db.query("PRAGMA page_size").get() as { page_size: number }).page_size;
  return (pages - free) * size;
}

function listSessions(db: Database, filter: SpanFilter): SessionSummary[] {
  const { where, values } = conditionOf(filter);
  const chosen =
    values.length === 0
      ? ""
      : `WHERE p.session_id IN
         (SELECT p.session_id FROM spans p JOIN sessions s ON s.id = p.session_id WHERE ${where})`;
  const rows = db
    .query(`${SUMMARIES} ${chosen} GROUP BY p.session_id ORDER BY last_end DESC, s.id DESC LIMIT ?`)
    .all(...values, filter.limit ?? ALL) as SummaryRow[];
  return rows.map((row) => summaryOf(db, row));
}

function summaryOf(db: Database, row: SummaryRow): SessionSummary {
  const root = db
    .query(
      `SELECT ${SPAN_COLUMNS} FROM spans p JOIN sessions s ON s.id = p.session_id
       WHERE p.session_id = ? AND p.parent_id IS NULL ORDER BY p.start LIMIT 1`,
    )
    .get(row.id) as SpanRow | null;
  const span = root === null ? undefined : toStored(root).span;
  return {
    agent: row.agent,
    session: row.session,
    firstStart: row.first_start / NANOS_PER_MILLI,
    lastEnd: row.last_end / NANOS_PER_MILLI,
    turns: row.turns,
    llmCalls: row.llm_calls,
    toolCalls: row.tool_calls,
    errors: row.errors,
    promptTokens: row.prompt_tokens,
    completionTokens: row.completion_tokens,
    firstInput: span && textAttribute(span, "input.value"),
    cwd: span && cwdOf(textAttribute(span, "metadata")),
  };
}

function cwdOf(metadata: string | undefined): string | undefined {
  if (metadata === undefined) return undefined;
  try {
    const cwd = (JSON.parse(metadata) as { cwd?: unknown } | null)?.cwd;
    return typeof cwd === "string" ? cwd : undefined;
  } catch {
    return undefined;
  }
}

function* eachSpan(db: Database, filter: SpanFilter): Iterable<StoredSpan> {
  const { where, values } = conditionOf(filter);
  // Prepared afresh: a cached statement could not be walked twice at the same time.
  const statement = db.prepare(
    `SELECT ${SPAN_COLUMNS} FROM spans p JOIN sessions s ON s.id = p.session_id
     WHERE ${where} ORDER BY p.start, p.id LIMIT ?`,
  );
  try {
    for (const row of statement.iterate(...values, filter.limit ?? ALL)) yield toStored(row as SpanRow);
  } finally {
    statement.finalize();
  }
}

function sinks(db: Database): SinkStatus[] {
  const rows = db
    .query(
      `SELECT k.*, count(d.span_row) FILTER (WHERE d.refused IS NULL) AS pending,
         count(d.refused) AS refused
       FROM sinks k LEFT JOIN deliveries d ON d.sink_id = k.id GROUP BY k.id ORDER BY k.id`,
    )
    .all() as SinkRow[];
  return rows.map((row) => ({
    target: JSON.parse(row.target) as SinkTarget,
    pending: row.pending,
    refused: row.refused,
    rejected: row.rejected,
    delivered: row.delivered,
    lastDelivery: row.last_delivery ?? undefined,
    paused: row.paused ?? undefined,
    waiting: row.waiting ?? undefined,
    notBefore: row.not_before,
    failures: row.failures,
    lastError: row.last_error ?? undefined,
  }));
}

function refused(db: Database, sinkId: string, limit: number): RefusedSpan[] {
  const rows = db
    .query(
      `SELECT ${SPAN_COLUMNS}, d.refused AS reason FROM deliveries d JOIN sinks k ON k.id = d.sink_id
       JOIN spans p ON p.id = d.span_row JOIN sessions s ON s.id = p.session_id
       WHERE k.key = ? AND d.refused IS NOT NULL ORDER BY d.span_row LIMIT ?`,
    )
    .all(sinkId, limit) as (SpanRow & { reason: string })[];
  return rows.map((row) => ({ ...toStored(row), reason: row.reason }));
}
