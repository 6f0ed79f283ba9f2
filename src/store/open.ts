/** Opens the store. The only place that knows about files, modes and pragmas. */

import { Database } from "bun:sqlite";
import { chmodSync, closeSync, existsSync, mkdirSync, openSync, renameSync, statSync } from "node:fs";
import { dirname } from "node:path";
import * as deliveries from "./deliveries.ts";
import * as progress from "./progress.ts";
import { emptyReader, readerOf } from "./reader.ts";
import { lastRetention, retain } from "./retention.ts";
import { MIGRATIONS, migrate, versionOf } from "./schema.ts";
import type { Store, StoreError, StoreReader } from "./types.ts";

/** How long a statement waits for another process's write, ms. Writes are short; a reader never blocks one. */
const BUSY_TIMEOUT_MS = 5_000;

/** The write-ahead log is cut back to this size after a checkpoint, bytes. */
const WAL_BYTES = 8 * 1024 * 1024;

/** Codes of SQLite that mean: the file is damaged or is no database. */
const DAMAGED = /^SQLITE_(CORRUPT|NOTADB)/;

export type Opened<T> = { readonly ok: true; readonly store: T } | { readonly ok: false; readonly error: StoreError };

/**
 * Opens the store for writing and brings its schema up to date. Files are 0600, the folder 0700, whatever the umask.
 * @returns an error value for a schema that is newer than this program's, and for a file that cannot be used
 */
export function openStore(path: string, migrations: readonly string[] = MIGRATIONS): Opened<Store> {
  let db: Database | undefined;
  try {
    makePrivate(path);
    db = new Database(path, { readwrite: true, create: true, strict: true });
    db.run(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    const version = versionOf(db);
    if (version > migrations.length) {
      db.close();
      return { ok: false, error: { problem: "newer", version, supported: migrations.length } };
    }
    // Before the first table and before WAL, or it would need a full VACUUM.
    if (version === 0) db.run("PRAGMA auto_vacuum = INCREMENTAL");
    db.run("PRAGMA journal_mode = WAL");
    // A dead process loses nothing; only a power cut may cost the last commits, and those are read again.
    db.run("PRAGMA synchronous = NORMAL");
    db.run(`PRAGMA journal_size_limit = ${WAL_BYTES}`);
    db.run("PRAGMA foreign_keys = ON");
    migrate(db, migrations);
    return { ok: true, store: storeOf(db) };
  } catch (error) {
    db?.close();
    return { ok: false, error: errorOf(error) };
  }
}

/**
 * Opens the store for questions only, while a drain may be writing. A store that does not exist, or has no tables yet,
 * answers empty.
 */
export function openReader(path: string): Opened<StoreReader> {
  if (!existsSync(path)) return { ok: true, store: emptyReader() };
  let db: Database | undefined;
  try {
    db = new Database(path, { readonly: true, strict: true });
    db.run(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    const version = versionOf(db);
    if (version === MIGRATIONS.length) return { ok: true, store: readerOf(db) };
    db.close();
    if (version > MIGRATIONS.length) {
      return { ok: false, error: { problem: "newer", version, supported: MIGRATIONS.length } };
    }
    if (version === 0) return { ok: true, store: emptyReader() };
    // An older schema after an update: the next drain would migrate it, a question may do so as well.
    return openStore(path);
  } catch (error) {
    db?.close();
    return { ok: false, error: errorOf(error) };
  }
}

/**
 * Moves a damaged database out of the way, with its side files, so that tracing can go on with a fresh one.
 * Only for the holder of the drain lock. @returns the new name
 */
export function moveAside(path: string, now: number): string {
  let kept = `${path}.corrupt-${now}`;
  for (let n = 1; existsSync(kept); n++) kept = `${path}.corrupt-${now}-${n}`;
  for (const suffix of ["-wal", "-shm", ""]) {
    if (existsSync(path + suffix)) renameSync(path + suffix, kept + suffix);
  }
  return kept;
}

/** True for an error of SQLite that says the database is damaged. */
export function isDamage(error: unknown): boolean {
  return DAMAGED.test(codeOf(error));
}

function codeOf(error: unknown): string {
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return typeof code === "string" ? code : "";
}

function errorOf(error: unknown): StoreError {
  const message = error instanceof Error ? error.message : String(error);
  return { problem: isDamage(error) ? "corrupt" : "unusable", message };
}

/** SQLite gives its side files the mode of the database, so that the mode of this one file decides. */
function makePrivate(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  if (!existsSync(path)) {
    closeSync(openSync(path, "a", 0o600));
  } else if (process.platform !== "win32" && (statSync(path).mode & 0o077) !== 0) {
    chmodSync(path, 0o600);
  }
}

function storeOf(db: Database): Store {
  return {
    ...readerOf(db),
    loadSession: (ref) => progress.loadSession(db, ref),
    loadSource: (ref, id) => progress.loadSource(db, ref, id),
    settledSources: (ref) => progress.settledSources(db, ref),
    wakes: (limit) => progress.wakes(db, limit),
    dueSessions: (now) => progress.dueSessions(db, now),
    commitStep: (step) => progress.commitSteps(db, [step]),
    commitSteps: (steps) => progress.commitSteps(db, steps),
    commitJournal: (journal, drops) => progress.commitJournal(db, journal, drops),
    forgetSegments: (keys) => progress.forgetSegments(db, keys),
    undelivered: (sink, limit, maxBytes) => deliveries.undelivered(db, sink, limit, maxBytes),
    markDelivered: (sink, rows, rejected, now) => deliveries.markDelivered(db, sink, rows, rejected, now),
    markRefused: (sink, rows, reason) => deliveries.markRefused(db, sink, rows, reason),
    pauseSink: (sink, reason, stamp) => deliveries.pauseSink(db, sink, reason, stamp),
    resumeSinks: (stamp) => deliveries.resumeSinks(db, stamp),
    backoffSink: (sink, reason, notBefore) => deliveries.backoffSink(db, sink, reason, notBefore),
    markWaiting: (sink, reason) => deliveries.markWaiting(db, sink, reason),
    pendingSessions: (sink) => deliveries.pendingSessions(db, sink),
    putSink: (target) => {
      progress.sinkRow(db, target);
    },
    retarget: (ref, sink, target) => deliveries.retarget(db, ref, sink, target),
    addDeliveries: (filter, targets) => deliveries.addDeliveries(db, filter, targets),
    retain: (limits, now) => retain(db, limits, now),
    lastRetention: () => lastRetention(db),
  };
}
