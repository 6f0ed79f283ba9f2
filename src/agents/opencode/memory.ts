/**
 * What is remembered of a session from one event to the next, since single events of OpenCode do not say which turn and
 * which request they belong to. Ids and times only, never a text. Kept among the session's hints.
 */

import type { SessionHints } from "../agent.ts";

/** The answer that a thread is working on. */
export interface Answer {
  /** Id of the assistant message. */
  readonly message: string;
  readonly turn: string;
  /** It summarises the conversation. */
  readonly summary?: true;
  /** Requests that were sent for it. */
  attempts: number;
  /** Start of the newest one, while it is open. */
  sentAt?: number;
  /** End of its newest text or thought. */
  pieceAt?: number;
  /** When its newest tool call was complete: tools end an answer. */
  calledAt?: number;
  /** The attempt whose tool calls were told under the message's own id, which is then taken. */
  named?: number;
}

/** The root session's thread, or a subagent's. */
export interface Thread {
  turn: string;
  /** The turn has a user message but no prompt; when that was created. */
  unprompted?: number;
  /** The prompt had to wait, and its text is still to come; when the turn began. */
  awaitsPrompt?: number;
  answer?: Answer;
  /** When and how the thread's newest error was reported. */
  error?: { readonly at: number; readonly type: string; readonly message: string };
}

/** One session with its subagents. */
export interface Memory {
  /** A turn is running. */
  active: boolean;
  /** Prompts that were sent while a turn was running, by message id. */
  queued: { readonly message: string; readonly at: number }[];
  /** User messages → turn: compaction and what follows it have messages of their own. */
  turns: Record<string, string>;
  /** By thread; the root's is empty. */
  threads: Record<string, Thread>;
  /** Names of the MCP servers that are configured. */
  servers: readonly string[];
  /** Permission requests → call, and when a call was granted. */
  asked: Record<string, string>;
  granted: Record<string, number>;
}

const HINT = "memory";

/** How many user messages and permissions are remembered. */
const KEPT = 32;

/** What the hints say, or nothing yet. */
export function recall(hints: SessionHints): Memory {
  const known = hints[HINT];
  if (known !== undefined) return JSON.parse(known) as Memory;
  return { active: false, queued: [], turns: {}, threads: {}, servers: [], asked: {}, granted: {} };
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
