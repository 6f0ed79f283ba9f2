/** What the reader of Kiro's session files remembers from one record to the next. */

import type { Message } from "../../trace/node.ts";

/** How far the files of a session of CLI 2 were read. */
export interface Cli2Position {
  /** Byte of the lines file up to which everything was read, and records behind it that were read too. */
  readonly offset: number;
  readonly skip: number;
  readonly prompts: number;
  /** Time of the prompt of the running turn as its hook saw it (epoch ms); 0 for turns from before tracing. */
  readonly prompt: number;
  /** Marks of the clock that belong to what was read of the turn. */
  readonly marks: number;
  /** When the newest thing that was read ended (epoch ms). */
  readonly last: number;
  /** Turns whose cost is not known yet. */
  readonly unbilled: readonly { readonly turn: string; readonly ordinal: number }[];
  /** Size and time of the sidecar when it was last read. */
  readonly stamp?: string;
}

/** The request that CLI 3 is in. */
export interface Cli3Request {
  readonly call: string;
  pieces: number;
  /** Tools that it asked for were answered: what comes next is another request. */
  answered: boolean;
}

export interface Cursor {
  cli2: Cli2Position;
  /** Key of the turn that runs. */
  turn?: string;
  /** Requests of the turn so far. */
  requests: number;
  /** New messages for the next request, as the privacy filter left them. */
  input: readonly Message[];
  model?: string;
  /** Names of the tools that were asked for and not answered (CLI 3). */
  request?: Cli3Request;
  /** When the newest record was written that the next request follows (CLI 3). */
  at: number;
  /** Text of the newest answer (CLI 3), as the privacy filter left it. */
  answer?: string;
}

export function emptyCursor(): Cursor {
  return {
    cli2: { offset: 0, skip: 0, prompts: 0, prompt: 0, marks: 0, last: 0, unbilled: [] },
    requests: 0,
    input: [],
    at: 0,
  };
}
