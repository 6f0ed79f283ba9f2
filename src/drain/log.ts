/** The drain's log: what went wrong and, when verbose, what was done. Never content of payloads, never a secret. */

import { appendFileSync, mkdirSync, renameSync, statSync } from "node:fs";

/** Bytes at which the log starts afresh; the one before is kept as `.1`. */
const MAX_LOG_BYTES = 1024 * 1024;

/** Characters of one line; error messages of others can be long. */
const MAX_LINE = 2_000;

/** Writes a line with its time. Never throws. */
export type Log = (line: string) => void;

/** A log in `folder/drain.log`, 0600. */
export function drainLog(folder: string, now: () => number): Log {
  const file = `${folder}/drain.log`;
  return (line) => {
    try {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > MAX_LOG_BYTES) renameSync(file, `${file}.1`);
      const text = line.replaceAll(/[\r\n]+/g, " ").slice(0, MAX_LINE);
      appendFileSync(file, `${new Date(now()).toISOString()} ${text}\n`, { mode: 0o600 });
    } catch {
      // A log that cannot be written must not stop the tracing.
    }
  };
}

/** An error as one line. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
