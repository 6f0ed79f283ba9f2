/** What the rollout reader remembers between records of one file. JSON-serialisable and bounded; texts only as they may be stored. */

import { type ToolResultFact, type ToolStartFact, UNNAMED_TURN } from "../../trace/facts.ts";
import type { Message, Millis, Part, ToolDefinition, Usage } from "../../trace/node.ts";
import type { TokenUsage } from "./wire.ts";

/** What the model has said of an answer that is not complete yet. */
export interface Saying {
  parts: Part[];
  /** Time of the newest part. */
  at: Millis;
  /** What the conversation had when the request was sent; another number means another request. */
  readonly sampled?: number;
  /** When the request can have been sent at the earliest. */
  readonly from: Millis;
  /** New messages of the request. */
  readonly input: Message[];
  /** With a whole conversation: how much of it was sent. */
  readonly heard?: number;
  /** The tool calls in it, with the results of those that ran inside the request. */
  calls: (ToolStartFact | ToolResultFact)[];
  /** Something was said to the model since: the answer is complete. */
  closed?: true;
  /** It has a message that was not announced to the user: a summary. */
  unannounced?: true;
}

/** An answer that looks like a summary, until the compaction is recorded, or something else happens. */
export interface Summary {
  readonly saying: Saying;
  readonly at: Millis;
  readonly usage?: Usage;
  readonly responseId?: string;
}

/** A tool call without result. */
export interface OpenCall {
  readonly turn: string;
  /** It is a script, which calls tools itself. */
  readonly script?: true;
  /** What `item_completed` or the first of two outputs said. */
  result?: ToolResultFact;
  /** It runs on after its first output, which is not its end. */
  running?: true;
  /** The conversation went on without its output then. */
  missedAt?: Millis;
}

/** Only with `capture.messages = full`: the conversation as the model has it. */
export interface Context {
  system: Message[];
  messages: Message[];
  tools?: ToolDefinition[];
}

export interface Cursor {
  /** `MAIN_THREAD` or the subagent's id; known from the first record. */
  thread?: string;
  /** Time before which records were copied from another session's file. */
  birth?: Millis;
  provider?: string;
  version?: string;
  /** A subagent's type. */
  agentType?: string;
  began?: true;
  /** Current turn as the file has it, and the turn whose trace it belongs to. */
  turn?: string;
  root?: string;
  /** The turn that only frames the current one. */
  outer?: string;
  /** The current turn's start was told. */
  started?: true;
  model?: string;
  parameters?: Record<string, unknown>;
  /** This version writes `item_completed`. */
  items?: true;
  /** Time of the newest record that a request can follow. */
  inputAt?: Millis;
  /** Messages for the next request. */
  input: Message[];
  saying?: Saying;
  summary?: Summary;
  /** What the conversation was replaced by, until the compaction's times are told. */
  compacted?: Message;
  /** Ids of messages that were announced and not recorded yet; older versions announce without one. */
  announced: string[];
  /** Answers without an id of their own, in this turn. */
  ordinal: number;
  open: Record<string, OpenCall>;
  /** When searches of the answer under way began. */
  searches: Record<string, Millis>;
  /** Subagents whose start was told in this turn. */
  spawned: string[];
  /** Newest totals of versions that write nothing else about tokens. */
  totals?: TokenUsage;
  recordsUsage?: true;
  context?: Context;
}

/** How many announced messages are remembered: each is recorded at once. */
export const ANNOUNCED_KEPT = 8;

/** How many tool calls without result are remembered. */
export const OPEN_KEPT = 256;

/** How many messages of one request are remembered; more were never seen. */
export const INPUT_KEPT = 1000;

export function emptyCursor(): Cursor {
  return { input: [], announced: [], ordinal: 0, open: {}, searches: {}, spawned: [] };
}

/** The trace that facts of this file belong to now. */
export function turnOf(cursor: Cursor): string {
  return cursor.root ?? cursor.turn ?? UNNAMED_TURN;
}
