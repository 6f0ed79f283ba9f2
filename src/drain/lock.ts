/**
 * The drain lock: one drain per user, held by the operating system through an exclusive transaction on an SQLite file of
 * its own, so that a killed holder leaves nothing behind.
 */

import { Database } from "bun:sqlite";
import { closeSync, existsSync, mkdirSync, openSync, unlinkSync } from "node:fs";
import { dirname } from "node:path";

/** Attempts, of which the second is for a lock file that had to be replaced. */
const ATTEMPTS = 2;

/** Keeps held databases from the garbage collector, which would close them and so let go of the lock. */
const HELD = new Set<Database>();

export type LockAttempt =
  | { readonly state: "held"; readonly release: () => void }
  /** Another drain holds it. */
  | { readonly state: "busy" }
  | { readonly state: "failed"; readonly message: string };

/** Tries once, without waiting. @param path the lock's own file, made 0600 when missing */
export function acquireLock(path: string): LockAttempt {
  let message = "";
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    let db: Database | undefined;
    try {
      create(path);
      db = new Database(path, { readwrite: true, create: true });
      db.run("PRAGMA busy_timeout = 0");
      // Nothing is ever written: no journal file beside it.
      db.run("PRAGMA journal_mode = MEMORY");
      db.run("BEGIN EXCLUSIVE");
      const held = db;
      HELD.add(held);
      return {
        state: "held",
        release: () => {
          try {
            held.run("ROLLBACK");
          } finally {
            HELD.delete(held);
            held.close();
          }
        },
      };
    } catch (error) {
      db?.close();
      const code = error instanceof Error ? String((error as { code?: unknown }).code) : "";
      if (code.startsWith("SQLITE_BUSY")) return { state: "busy" };
      message = error instanceof Error ? error.message : String(error);
      if (!code.startsWith("SQLITE_NOTADB") && !code.startsWith("SQLITE_CORRUPT")) break;
      remove(path);
    }
  }
  return { state: "failed", message };
}

/**
 * Makes the file before SQLite does, for its mode. Only when it is missing: closing a second descriptor of a file drops
 * the locks that this process holds on it (POSIX).
 */
function create(path: string): void {
  if (existsSync(path)) return;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    if (!existsSync(path)) throw error;
  }
}

function remove(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // The next attempt says what is wrong.
  }
}
