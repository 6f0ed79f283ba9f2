/** What the store holds and answers. Everything is keyed by agent key and the agent's own session id. */

import type { SinkTarget } from "../config/settings.ts";
import type { Span } from "../trace/span.ts";

export interface SessionRef {
  readonly agent: string;
  readonly session: string;
}

/** Saved progress of a session: everything the drain needs to go on where it stopped. */
export interface SessionProgress {
  /** Opaque JSON of the fold; undefined before the first commit. */
  readonly fold: string | undefined;
  /** Bytes consumed per journal segment (file name). */
  readonly journal: Readonly<Record<string, number>>;
  /** Per history source: path, bytes consumed, reader cursor (opaque JSON). */
  readonly sources: Readonly<Record<string, { readonly path: string; readonly offset: number; readonly cursor: string }>>;
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

/** One step of a session, committed in one transaction. */
export interface SessionStep extends SessionRef {
  readonly progress: SessionProgress;
  /** A span id that the store already has is left as it is (first wins), with its deliveries. */
  readonly spans: readonly NewSpan[];
  /** What was dropped in this step, by reason: corrupt lines, unreadable records, expired journals. */
  readonly drops: Readonly<Record<string, number>>;
  readonly now: number;
}

/** Summary of a session for `sessions`, `status` and the web view. */
export interface SessionSummary extends SessionRef {
  readonly firstStart: number;
  readonly lastEnd: number;
  readonly turns: number;
  readonly llmCalls: number;
  readonly toolCalls: number;
  readonly errors: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly firstInput: string | undefined;
  readonly cwd: string | undefined;
}

/** Filters of `export`, `sessions`, `show`. Times are epoch ms. */
export interface SpanFilter {
  readonly agent?: string;
  readonly session?: string;
  readonly traceId?: string;
  readonly kind?: string;
  readonly tool?: string;
  readonly since?: number;
  readonly until?: number;
  readonly limit?: number;
}

/** A stored span with where it belongs. */
export interface StoredSpan extends SessionRef {
  readonly span: Span;
}

/** State of a sink's backlog for `status`, `doctor` and the drain. */
export interface SinkStatus {
  readonly target: SinkTarget;
  readonly pending: number;
  readonly refused: number;
  readonly rejected: number;
  readonly delivered: number;
  readonly lastDelivery: number | undefined;
  /** Reason, when paused until the configuration changes. */
  readonly paused: string | undefined;
  /** Epoch ms before which nothing is sent (backoff). */
  readonly notBefore: number;
  readonly failures: number;
  readonly lastError: string | undefined;
}
