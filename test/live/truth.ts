/**
 * What really happened in a run, as the model server and the driver saw it. Every agent's scenarios produce this shape,
 * the scorer compares spans with it. Nothing here names an agent.
 */

/** Tokens of one answer. `prompt` includes cache reads and writes, `completion` includes reasoning. */
export interface TrueUsage {
  readonly prompt: number;
  readonly completion: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly reasoning: number;
}

/** How a request ended, as the server saw it. `aborted`: the client left before the last byte. */
export type CallOutcome = "ok" | "http_error" | "stream_error" | "aborted" | "unfinished";

/** Who asked. Only `main` and `subagent` requests must have a span; the others may have one. */
export type CallRole = "main" | "subagent" | "compaction" | "utility";

/** A tool call that an answer asked for. */
export interface TrueToolCall {
  readonly id: string;
  readonly name: string;
  /** The agent never wrote the call down: no source has its id, and only hooks can tell whether it had ended. */
  readonly unnamed?: boolean;
}

/** One request to the model server. Times are the server's, epoch milliseconds with fractions. */
export interface TrueCall {
  /** Order of arrival, from 0. */
  readonly index: number;
  readonly role: CallRole;
  /** The agent's own id of the subagent that asked; absent for others. */
  readonly subagent?: string;
  readonly model?: string;
  /** Arrival of the request. */
  readonly start: number;
  /** First byte of the answer's body; absent when there was none. */
  readonly firstByte?: number;
  /** Last byte, or the moment at which the client was seen to be gone. */
  readonly end: number;
  readonly status: number;
  readonly outcome: CallOutcome;
  readonly error?: string;
  readonly finishReason?: string;
  /** As sent; absent when no usage was sent or the answer did not end. */
  readonly usage?: TrueUsage;
  readonly toolCalls: readonly TrueToolCall[];
  /** No source of the agent tells when this call began (attempts before it failed and left no record): not compared. */
  readonly startUnknowable?: boolean;
  /** No source of the agent tells when this call ended: its end and duration are not compared. */
  readonly endUnknowable?: boolean;
}

/** A tool's result as the agent reported it back to the model. */
export interface TrueToolResult {
  readonly id: string;
  readonly isError: boolean;
  /** Characters of text. */
  readonly length: number;
}

/** The whole run. */
export interface Truth {
  readonly agent: string;
  readonly scenario: string;
  /** Traces that must exist: prompts, notifications that opened a turn, compactions outside a turn. */
  readonly turns: number;
  /** Of these, how many did not end well and must say so. */
  readonly failedTurns: number;
  /** Sessions of the agent. */
  readonly sessions: number;
  readonly calls: readonly TrueCall[];
  readonly toolResults: readonly TrueToolResult[];
  /** Tracing must leave no span at all (switched off, or no hook runs in this mode). */
  readonly traceless: boolean;
  /** What no source of this agent can tell: these do not count when they are missing. */
  readonly unknowable: readonly Unknowable[];
}

/**
 * `failed_calls`: attempts that leave no record. `compaction`: the model call of a compaction.
 */
export type Unknowable = "failed_calls" | "compaction";
