/**
 * The neutral model of what an agent did: a tree of finished nodes, before any OpenInference attribute exists.
 * The fold produces nodes, `openinference.ts` turns them into spans. Nothing here names an agent.
 */

/** Epoch milliseconds; fractions carry down to the microsecond. */
export type Millis = number;

/** Which content switch governs a text. */
export type ContentClass = "prompts" | "tool_details" | "tool_content";

/** One piece of a message. */
export type Part =
  /** `content`: a class that governs the text besides the one of its role (a tool's output inside a user message). */
  | { readonly type: "text"; readonly text: string; readonly content?: ContentClass }
  | { readonly type: "reasoning"; readonly text: string }
  | {
      readonly type: "tool_call";
      readonly id: string;
      readonly name: string;
      readonly input: unknown;
      /** See `ToolNode.builtIn`; absent counts as not built in. */
      readonly builtIn?: boolean;
    }
  /** Content that is not text (an image, a document): only what it was, never its bytes. */
  | { readonly type: "media"; readonly mime?: string };

/** A chat message as the model received or sent it. */
export interface Message {
  readonly role: "system" | "user" | "assistant" | "tool";
  readonly parts: readonly Part[];
  /** For `role: "tool"`: the call that this answers. */
  readonly toolCallId?: string;
}

/** A tool as offered to the model (only in `capture.messages = full`). */
export interface ToolDefinition {
  readonly name: string;
  /** The definition as sent, JSON-serialisable. */
  readonly schema: unknown;
  /** As in `ToolNode`; absent counts as not built in. */
  readonly builtIn?: boolean;
}

/** Tokens of one model call. Unknown is absent. Details are disjoint and included in their totals. */
export interface Usage {
  /** All input, cache reads and writes included. */
  readonly prompt?: number;
  /** All output, reasoning included. */
  readonly completion?: number;
  readonly cacheRead?: number;
  readonly cacheWrite?: number;
  readonly reasoning?: number;
}

/** JSON scalar. */
export type Scalar = string | number | boolean;

/** Extra facts that have no OpenInference attribute; they end up in the span's `metadata` JSON. */
export type Metadata = Readonly<Record<string, unknown>>;

/** `unset` is for nodes that ended well without anything that says so. */
export type Outcome = "ok" | "error" | "interrupted" | "unset";

/** What went wrong, in the agent's words. */
export interface NodeError {
  /** Short class, low cardinality: `overloaded_error`, `permission-rule`, `interrupted`, `exit`. */
  readonly type: string;
  readonly message: string;
}

/**
 * Something that happened at one moment of a node's life.
 * `content` says which switch governs string values in `attributes`: prompts, tool details or tool content.
 */
export interface NodeEvent {
  readonly name: string;
  readonly at: Millis;
  readonly attributes: Readonly<Record<string, Scalar>>;
  readonly content?: ContentClass;
}

/** A link to a node of another turn of the same session, or to a span of an outside trace. */
export type NodeLink =
  | { readonly turn: string; readonly node: string; readonly reason: string }
  | { readonly traceparent: string; readonly reason: string };

interface NodeBase {
  /** Turn key: with agent and session it makes the trace id. */
  readonly turn: string;
  /** Node key: with the trace id it makes the span id. */
  readonly key: string;
  /** Node key of the parent in the same turn; absent on roots only. */
  readonly parent?: string;
  readonly start: Millis;
  readonly end: Millis;
  readonly outcome: Outcome;
  readonly error?: NodeError;
  readonly events: readonly NodeEvent[];
  readonly links: readonly NodeLink[];
  readonly metadata: Metadata;
}

/** One user prompt (or task notification) until the agent's answer: the root of a trace. */
export interface TurnNode extends NodeBase {
  readonly kind: "turn";
  /** 1-based position in the session, where it is known. */
  readonly index?: number;
  readonly input?: string;
  readonly output?: string;
}

/** One request to a model, failed attempts included. */
export interface LlmNode extends NodeBase {
  readonly kind: "llm";
  readonly model?: string;
  /** OpenInference provider name (`anthropic`, `openai`, `google` …), who served it. */
  readonly provider?: string;
  /** OpenInference system name (`anthropic`, `openai` …), whose model it is. */
  readonly system?: string;
  readonly usage?: Usage;
  readonly finishReason?: string;
  /** Request parameters as sent, without messages. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** What is new in this request, or with `capture.messages = full` the whole history. */
  readonly input: readonly Message[];
  readonly output: readonly Message[];
  /** Only with `capture.messages = full`. */
  readonly tools?: readonly ToolDefinition[];
  /** US dollars, only when the agent itself reports it. */
  readonly cost?: number;
}

/** One tool call. */
export interface ToolNode extends NodeBase {
  readonly kind: "tool";
  readonly name: string;
  /** The agent's own id of the call. */
  readonly callId?: string;
  readonly input?: unknown;
  readonly output?: unknown;
  /** Name of the MCP server that serves the tool. */
  readonly mcpServer?: string;
  /** True for tools that ship with the agent: their names say nothing about the user. */
  readonly builtIn: boolean;
  /** Shell exit code. */
  readonly exitCode?: number;
}

/** A subagent: its own model and tool calls hang below it. */
export interface AgentNode extends NodeBase {
  readonly kind: "agent";
  /** Subagent type, `general-purpose`, `Explore` …; names the span. */
  readonly name: string;
  /** The agent's own id of this subagent. */
  readonly agentId: string;
  readonly input?: string;
  readonly output?: string;
}

/** The agent summarised its context. A root when no turn was open. */
export interface CompactionNode extends NodeBase {
  readonly kind: "compaction";
  readonly trigger?: string;
  readonly input?: string;
  /** The summary. */
  readonly output?: string;
}

/** A node that will not change any more. */
export type FinishedNode = TurnNode | LlmNode | ToolNode | AgentNode | CompactionNode;
