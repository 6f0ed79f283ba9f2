/** The store's tables, as migrations that are only ever added to. `PRAGMA user_version` counts those applied. */

import type { Database } from "bun:sqlite";

/**
 * Times of spans are nanoseconds in 64-bit integers, all others epoch ms. `spans.body` stands last: the columns before it
 * are then read without touching the overflow pages of large spans. Their numbers are never used again (AUTOINCREMENT), so
 * that `sinks.first_span` keeps its meaning when old spans are gone.
 */
const BASE = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE sessions (
  id INTEGER PRIMARY KEY,
  agent TEXT NOT NULL,
  session TEXT NOT NULL,
  updated INTEGER NOT NULL,
  wake_at REAL,
  context TEXT,
  hints TEXT NOT NULL,
  fold TEXT,
  UNIQUE (agent, session)
);
CREATE INDEX sessions_wake ON sessions (wake_at) WHERE wake_at IS NOT NULL;

CREATE TABLE sources (
  session_id INTEGER NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
  id TEXT NOT NULL,
  path TEXT NOT NULL,
  offset INTEGER NOT NULL,
  cursor TEXT NOT NULL,
  read_at INTEGER NOT NULL,
  settled INTEGER NOT NULL,
  PRIMARY KEY (session_id, id)
) WITHOUT ROWID;

CREATE TABLE segments (key TEXT PRIMARY KEY, offset INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE spans (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  session_id INTEGER NOT NULL REFERENCES sessions (id),
  trace_id TEXT NOT NULL,
  span_id TEXT NOT NULL,
  parent_id TEXT,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  tool TEXT,
  start INTEGER NOT NULL,
  end INTEGER NOT NULL,
  status TEXT NOT NULL,
  prompt_tokens INTEGER,
  completion_tokens INTEGER,
  stored INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (trace_id, span_id)
);
CREATE INDEX spans_start ON spans (start);
CREATE INDEX spans_stored ON spans (stored);
CREATE INDEX spans_tool ON spans (tool, start) WHERE tool IS NOT NULL;
CREATE INDEX spans_summary
  ON spans (session_id, start, parent_id, kind, end, status, prompt_tokens, completion_tokens);

CREATE TABLE sinks (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  target TEXT NOT NULL,
  first_span INTEGER NOT NULL,
  delivered INTEGER NOT NULL DEFAULT 0,
  rejected INTEGER NOT NULL DEFAULT 0,
  paused TEXT,
  paused_stamp TEXT,
  waiting TEXT,
  not_before REAL NOT NULL DEFAULT 0,
  failures INTEGER NOT NULL DEFAULT 0,
  last_error TEXT,
  last_delivery INTEGER
);

CREATE TABLE deliveries (
  sink_id INTEGER NOT NULL REFERENCES sinks (id),
  span_row INTEGER NOT NULL REFERENCES spans (id) ON DELETE CASCADE,
  refused TEXT,
  PRIMARY KEY (sink_id, span_row)
) WITHOUT ROWID;
CREATE INDEX deliveries_span ON deliveries (span_row);

CREATE TABLE drops (reason TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
`;

/** In order; entry n brings version n to version n + 1. Released entries never change. */
export const MIGRATIONS: readonly string[] = [BASE];

/** Schema version of a database; 0 is an empty one. */
export function versionOf(db: Database): number {
  return (db.query("PRAGMA user_version").get() as { user_version: number }).user_version;
}

/** Applies what is missing, each migration in a transaction of its own. The caller has checked that none is newer. */
export function migrate(db: Database, migrations: readonly string[] = MIGRATIONS): void {
  for (let version = versionOf(db); version < migrations.length; version++) {
    const step = migrations[version] ?? "";
    db.transaction(() => {
      db.run(step);
      db.run(`PRAGMA user_version = ${version + 1}`);
    }).immediate();
  }
}
