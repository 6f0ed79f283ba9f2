/**
 * What the transcript reader remembers between records of one file. JSON-serialisable and bounded. It is stored, so every
 * text in it went through the guard.
 */

import type { TurnStartFact } from "../../trace/facts.ts";
import type { Message } from "../../trace/node.ts";
import type { Context } from "./context.ts";

/** A model request that was sent and not answered yet. */
export interface SentRequest {
  readonly id: string;
  readonly at: number;
}

export interface Cursor {
  /** `MAIN_THREAD` or the subagent's id. */
  readonly thread: string;
  /** Time of the first dated record: what is older was copied from another session's file. */
  birth?: number;
  /** Nothing of this file is of interest (agents that only warm a cache). */
  ignored?: true;
  /** Turn of the newest prompt. */
  turn?: string;
  /** A prompt without sign yet that it is this session's own. */
  held?: TurnStartFact;
  /** A `!` line whose output has not come. */
  bash?: { readonly turn: string; readonly at: number; readonly prompt: string };
  /** A compaction whose summary has not come. */
  boundary?: {
    readonly at: number;
    readonly trigger?: string;
    readonly durationMs?: number;
    readonly metadata: Record<string, unknown>;
  };
  /** This version records its requests. */
  recordsRequests?: true;
  unanswered: SentRequest[];
  /** Ids of the newest requests of this file. */
  refs: string[];
  /** The call of the newest answer, and how many pieces of it came. */
  answer?: { readonly call: string; readonly turn: string; pieces: number };
  /** Time of the newest record that a request can follow. */
  inputAt?: number;
  /** Messages for the next request. */
  input: Message[];
  /** Messages of the newest request: a retry sends them again. */
  sent: Message[];
  /** Tool calls without result → turn. */
  open: Record<string, string>;
  /** Only with `capture.messages = full`. */
  context?: Context;
  /** Session metadata as last told. */
  told?: string;
  /** Hash of the file's role as last told. */
  linked?: string;
  /** The subagent's first record was seen. */
  began?: true;
}

/** How many request ids are remembered: an answer comes soon after its request. */
export const REFS_KEPT = 64;

export function emptyCursor(thread: string): Cursor {
  return { thread, unanswered: [], refs: [], input: [], sent: [], open: {} };
}
