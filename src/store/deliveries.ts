/** Bookkeeping of deliveries: one row per span and sink while it waits or was refused, and the state of each sink. */

import type { Database } from "bun:sqlite";
import type { SinkTarget } from "../config/settings.ts";
import { sinkRow } from "./progress.ts";
import { conditionOf, SPAN_COLUMNS, type SpanRow, toStored } from "./rows.ts";
import type { QueuedSpan, SessionRef, SpanFilter } from "./types.ts";

export function undelivered(
  db: Database,
  sinkId: string,
  limit: number,
  maxBytes = Number.POSITIVE_INFINITY,
): QueuedSpan[] {
  const statement = db.prepare(
    `SELECT ${SPAN_COLUMNS} FROM deliveries d JOIN spans p ON p.id = d.span_row JOIN sessions s ON s.id = p.session_id
     WHERE d.sink_id = (SELECT id FROM sinks WHERE key = ?) AND d.refused IS NULL ORDER BY d.span_row LIMIT ?`,
  );
  const queue: QueuedSpan[] = [];
  let total = 0;
  try {
    for (const row of statement.iterate(sinkId, limit) as Iterable<SpanRow>) {
      total += row.bytes;
      if (queue.length > 0 && total > maxBytes) break;
      queue.push({ ...toStored(row), row: row.row, bytes: row.bytes });
    }
  } finally {
    statement.finalize();
  }
  return queue;
}

export function markDelivered(
  db: Database,
  sinkId: string,
  rows: readonly number[],
  rejected: number,
  now: number,
): void {
  db.transaction(() => {
    const remove = db.query(
      "DELETE FROM deliveries WHERE sink_id = (SELECT id FROM sinks WHERE key = ?) AND span_row = ?",
    );
    for (const row of rows) remove.run(sinkId, row);
    db.query(
      `UPDATE sinks SET delivered = delivered + ?, rejected = rejected + ?, last_delivery = ?, failures = 0,
         not_before = 0, waiting = NULL WHERE key = ?`,
    ).run(rows.length - Math.min(rejected, rows.length), rejected, now, sinkId);
  }).immediate();
}

export function markRefused(db: Database, sinkId: string, rows: readonly number[], reason: string): void {
  db.transaction(() => {
    const refuse = db.query(
      "UPDATE deliveries SET refused = ? WHERE sink_id = (SELECT id FROM sinks WHERE key = ?) AND span_row = ?",
    );
    for (const row of rows) refuse.run(reason, sinkId, row);
    // The sink did answer: what failed before is over.
    db.query("UPDATE sinks SET failures = 0, not_before = 0, last_error = ? WHERE key = ?").run(reason, sinkId);
  }).immediate();
}

export function pauseSink(db: Database, sinkId: string, reason: string, stamp: string): void {
  db.query("UPDATE sinks SET paused = ?, paused_stamp = ?, last_error = ? WHERE key = ?").run(
    reason,
    stamp,
    reason,
    sinkId,
  );
}

export function resumeSinks(db: Database, stamp: string): string[] {
  const rows = db
    .query(
      `UPDATE sinks SET paused = NULL, paused_stamp = NULL, not_before = 0, failures = 0
       WHERE paused IS NOT NULL AND paused_stamp IS NOT ? RETURNING key`,
    )
    .all(stamp) as { key: string }[];
  return rows.map(({ key }) => key);
}

export function backoffSink(db: Database, sinkId: string, reason: string, notBefore: number): void {
  db.query("UPDATE sinks SET failures = failures + 1, not_before = ?, last_error = ? WHERE key = ?").run(
    notBefore,
    reason,
    sinkId,
  );
}

export function markWaiting(db: Database, sinkId: string, reason: string | undefined): void {
  db.query("UPDATE sinks SET waiting = ?1 WHERE key = ?2 AND waiting IS NOT ?1").run(reason ?? null, sinkId);
}

export function pendingSessions(
  db: Database,
  sinkId: string,
): (SessionRef & { readonly context: string | undefined })[] {
  const rows = db
    .query(
      `SELECT agent, session, context FROM sessions WHERE id IN (
         SELECT p.session_id FROM deliveries d JOIN spans p ON p.id = d.span_row
         WHERE d.sink_id = (SELECT id FROM sinks WHERE key = ?) AND d.refused IS NULL)`,
    )
    .all(sinkId) as { agent: string; session: string; context: string | null }[];
  return rows.map((row) => ({ ...row, context: row.context ?? undefined }));
}

export function retarget(db: Database, { agent, session }: SessionRef, sinkId: string, target: SinkTarget): number {
  return db
    .transaction(() => {
      const sink = sinkRow(db, target);
      const condition = `sink_id = (SELECT id FROM sinks WHERE key = ?) AND refused IS NULL AND span_row IN
        (SELECT p.id FROM spans p JOIN sessions s ON s.id = p.session_id WHERE s.agent = ? AND s.session = ?)`;
      const { changes } = db
        .query(
          `INSERT OR IGNORE INTO deliveries (sink_id, span_row)
           SELECT ?, span_row FROM deliveries WHERE ${condition}`,
        )
        .run(sink, sinkId, agent, session);
      db.query(`DELETE FROM deliveries WHERE ${condition}`).run(sinkId, agent, session);
      return changes;
    })
    .immediate();
}

export function addDeliveries(db: Database, filter: SpanFilter, targets: readonly SinkTarget[]): number {
  const { where, values } = conditionOf(filter);
  return db
    .transaction(() => {
      let added = 0;
      for (const target of targets) {
        const sink = sinkRow(db, target);
        const rows = db
          .query(
            `INSERT OR IGNORE INTO deliveries (sink_id, span_row)
             SELECT ?, p.id FROM spans p JOIN sessions s ON s.id = p.session_id
             WHERE p.id < (SELECT first_span FROM sinks WHERE id = ?) AND ${where} RETURNING span_row`,
          )
          .all(sink, sink, ...values) as { span_row: number }[];
        const first = rows.reduce((lowest, { span_row }) => Math.min(lowest, span_row), Number.MAX_SAFE_INTEGER);
        // Asked for again, what was sent meanwhile is not sent twice.
        db.query("UPDATE sinks SET first_span = min(first_span, ?) WHERE id = ?").run(first, sink);
        added += rows.length;
      }
      return added;
    })
    .immediate();
}
