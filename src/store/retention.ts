/** Retention: what the store lets go of, by age and by size. Undelivered spans go last, and are counted. */

import type { Database } from "bun:sqlite";
import { addDrops } from "./progress.ts";
import { sizeOf } from "./reader.ts";
import type { Retained, RetentionLimits } from "./types.ts";

const DAY_MS = 86_400_000;

/** Refused spans are evidence for the user: with a shorter retention they stay this many days all the same. */
const REFUSED_DAYS = 30;

/**
 * Progress of a session that has no span left stays this long: without it, a session that is taken up again would be
 * read, and sent, from its beginning.
 */
const PROGRESS_DAYS = 400;

/** Spans per transaction: short enough that no reader waits. */
const BATCH = 500;

/** Part of the size cap down to which a full store is emptied, so that it is not full again at once. */
const LOW_WATER = 0.9;

/** Free pages given back to the file system in one go. */
const VACUUM_PAGES = 20_000;

const META_KEY = "retention";

/** Counter of undelivered spans that the size cap removed. */
export const DROPPED_BY_SIZE = "store is full: undelivered span removed";

/** No sink waits for it, none refused it. */
const SETTLED = "NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.span_row = p.id)";

/** No sink waits for it. */
const DELIVERED = "NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.span_row = p.id AND d.refused IS NULL)";

const ANY = "1";

export function retain(db: Database, { days, maxBytes }: RetentionLimits, now: number): Retained {
  const aged =
    removeAll(db, SETTLED, now - days * DAY_MS) + removeAll(db, DELIVERED, now - Math.max(days, REFUSED_DAYS) * DAY_MS);
  const capped = sizeOf(db) > maxBytes ? removeToFit(db, DELIVERED, maxBytes * LOW_WATER) : 0;
  const dropped = sizeOf(db) > maxBytes ? removeToFit(db, ANY, maxBytes * LOW_WATER, DROPPED_BY_SIZE) : 0;
  db.query(
    `DELETE FROM sessions WHERE updated < ? AND wake_at IS NULL
       AND NOT EXISTS (SELECT 1 FROM spans p WHERE p.session_id = sessions.id)`,
  ).run(now - PROGRESS_DAYS * DAY_MS);
  db.query("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)").run(META_KEY, String(now));
  // The pragma frees a page per row that it is asked for.
  db.query(`PRAGMA incremental_vacuum(${VACUUM_PAGES})`).all();
  return { aged, capped, dropped };
}

/** Epoch ms of the last `retain`. */
export function lastRetention(db: Database): number | undefined {
  const row = db.query("SELECT value FROM meta WHERE key = ?").get(META_KEY) as { value: string } | null;
  return row === null ? undefined : Number(row.value);
}

/** Removes spans stored at or before `until`, oldest first. */
function removeAll(db: Database, condition: string, until: number): number {
  let removed = 0;
  for (;;) {
    const batch = removeBatch(db, `p.stored <= ? AND ${condition}`, [until]);
    removed += batch;
    if (batch < BATCH) return removed;
  }
}

function removeToFit(db: Database, condition: string, bytes: number, drop?: string): number {
  let removed = 0;
  while (sizeOf(db) > bytes) {
    const batch = removeBatch(db, condition, [], drop);
    removed += batch;
    if (batch === 0) break;
  }
  return removed;
}

/** One transaction. The delivery rows of a span go with it (ON DELETE CASCADE). */
function removeBatch(db: Database, condition: string, values: readonly number[], drop?: string): number {
  return db
    .transaction(() => {
      const rows = db
        .query(
          `DELETE FROM spans WHERE id IN (SELECT p.id FROM spans p WHERE ${condition} ORDER BY p.stored, p.id LIMIT ?)
           RETURNING id`,
        )
        .all(...values, BATCH);
      if (drop !== undefined) addDrops(db, { [drop]: rows.length });
      return rows.length;
    })
    .immediate();
}
