/** What the store holds and answers. Everything is keyed by agent key and the agent's own session id. */

import type { SinkTarget } from "../config/settings.ts";
import type { Span } from "../trace/span.ts";

export interface SessionRef {
  readonly agent: string;
  readonly session: string;
}

/** How far one history source of a session was read. */
export interface SourceProgress {
  readonly path: string;
  /** Bytes consumed. */
  readonly offset: number;
  /** The reader's cursor, opaque JSON. */
  readonly cursor: string;
  /** Epoch ms at which it last had something new. */
  readonly readAt: number;
  /** Read to its end and long silent: not looked at any more, until something says that it lives again. */
  readonly settled: boolean;
}

/** Saved progress of a session: what the drain needs to go on where it stopped, besides offsets. */
export interface SessionProgress {
  /** Opaque JSON of the fold; undefined before the first commit. */
  readonly fold: string | undefined;
  readonly hints: Readonly<Record<string, string>>;
  /** Environment (allow-listed) and credential fingerprints of the newest event, JSON. */
  readonly context: string | undefined;
  /** Epoch ms at which the fold wants a tick, if any. */
  readonly wakeAt: number | undefined;
}

/** A span with the sinks that want it. */
export interface NewSpan {
  readonly span: Span;
  readonly sinks: readonly SinkTarget[];
}

/** Bytes consumed per journal segment, by `segmentKey`. */
export type JournalOffsets = Readonly<Record<string, number>>;

/** What was dropped, by reason: corrupt lines, unreadable records, expired journals. */
export type Drops = Readonly<Record<string, number>>;

/** One step of a session, committed in one transaction. */
export interface SessionStep extends SessionRef {
  readonly progress: SessionProgress;
  /** Segments read in this step; those not named keep their offset. */
  readonly journal: JournalOffsets;
  /** History sources read in this step, by source id; those not named keep their progress. */
  readonly sources: Readonly<Record<string, SourceProgress>>;
  /** A span id that the store already has is left as it is (first wins), with its deliveries. */
  readonly spans: readonly NewSpan[];
  readonly drops: Drops;
  /** Epoch ms. */
  readonly now: number;
}

/** Summary of a session for `sessions`, `status` and the web view. Sums cover every span stored of the session. */
export interface SessionSummary extends SessionRef {
  /** Epoch ms. */
  readonly firstStart: number;
  /** Epoch ms. */
  readonly lastEnd: number;
  readonly turns: number;
  /** Failed attempts included. */
  readonly llmCalls: number;
  readonly toolCalls: number;
  /** Spans with status ERROR, of every kind. */
  readonly errors: number;
  /** Summed over LLM spans only. */
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** `input.value` of the first root. */
  readonly firstInput: string | undefined;
  /** `cwd` in the metadata of the first root. */
  readonly cwd: string | undefined;
}

/** Filters of `export`, `sessions`, `show`. Times are epoch ms and compare with a span's start. */
export interface SpanFilter {
  readonly agent?: string;
  readonly session?: string;
  readonly traceId?: string;
  readonly kind?: string;
  readonly tool?: string;
  readonly since?: number;
  readonly until?: number;
  /** Spans for `spans`, sessions for `listSessions`. */
  readonly limit?: number;
}

/** A stored span with where it belongs. */
export interface StoredSpan extends SessionRef {
  readonly span: Span;
}

/** A span that waits for a sink. */
export interface QueuedSpan extends StoredSpan {
  /** The store's own number of the span, for `markDelivered` and `markRefused`. */
  readonly row: number;
  /** Size of its JSON, bytes. */
  readonly bytes: number;
}

/** A span that a sink refused for itself, kept and shown. */
export interface RefusedSpan extends StoredSpan {
  readonly reason: string;
}

/** State of a sink's backlog for `status`, `doctor` and the drain. */
export interface SinkStatus {
  readonly target: SinkTarget;
  readonly pending: number;
  readonly refused: number;
  /** Spans that the sink said it rejected inside accepted batches (partial success). */
  readonly rejected: number;
  readonly delivered: number;
  /** Epoch ms. */
  readonly lastDelivery: number | undefined;
  /** Reason, when paused until the configuration changes. */
  readonly paused: string | undefined;
  /** Reason, when the last drain could not send: it did not have the credential. */
  readonly waiting: string | undefined;
  /** Epoch ms before which nothing is sent (backoff). */
  readonly notBefore: number;
  /** Failures in a row. */
  readonly failures: number;
  readonly lastError: string | undefined;
}

/** Limits of what the store keeps. */
export interface RetentionLimits {
  /** Days that delivered spans stay; 0 = only until every sink has them. */
  readonly days: number;
  readonly maxBytes: number;
}

/** What retention removed. */
export interface Retained {
  /** Spans that were old (or, with 0 days, delivered). */
  readonly aged: number;
  /** Delivered spans removed for the size cap. */
  readonly capped: number;
  /** Undelivered spans removed for the size cap, counted as a drop. */
  readonly dropped: number;
}

/** Questions to the store. A missing database answers empty. */
export interface StoreReader {
  /** Sessions with at least one span that the filter lets through, the latest first. */
  readonly listSessions: (filter: SpanFilter) => SessionSummary[];
  /** Spans by start. */
  readonly spans: (filter: SpanFilter) => StoredSpan[];
  /** The same one by one, for exports that do not fit into memory. */
  readonly eachSpan: (filter: SpanFilter) => Iterable<StoredSpan>;
  readonly sinks: () => SinkStatus[];
  readonly refused: (sinkId: string, limit: number) => RefusedSpan[];
  readonly drops: () => Record<string, number>;
  /** Bytes consumed of every journal segment, by `segmentKey`. */
  readonly journalOffsets: () => ReadonlyMap<string, number>;
  /** How many sessions want a tick by then (epoch ms): their last turn is not closed yet. */
  readonly waking: (until: number) => number;
  /** Bytes of the database that hold data. */
  readonly size: () => number;
  readonly close: () => void;
}

/** The store of the process that holds the drain lock. */
export interface Store extends StoreReader {
  readonly loadSession: (ref: SessionRef) => SessionProgress | undefined;
  readonly loadSource: (ref: SessionRef, sourceId: string) => SourceProgress | undefined;
  /** Ids of a session's settled sources. */
  readonly settledSources: (ref: SessionRef) => string[];
  /** Sessions that want a tick, the earliest first. */
  readonly wakes: (limit: number) => (SessionRef & { readonly wakeAt: number })[];
  /** Sessions whose `wakeAt` has come. */
  readonly dueSessions: (now: number) => SessionRef[];
  /** Everything of a step or nothing. @returns how many of its spans were new */
  readonly commitStep: (step: SessionStep) => number;
  /** Several steps in one transaction. */
  readonly commitSteps: (steps: readonly SessionStep[]) => number;
  /** Offsets and drops that belong to no session. */
  readonly commitJournal: (journal: JournalOffsets, drops: Drops) => void;
  /** Forgets the offsets of segments whose file is gone. */
  readonly forgetSegments: (keys: readonly string[]) => void;

  /** The oldest spans that wait for a sink; the first always, more up to `limit` and `maxBytes`. */
  readonly undelivered: (sinkId: string, limit: number, maxBytes?: number) => QueuedSpan[];
  /** The sink answered 2xx: the rows go, `rejected` of them are counted as such. */
  readonly markDelivered: (sinkId: string, rows: readonly number[], rejected: number, now: number) => void;
  /** The sink refuses these spans as they are: kept, never sent again, shown with the reason. */
  readonly markRefused: (sinkId: string, rows: readonly number[], reason: string) => void;
  /** Nothing more to this sink until its configuration changes. @param stamp of the configuration that failed */
  readonly pauseSink: (sinkId: string, reason: string, stamp: string) => void;
  /** Ends the pause of every sink that was paused under another configuration stamp. @returns their ids */
  readonly resumeSinks: (stamp: string) => string[];
  /** A transient failure: nothing before `notBefore`. */
  readonly backoffSink: (sinkId: string, reason: string, notBefore: number) => void;
  /** Says that (undefined: no longer) the sink waits for a credential that the drain does not have. */
  readonly markWaiting: (sinkId: string, reason: string | undefined) => void;
  /** Sessions with spans pending for a sink, with their saved context. */
  readonly pendingSessions: (sinkId: string) => (SessionRef & { readonly context: string | undefined })[];
  /** Keeps a sink's target as it is configured now. */
  readonly putSink: (target: SinkTarget) => void;
  /** Pending spans of a session go to another sink instead. @returns how many */
  readonly retarget: (ref: SessionRef, sinkId: string, target: SinkTarget) => number;
  /** Backfill: stored spans from before a sink's first delivery. @returns how many rows were added */
  readonly addDeliveries: (filter: SpanFilter, targets: readonly SinkTarget[]) => number;

  readonly retain: (limits: RetentionLimits, now: number) => Retained;
  /** Epoch ms of the last `retain`. */
  readonly lastRetention: () => number | undefined;
}

/** Why a database could not be opened. Nothing was changed. */
export type StoreError =
  | { readonly problem: "newer"; readonly version: number; readonly supported: number }
  | { readonly problem: "corrupt" | "unusable"; readonly message: string };

/** Key of a journal segment in the store: agent key and file name. */
export function segmentKey(segment: { readonly agent: string; readonly file: string }): string {
  return `${segment.agent}/${segment.file}`;
}
