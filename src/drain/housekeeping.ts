/** What a drain does besides folding and sending: marks for the hooks, notes of losses, retention. */

import { closeSync, existsSync, openSync, statSync, unlinkSync, utimesSync } from "node:fs";
import { readLosses, removeLosses } from "../journal/losses.ts";
import type { Paths } from "../paths.ts";
import type { RetentionLimits, Store } from "../store/types.ts";
import type { Log } from "./log.ts";

/** Retention is applied this often, ms; with nothing to keep (0 days) at the end of every drain. */
const RETENTION_INTERVAL_MS = 3_600_000;

/** Sets or removes an empty 0600 file that says something by being there. Never throws. */
export function setMark(path: string, present: boolean): void {
  try {
    if (present) closeSync(openSync(path, "a", 0o600));
    else if (existsSync(path)) unlinkSync(path);
  } catch {
    // A mark only saves time; the work does not depend on it.
  }
}

/** Touches a mark: its mtime becomes `now`. Never throws. */
export function touchMark(path: string, now: number): void {
  setMark(path, true);
  try {
    utimesSync(path, now / 1000, now / 1000);
  } catch {
    // See above.
  }
}

/** Modification time of a mark in ms, or undefined when it is not there. */
export function markTime(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

/** Counts the notes that hooks left of lost events. Counted before they are removed: a crash counts one twice, never none. */
export function countLosses(paths: Pick<Paths, "losses">, store: Store, log: Log): void {
  const { losses, files } = readLosses(paths);
  if (files.length === 0) return;
  const drops: Record<string, number> = {};
  for (const { agent, event, reason } of losses) {
    const name = `hook: ${reason}`;
    drops[name] = (drops[name] ?? 0) + 1;
    log(`${agent}: ${event ?? "event"} lost in the hook: ${reason}`);
  }
  store.commitJournal({}, drops);
  removeLosses(files);
}

/** Applies the retention when it is due. */
export function applyRetention(store: Store, limits: RetentionLimits, now: number, log: Log): void {
  const last = store.lastRetention();
  const due = last === undefined || Math.abs(now - last) >= RETENTION_INTERVAL_MS;
  if (!due && limits.days > 0) return;
  const { aged, capped, dropped } = store.retain(limits, now);
  if (capped > 0) log(`store: ${capped} delivered spans removed for the size limit`);
  if (dropped > 0) log(`store: ${dropped} undelivered spans removed for the size limit`);
  if (aged > 0 && limits.days > 0) log(`store: ${aged} spans older than ${limits.days} days removed`);
}
