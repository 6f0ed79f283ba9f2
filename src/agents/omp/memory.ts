/**
 * What is remembered of a session from one event to the next, since single events do not say which turn they belong to.
 * Ids, names and times only, never a text. Kept among the session's hints.
 */

import type { NodeError } from "../../trace/node.ts";
import type { SessionHints } from "../agent.ts";

/** The root session's thread, or a subagent's. */
export interface Thread {
  turn: string;
  /** A request was sent at this time and not answered yet. */
  request?: { readonly at: number; readonly provider?: string; readonly model?: string; readonly api?: string };
  /** A run ended at this time, and the agent wanted to go on by itself. */
  pausedAt?: number;
  /** A tool call was cut short: the request that is announced after it is never sent. */
  aborted?: true;
  /** How the newest answer ended, where it did not end well. */
  failure?: NodeError;
  /** A compaction that has not ended. */
  compaction?: { readonly at: number; readonly trigger: string };
  /** The name that its starter gave it. */
  name?: string;
}

/** One session with its subagents. */
export interface Memory {
  /** A turn is running. */
  active: boolean;
  /** A prompt whose message has not come: when it was given. */
  pending?: number;
  /** The turn's end was claimed after an error: another attempt may follow without a word. */
  claimed?: true;
  /** By thread; the root's is empty. */
  threads: Record<string, Thread>;
  /** Name of a subagent → the tool call that started it. */
  spawned: Record<string, { readonly callId: string; readonly agent?: string }>;
  /** Calls that waited for an approval → when they got it. */
  granted: Record<string, number>;
}

const HINT = "memory";

/** How many subagents and approvals of earlier turns are remembered: some outlive their turn. */
const KEPT = 32;

/** Forgets the oldest entries, but for the root's thread. */
export function prune(memory: Memory): void {
  for (const entries of [memory.threads, memory.spawned, memory.granted] as Record<string, unknown>[]) {
    for (const key of Object.keys(entries).slice(0, -KEPT)) if (key !== "") delete entries[key];
  }
}

/** What the hints say, or nothing yet. */
export function recall(hints: SessionHints): Memory {
  const known = hints[HINT];
  if (known !== undefined) return JSON.parse(known) as Memory;
  return { active: false, threads: {}, spawned: {}, granted: {} };
}

/** The hint to keep. */
export function remember(memory: Memory): SessionHints {
  return { [HINT]: JSON.stringify(memory) };
}
