/** What the reader of Devin's database remembers: how far it was read, and what the conversation has open. */

import type { Message } from "../../trace/node.ts";

/** How far the database was read. */
export interface Position {
  /** Size and time of the database's files when they were last read to their end. */
  readonly stamp?: string;
  /** Ids of the newest messages of each chain that were read, oldest first; Devin writes chains anew with the same ids. */
  readonly recent: Readonly<Record<string, readonly string[]>>;
  /** Prompts of the main chain so far. */
  readonly prompts: number;
  /** What the session had cost when it was last looked at. */
  readonly acu?: number;
  readonly credits?: number;
}

/** A conversation between the agent, or a subagent, and its model. */
export interface Thread {
  /** New messages for the next request, as the privacy filter left them. */
  input: readonly Message[];
  /** When the newest of them was written (epoch ms). */
  at: number;
  /** Key of the newest request, and how many messages answered it. */
  call?: string;
  pieces: number;
}

export interface Cursor {
  position: Position;
  /** Key of the turn that runs. */
  turn?: string;
  threads: Record<string, Thread>;
  /** How often each tool call id came up in this turn: Devin counts anew at times. */
  calls: Record<string, number>;
  /** Where the newest compaction began that was told. */
  summarized?: number;
}

export function emptyCursor(): Cursor {
  return { position: { recent: {}, prompts: 0 }, threads: {}, calls: {} };
}
