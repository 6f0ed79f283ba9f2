/**
 * What the reader of the event log remembers between records. JSON-serialisable and bounded. It is stored, so every text
 * in it went through the guard.
 */

import { MAIN_THREAD } from "../../trace/facts.ts";
import type { Message, NodeError } from "../../trace/node.ts";
import type { Context } from "./context.ts";
import type { UsageData } from "./wire.ts";

/** A failed attempt of a model request. */
export interface Failure {
  readonly at: number;
  readonly error: NodeError;
}

/** One round of the agent's loop: a model request with its failed attempts, and the answer. */
export interface Step {
  /** Id of the record that began it. */
  readonly call: string;
  readonly at: number;
  failures: Failure[];
  /** Tokens and time of an answer whose text has not come. */
  usage?: { readonly at: number; readonly data: UsageData };
  /** The newest piece of the answer. */
  answer?: { readonly at: number; readonly apiCallId?: string; readonly pieces: number; readonly asks: boolean };
  /** Its end was told as a fact. */
  finished?: true;
  /** When the round ended that has no answer. */
  endAt?: number;
}

/** The main agent's conversation, or a subagent's. */
export interface Thread {
  turn: string;
  step?: Step;
  /** Messages for the next request. */
  input: Message[];
  /** Messages of the newest request: they are sent again when it got no answer. */
  sent: Message[];
  /** The model that its requests go to, as last told. */
  model?: string;
  /** A subagent's newest answer. */
  answer?: string;
  /** A subagent's prompt was seen. */
  began?: true;
  /** Only with `capture.messages = full`. */
  context?: Context;
}

/** A tool call without result. */
export interface OpenTool {
  readonly turn: string;
  readonly thread: string;
  readonly name: string;
  readonly builtIn: boolean;
  /** When its permission dialog was answered, and how. */
  decided?: { readonly at: number; readonly kind: string };
}

/** A compaction that runs. */
export interface OpenCompaction {
  readonly turn: string;
  readonly thread: string;
  /** Its model request. */
  request?: {
    readonly call: string;
    readonly at: number;
    readonly durationMs: number;
    readonly responseId?: string;
  };
}

export interface Cursor {
  /** Whole inputs are wanted. */
  readonly full: boolean;
  /** By subagent id, the main agent's under `MAIN_THREAD`. */
  threads: Record<string, Thread>;
  /** Newest turn of the main agent. */
  turn?: string;
  /** It has not ended. */
  open?: true;
  /** Notifications since the turn ended, about which Copilot opens a turn itself. */
  notice?: { readonly turn: string; readonly at: number; readonly text: string; readonly callId?: string };
  /** Tool calls that Copilot made up to tell the model something: no request asked for them. */
  madeUp?: string[];
  tools: Record<string, OpenTool>;
  /** Permission request → tool call. */
  asked: Record<string, string>;
  /** Running subagent → the tool call that started it. */
  agents: Record<string, { readonly callId?: string; readonly background: boolean }>;
  /** Subagent or `shell:<id>` that was started in the background → the tool call that started it. */
  background: Record<string, string>;
  compaction?: OpenCompaction;
  /** Session metadata as last told. */
  told?: string;
}

/** How many unanswered things of one kind are remembered: only a log with missing records has more. */
const KEPT = 256;

/** A turn key for records before the first prompt. */
const NO_TURN = "";

export function emptyCursor(full: boolean): Cursor {
  return { full, threads: {}, tools: {}, asked: {}, agents: {}, background: {} };
}

/** The conversation of a thread, begun when it is not known. */
export function threadOf(cursor: Cursor, id: string): Thread {
  const known = cursor.threads[id];
  if (known) return known;
  const thread: Thread = {
    turn: cursor.turn ?? NO_TURN,
    input: [],
    sent: [],
    ...(cursor.full && { context: { said: [] } }),
  };
  cursor.threads[id] = thread;
  forgetOldest(cursor.threads, MAIN_THREAD);
  return thread;
}

/** Keeps a record of what is open within bounds. */
export function forgetOldest(kept: Record<string, unknown>, except?: string): void {
  const keys = Object.keys(kept).filter((key) => key !== except);
  if (keys.length > KEPT) delete kept[keys[0] ?? ""];
}
