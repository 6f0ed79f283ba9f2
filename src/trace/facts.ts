/**
 * Facts: what an agent's hooks and its own history say, translated into one vocabulary.
 *
 * An agent folder turns its wire formats into facts; the shared fold (`fold.ts`) reconciles them into nodes. A fact says
 * one thing, may arrive more than once, from more than one source and in any order relative to facts of the other source.
 * Keys are the agent's own ids. Times are epoch milliseconds.
 */

import type {
  ContentClass,
  Message,
  Metadata,
  Millis,
  NodeError,
  Outcome,
  Part,
  Scalar,
  ToolDefinition,
  Usage,
} from "./node.ts";

interface Base {
  readonly at: Millis;
  /** From a hook, as it happened; facts without it come from the agent's history. */
  readonly live?: true;
}

/**
 * Turn key of hook facts whose agent names no turn. Such facts belong to the turn that was current when they happened:
 * the fold binds each run of them, opened by a `turn.start`, to the next turn that the history starts.
 */
export const UNNAMED_TURN = "";

/**
 * Call id of hook facts whose agent names no request. Requests of a thread never overlap, so the fold finds the request that
 * the history names by its time; what the history does not know (failed attempts, sessions without history) stays a call of
 * its own.
 */
export const UNNAMED_CALL = "";

/**
 * Call id of hook facts whose agent names neither the tool call nor its thread. The fold finds the call of the same tool and
 * input that the history shows for that time; one that the history never shows (it was cut off) is a call of its own.
 */
export const UNNAMED_TOOL = "";

/** Thread of the main agent; a subagent's thread is its agent id. */
export const MAIN_THREAD = "";

/** Facts about the whole session; each key replaces the earlier value. */
export interface SessionFact extends Base {
  readonly type: "session";
  readonly metadata: Metadata;
}

/**
 * A process of the session started or ended. `end` closes whatever is still open. `idle`: it says that it has nothing more
 * to do, which background work may still change: what is open stays open, and its history is read soon.
 */
export interface SessionPhaseFact extends Base {
  readonly type: "session.start" | "session.end" | "session.idle";
  readonly reason?: string;
  /** True when `at` is only when the end was found out. */
  readonly loose?: boolean;
  /** When the process was last seen to run, where its end was only found out. */
  readonly seen?: Millis;
}

/** A turn began. From the prompt hook and again from the history. */
export interface TurnStartFact extends Base {
  readonly type: "turn.start";
  readonly turn: string;
  readonly prompt?: string;
  /** 1-based position in the session, where the agent says it. */
  readonly index?: number;
  readonly metadata?: Metadata;
  /** The background tool call whose end notification is this turn's prompt. */
  readonly answers?: { readonly callId: string };
  /** `traceparent` of an outside trace that contains this turn. */
  readonly traceparent?: string;
  /** For an unnamed turn: its key in case that the history never shows it (no history, or one that cannot be read). */
  readonly alone?: string;
}

/**
 * A turn ended. `claimed` comes from an end-of-turn hook (the history may still lag behind), `recorded` from the history.
 * A root is final once its end is recorded and quiet, or when something later proves that it is over.
 */
export interface TurnEndFact extends Base {
  readonly type: "turn.end";
  readonly turn: string;
  readonly source: "claimed" | "recorded";
  readonly outcome: Outcome;
  /** For a claim: the history was complete before the hook ran, so that it counts as recorded once the history was read. */
  readonly complete?: boolean;
  readonly output?: string;
  readonly error?: NodeError;
  readonly metadata?: Metadata;
}

/** Something to note on the turn: metadata, or an event. */
export interface TurnNoteFact extends Base {
  readonly type: "turn.note";
  readonly turn: string;
  readonly metadata?: Metadata;
  readonly event?: {
    readonly name: string;
    readonly attributes: Readonly<Record<string, Scalar>>;
    readonly content?: ContentClass;
  };
}

/** A model request was sent. One per attempt. */
export interface LlmStartFact extends Base {
  readonly type: "llm.start";
  readonly turn: string;
  readonly thread: string;
  /** Id of the attempt. */
  readonly call: string;
  readonly model?: string;
  readonly provider?: string;
  readonly system?: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** New messages of this request. */
  readonly input?: readonly Message[];
  readonly tools?: readonly ToolDefinition[];
  /** True when `at` is only inferred: the start that a hook saw is the true one. */
  readonly loose?: boolean;
  /** What is new in it is the turn's prompt. */
  readonly prompted?: true;
  /** The request serves the compaction that is open in its thread: it belongs below it. */
  readonly compaction?: true;
  readonly metadata?: Metadata;
}

/** An attempt of a request failed and another one follows, where only the last one is a call of its own. */
export interface LlmRetryFact extends Base {
  readonly type: "llm.retry";
  readonly turn: string;
  readonly thread: string;
  readonly call: string;
  readonly error: NodeError;
}

/** A piece of a response, or all of it. `at` is when the piece was complete. */
export interface LlmOutputFact extends Base {
  readonly type: "llm.output";
  readonly turn: string;
  readonly thread: string;
  readonly call: string;
  /** Position of these parts in the response: pieces may come out of order and twice. */
  readonly index: number;
  readonly parts: readonly Part[];
  /** The provider's id of the response. */
  readonly responseId?: string;
  readonly model?: string;
  readonly usage?: Usage;
  readonly finishReason?: string;
  readonly cost?: number;
  readonly metadata?: Metadata;
}

/**
 * A model request is over. Agents that record no end of a good answer give none: the next request of the thread, or the
 * thread's end, then proves that the last piece was the last.
 */
export interface LlmEndFact extends Base {
  readonly type: "llm.end";
  readonly turn: string;
  readonly thread: string;
  readonly call: string;
  readonly outcome: Outcome;
  readonly error?: NodeError;
  /** True when `at` is only an upper bound: the end is then the last piece's time if there is one. */
  readonly loose?: boolean;
  /** How long the attempt took that ended here, without the ones before it: tells its start. */
  readonly durationMs?: number;
  /** The answer was cut off: finish reason and output tokens that were recorded for it are not the true ones. */
  readonly cut?: boolean;
  readonly metadata?: Metadata;
}

/** A tool call is about to run (before any permission dialog). */
export interface ToolStartFact extends Base {
  readonly type: "tool.start";
  readonly turn: string;
  readonly thread: string;
  readonly callId: string;
  readonly name: string;
  readonly input?: unknown;
  readonly mcpServer?: string;
  readonly builtIn: boolean;
  /** The tool call that made this one, where it was not the model (a script that calls tools). */
  readonly parentCall?: string;
  /** No source tells which model call asked for it: it belongs directly below its thread. */
  readonly unasked?: true;
}

/** A permission dialog opened for a call. `callId` is absent where the agent does not say which. */
export interface ToolPermissionFact extends Base {
  readonly type: "tool.permission";
  readonly turn: string;
  readonly thread: string;
  readonly callId?: string;
  readonly name: string;
  readonly input?: unknown;
  /** Must equal the one of its `tool.start`; absent counts as not built in. */
  readonly builtIn?: boolean;
}

/** A tool call ended, as its hook saw it. */
export interface ToolEndFact extends Base {
  readonly type: "tool.end";
  readonly turn: string;
  readonly thread: string;
  readonly callId: string;
  /** What identifies an unnamed call; as in its `tool.start`. */
  readonly name?: string;
  readonly input?: unknown;
  readonly builtIn?: boolean;
  /** For an unnamed call: as in `ToolStartFact`. */
  readonly unasked?: true;
  readonly outcome: Outcome;
  /** Execution alone, without hooks and permission wait. */
  readonly durationMs?: number;
  readonly output?: unknown;
  readonly error?: NodeError;
  readonly exitCode?: number;
  /** The call goes on in the background after this; its notification opens a turn of its own. */
  readonly background?: boolean;
  readonly metadata?: Metadata;
}

/** The result that the model gets, from the history or from a hook that shows it. */
export interface ToolResultFact extends Base {
  readonly type: "tool.result";
  readonly turn: string;
  readonly thread: string;
  readonly callId: string;
  readonly outcome: Outcome;
  /** True when `at` is when the result was written down, not when the tool ended (a killed process, cleaned up later). */
  readonly loose?: boolean;
  /** True for a script: what its thread's tools did meanwhile that no model asked for, it asked for. */
  readonly contains?: boolean;
  /** How long it ran, where only the history proves that it did. */
  readonly ranMs?: number;
  /** How hooks that do not know its id show this call, where that is not by its own name and input. */
  readonly seenAs?: { readonly name: string; readonly input: unknown; readonly builtIn: boolean };
  readonly output?: unknown;
  readonly error?: NodeError;
  readonly exitCode?: number;
  readonly metadata?: Metadata;
}

/** A subagent began. */
export interface AgentStartFact extends Base {
  readonly type: "agent.start";
  readonly turn: string;
  readonly agentId: string;
  readonly name?: string;
  /** True for subagent types that ship with the agent: their names say nothing about the user. */
  readonly builtIn?: boolean;
  readonly input?: string;
  readonly metadata?: Metadata;
}

/** Which tool call started a subagent, and in which thread. */
export interface AgentLinkFact extends Base {
  readonly type: "agent.link";
  readonly turn: string;
  readonly agentId: string;
  readonly callId: string;
}

/** A subagent ended; sources as for turns. */
export interface AgentEndFact extends Base {
  readonly type: "agent.end";
  readonly turn: string;
  readonly agentId: string;
  readonly source: "claimed" | "recorded";
  readonly outcome: Outcome;
  readonly output?: string;
  readonly error?: NodeError;
}

/** Context compaction. The start is optional: an end with `durationMs` is enough. */
export interface CompactionFact extends Base {
  readonly type: "compaction.start" | "compaction.end";
  readonly turn: string;
  readonly thread: string;
  readonly trigger?: string;
  readonly durationMs?: number;
  readonly input?: string;
  /** The summary. */
  readonly output?: string;
  /** At the end: it failed. */
  readonly error?: NodeError;
  readonly metadata?: Metadata;
}

/** Time passed: the only clock the fold has. */
export interface TickFact extends Base {
  readonly type: "tick";
}

export type Fact =
  | SessionFact
  | SessionPhaseFact
  | TurnStartFact
  | TurnEndFact
  | TurnNoteFact
  | LlmStartFact
  | LlmRetryFact
  | LlmOutputFact
  | LlmEndFact
  | ToolStartFact
  | ToolPermissionFact
  | ToolEndFact
  | ToolResultFact
  | AgentStartFact
  | AgentLinkFact
  | AgentEndFact
  | CompactionFact
  | TickFact;
