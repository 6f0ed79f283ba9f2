/** What the reader of a chat transcript remembers from one record to the next. */

import type { CompactionFact } from "../../trace/facts.ts";

/** The newest answer of the thread: its tool calls are added to it later. */
export interface LastAnswer {
  /** Id of the record. */
  readonly record: string;
  /** Key of the request that it answers. */
  readonly call: string;
  /** When its stream had ended (epoch ms). */
  readonly at: number;
  /** When the last of its tools was done (epoch ms); undefined before. */
  readonly toolsAt?: number;
}

/** A compression of the context whose turn is not known yet. */
export interface Compression {
  /** Id of the message that holds the summary. */
  readonly id: string;
  /** Its end, with the summary as the privacy filter left it. */
  readonly end: CompactionFact;
  /** When its history says that it began at the earliest (epoch ms). */
  readonly after?: number;
}

export interface Cursor {
  /** Thread of everything in the file: empty, or the subagent's id. */
  readonly thread: string;
  /** Key of the turn that runs; undefined in a subagent's file, which names none. */
  turn?: string;
  /** Key of the request that was sent and not answered. */
  pending?: string;
  answer?: LastAnswer;
  /** The turn was cancelled or failed: results that are written down now are sent to nobody. */
  ended?: true;
  /** Gemini CLI is writing the conversation so far down anew. */
  replaying: boolean;
  /** Id of the summary that begins the conversation now. */
  snapshot?: string;
  compression?: Compression;
  /** The subagent's prompt was told. */
  prompted: boolean;
  /** In a file that is one JSON document: how many of its messages were read to their end. */
  read: number;
}

/** Cursor at the beginning of a file. */
export function emptyCursor(thread: string): Cursor {
  return { thread, replaying: false, prompted: false, read: 0 };
}
