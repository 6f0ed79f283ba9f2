/**
 * What is remembered of a session from one event to the next: which turn runs, and when its thread was last free to send a
 * request. Ids, hashes and times only, never a text. Kept among the session's hints.
 */

import type { SessionHints } from "../agent.ts";

/** The newest answer of a thread. */
export interface Answer {
  readonly id: string;
  /** End of its newest piece (epoch ms). */
  at: number;
  pieces: number;
  /** It has text: what comes next is another answer. */
  spoke: boolean;
}

/** The main agent, or a subagent. */
export interface Thread {
  /** When it could send its next request at the earliest (epoch ms). */
  free: number;
  answers: number;
  answer?: Answer;
}

/** The turn that runs, or ran last. */
export interface Turn {
  readonly key: string;
  readonly generation: string;
  readonly start: number;
  /** No hook told its prompt. */
  readonly unprompted?: true;
  ended?: true;
  threads: Record<string, Thread>;
  /** Start and end of its newest tool calls (epoch ms), in the order in which they ended. */
  tools: (readonly [number, number])[];
}

/** One session. */
export interface Memory {
  turn?: Turn;
  /** Generation → turn: a generation that was prompted again has another one. */
  turns: Record<string, string>;
  prompts: number;
  /** The process that runs was given a prompt by its user. */
  prompted?: true;
  /** When the process began, until its first prompt (epoch ms). */
  processAt?: number;
  /** Subagents whose tool call is not known: id → hash of the task. */
  subagents: Record<string, string>;
  /** Hash → time of the newest events: two registrations tell every event twice. */
  seen: Record<string, number>;
}

const HINT = "memory";

/** How many entries of a kind are remembered. */
const KEPT = 32;

/** How many tool calls of a turn are remembered. */
const TOOLS_KEPT = 256;

/** What the hints say, or nothing yet. */
export function recall(hints: SessionHints): Memory {
  const known = hints[HINT];
  if (known !== undefined) return JSON.parse(known) as Memory;
  return { turns: {}, prompts: 0, subagents: {}, seen: {} };
}

/** The hint to keep. */
export function remember(memory: Memory): SessionHints {
  return { [HINT]: JSON.stringify(memory) };
}

/** Adds an entry; the oldest one is forgotten when there are too many. */
export function keep<T>(entries: Record<string, T>, key: string, value: T): void {
  delete entries[key];
  entries[key] = value;
  const [oldest, ...rest] = Object.keys(entries);
  if (oldest !== undefined && rest.length >= KEPT) delete entries[oldest];
}

/** A thread of a turn, made on its first sign. */
export function threadOf(turn: Turn, id: string): Thread {
  const known = turn.threads[id];
  if (known) return known;
  const thread: Thread = { free: turn.start, answers: 0 };
  turn.threads[id] = thread;
  return thread;
}

/** Notes when a tool call ran. */
export function noteTool(turn: Turn, start: number, end: number): void {
  turn.tools.push([start, end]);
  if (turn.tools.length > TOOLS_KEPT) turn.tools.shift();
}

/** A hash for comparing, from which nothing can be read back. */
export function hashOf(value: unknown): string {
  return Bun.hash(JSON.stringify(value) ?? "").toString(36);
}
