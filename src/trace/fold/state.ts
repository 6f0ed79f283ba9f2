/** What the fold remembers of a session: only turns that are still open, and of those only nodes that are not final. */

import type { Fact } from "../facts.ts";
import type {
  Message,
  Metadata,
  Millis,
  NodeError,
  NodeEvent,
  NodeLink,
  Outcome,
  Part,
  ToolDefinition,
  Usage,
} from "../node.ts";

/** A turn of which hooks spoke before its key was known. */
export interface UnnamedTurn {
  readonly facts: Fact[];
}

export interface CallState {
  readonly id: string;
  readonly thread: string;
  start?: Millis;
  model?: string;
  provider?: string;
  system?: string;
  parameters?: Readonly<Record<string, unknown>>;
  input?: readonly Message[];
  tools?: readonly ToolDefinition[];
  metadata: Record<string, unknown>;
  /** Start as the history infers it. */
  looseStart?: Millis;
  /** When a hook saw it start that does not know its name. */
  attempt?: Millis;
  /** The history has not named it. */
  unnamed?: true;
  /** Its end as such a hook saw it. */
  told?: { readonly at: Millis; readonly outcome: Outcome; readonly error?: NodeError };
  /** Key of the compaction that the request serves. */
  compaction?: string;
  /** Attempts that failed before this one. */
  retries?: { readonly at: Millis; readonly error: NodeError }[];
  /** Pieces of the answer by position. */
  pieces: Record<string, { readonly at: Millis; readonly parts: readonly Part[] }>;
  responseId?: string;
  usage?: Usage;
  finishReason?: string;
  cost?: number;
  end?: {
    readonly at: Millis;
    readonly outcome: Outcome;
    readonly error?: NodeError;
    readonly loose: boolean;
    readonly cut: boolean;
    readonly durationMs?: number;
  };
}

export interface ToolState {
  readonly callId: string;
  /** Only hooks know the call, and none of its ids. */
  readonly unnamed?: true;
  readonly thread: string;
  name?: string;
  input?: unknown;
  mcpServer?: string;
  builtIn?: boolean;
  /** Node key of the model call, or of the script, that asked for it. */
  parent?: string;
  /** Call id of that script. */
  script?: string;
  requestedAt?: Millis;
  startedAt?: Millis;
  /** A hook said so. */
  startedLive?: true;
  permissionAt?: Millis;
  end?: {
    readonly at: Millis;
    readonly outcome: Outcome;
    readonly durationMs?: number;
    readonly output?: unknown;
    readonly error?: NodeError;
  };
  result?: {
    readonly at: Millis;
    readonly outcome: Outcome;
    readonly loose: boolean;
    readonly ranMs?: number;
    readonly output?: unknown;
    readonly error?: NodeError;
  };
  exitCode?: number;
  metadata: Record<string, unknown>;
}

/** A tool call as hooks saw it that do not know its id. */
export interface Sighting {
  /** Position among the sightings of the turn. */
  readonly ordinal: number;
  readonly name: string;
  readonly input?: unknown;
  readonly builtIn?: boolean;
  readonly mcpServer?: string;
  readonly startedAt?: Millis;
  readonly unasked?: true;
  permissionAt?: Millis;
  end?: NonNullable<ToolState["end"]>;
  exitCode?: number;
}

/** An end as a hook claimed it or the history recorded it. */
export interface EndState {
  readonly at: Millis;
  /** The history was complete by then. */
  readonly complete?: boolean;
  readonly outcome: Outcome;
  readonly output?: string;
  readonly error?: NodeError;
}

export interface AgentState {
  readonly id: string;
  name?: string;
  input?: string;
  start?: Millis;
  /** Tool call that started it. */
  callId?: string;
  /** The call with its prompt among its arguments, while only hooks know that call. */
  sighting?: number;
  claimed?: EndState;
  recorded?: EndState;
  /** Something of its thread is out already: it needs a node. */
  worked?: true;
  last: Millis;
  /** When a request of its thread was last sent. */
  lastRequest?: Millis;
  metadata: Record<string, unknown>;
}

export interface CompactionState {
  readonly key: string;
  readonly thread: string;
  startAt?: Millis;
  end?: { readonly at: Millis; readonly durationMs?: number; readonly error?: NodeError };
  trigger?: string;
  input?: string;
  output?: string;
  metadata: Record<string, unknown>;
}

export interface TurnState {
  readonly key: string;
  /** A `turn.start` was seen. */
  started: boolean;
  /** The start as a hook saw it: nothing of this turn can be older. */
  liveStart?: Millis;
  start?: Millis;
  prompt?: string;
  index?: number;
  metadata: Record<string, unknown>;
  events: NodeEvent[];
  links: NodeLink[];
  claimed?: EndState;
  recorded?: EndState;
  /** The process said at this time that it has nothing more to do. */
  idle?: Millis;
  /** Something later proved at this time that the turn is over. */
  superseded?: Millis;
  /** A hook did. */
  supersededLive?: true;
  /** The process that ran the turn is gone: its subagents are too. */
  dead?: true;
  /** When that process said that it ends: until then, what it left open was running. */
  diedAt?: Millis;
  /** Newest sign of life, subagents included. */
  last: Millis;
  /** Newest sign of life of the main thread. */
  lastMain: Millis;
  lastRequest?: Millis;
  /** Text of the newest final answer of the main thread: the turn's output when no end says one. */
  answer?: string;
  /** That answer asked for nothing more. */
  answered?: boolean;
  /** Latest end of a delivered main-thread node. */
  childrenEnd?: Millis;
  hasChildren: boolean;
  rootDone: boolean;
  /** It was closed before: its root and its subagents' nodes are out already. */
  revived?: true;
  calls: CallState[];
  tools: Record<string, ToolState>;
  /** Tool calls that only hooks know so far. */
  sightings?: Sighting[];
  sightingCount?: number;
  /** Claimed ones that did not end well: a subagent that is read later may have been started by one of them. */
  stopped?: { readonly callId: string; readonly input: unknown }[];
  /** By tool: calls that ran by the history's word and that no hook showed. */
  unsighted?: Record<string, number>;
  /** The newest final model call of each thread. */
  lastCalls?: Record<string, { readonly key: string; readonly end: Millis }>;
  agents: Record<string, AgentState>;
  compactions: CompactionState[];
  compactionCount: number;
  /** End of each thread's newest final compaction. */
  compactedAt?: Readonly<Record<string, Millis>>;
  /** Keys of nodes that are final already. */
  done: Record<string, true>;
}

export interface FoldState {
  readonly v: 1;
  /** Time of the newest tick. */
  now: Millis;
  /** When tracing of this session began, if hooks trace it; older turns belong to `import`. */
  since?: Millis;
  session: Record<string, unknown>;
  /** Turns seen, for the index. */
  count: number;
  turns: Record<string, TurnState>;
  /** Keys of the newest closed turns. */
  closed: string[];
  /** Key of the newest turn that started before tracing did. */
  skipped?: string;
  /** Subagent → turn. */
  agents: Record<string, string>;
  /** Background tool call → turn. */
  background: Record<string, string>;
  unnamed: UnnamedTurn[];
  /** Turn to which hook facts without a turn key belong now. */
  bound?: string;
  /** Turn that hooks started last: home of the subagents whose hooks name no turn. */
  current?: string;
}

/** State of a session of which nothing is known. */
export function emptyState(): FoldState {
  return {
    v: 1,
    now: 0,
    session: {},
    count: 0,
    turns: {},
    closed: [],
    agents: {},
    background: {},
    unnamed: [],
  };
}

/** A turn of which nothing is known but its key. */
export function emptyTurn(key: string, at: Millis, revived: boolean): TurnState {
  return {
    key,
    ...(revived && { revived }),
    started: false,
    metadata: {},
    events: [],
    links: [],
    last: at,
    lastMain: at,
    hasChildren: false,
    rootDone: revived,
    calls: [],
    tools: {},
    agents: {},
    compactions: [],
    compactionCount: 0,
    done: {},
  };
}

/** Adds what is new in `more`; a later value replaces an earlier one. */
export function mergeMetadata(into: Record<string, unknown>, more: Metadata | undefined): void {
  if (more) Object.assign(into, more);
}

/** The same metadata in alphabetical order: what a node says must not depend on which source spoke first. */
export function inOrder(metadata: Metadata): Metadata {
  return Object.fromEntries(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** When something that has no end of its own was last running. */
export function lastSign(turn: TurnState, last: Millis, ended: boolean): Millis {
  return ended ? last : Math.max(last, turn.diedAt ?? 0);
}
