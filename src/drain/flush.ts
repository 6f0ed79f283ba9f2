/** Waiting until everything has been delivered: `flush --wait`, and the last step of a CI job. */

import { listSegments } from "../journal/segments.ts";
import type { Paths } from "../paths.ts";
import { openReader } from "../store/open.ts";
import { type StoreReader, segmentKey } from "../store/types.ts";
import type { DrainDeps } from "./deps.ts";
import { drain } from "./drain.ts";
import { touchMark } from "./housekeeping.ts";
import { drainDeps } from "./main.ts";

/** How often another process's drain is looked at, ms. */
const POLL_MS = 50;

/** Shortest life of a drain that was asked for by name, ms: time for a request. */
const MIN_LIFE_MS = 1_000;

/** What is not delivered. */
export interface Left {
  /** Journal segments with lines that are not folded. */
  readonly segments: number;
  /** Sessions that still wait for their agent's history or for quiet, within the time that was given. */
  readonly sessions: number;
  /** Spans that could be sent: retried later. */
  readonly deliverable: number;
  /** Spans of paused sinks, and of sinks whose credential is not here: nothing to wait for. */
  readonly held: number;
  /** Why the store could not be asked, when it could not. */
  readonly problem?: string;
}

/** True when waiting longer cannot help. */
export function isFlushed(left: Left): boolean {
  return left.segments === 0 && left.sessions === 0 && left.deliverable === 0;
}

/**
 * Drains, or waits for the drain that runs, until everything journaled is folded and everything deliverable delivered, or
 * the time is over. Asking by name counts as a change of the configuration: paused sinks are tried once more.
 * @param waitMs how long to try; 0 drains once
 * @returns what is left
 */
export async function flushAndWait(paths: Paths, waitMs: number, deps?: DrainDeps): Promise<Left> {
  const given = deps ?? drainDeps(paths, process.env);
  const asked = `asked ${given.now()}`;
  const own: DrainDeps = {
    ...given,
    configuration: () => {
      const configuration = given.configuration();
      return { ...configuration, stamp: `${configuration.stamp} ${asked}` };
    },
  };
  const until = own.now() + waitMs;
  for (;;) {
    touchMark(paths.drainWanted, own.now());
    const lifeMs = Math.max(MIN_LIFE_MS, Math.min(own.lifeMs, until - own.now()));
    const result = await drain({ ...own, lifeMs });
    const left = leftOf(paths, until);
    if (isFlushed(left) || own.now() >= until || result === "failed") return left;
    await own.sleep(POLL_MS);
  }
}

/** What is left now. @param until epoch ms up to which sessions' own times count */
export function leftOf(paths: Paths, until: number): Left {
  const opened = openReader(paths.store);
  if (!opened.ok) {
    const { error } = opened;
    const problem = "message" in error ? error.message : `schema ${error.version} is newer than ${error.supported}`;
    return { segments: listSegments(paths).length, sessions: 0, deliverable: 0, held: 0, problem };
  }
  try {
    return ask(opened.store, paths, until);
  } finally {
    opened.store.close();
  }
}

function ask(store: StoreReader, paths: Paths, until: number): Left {
  const offsets = store.journalOffsets();
  const unread = listSegments(paths).filter((segment) => (offsets.get(segmentKey(segment)) ?? 0) < segment.size);
  const sinks = store.sinks();
  const free = sinks.filter(({ paused, waiting }) => paused === undefined && waiting === undefined);
  const sum = (list: typeof sinks) => list.reduce((total, { pending }) => total + pending, 0);
  return {
    segments: unread.length,
    sessions: store.waking(until),
    deliverable: sum(free),
    held: sum(sinks) - sum(free),
  };
}
