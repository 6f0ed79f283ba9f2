/**
 * One line of a session's journal: one hook call, as the hot path wrote it.
 * Type only, so that the hot path and the fold agree without importing each other.
 */
export interface JournalEvent {
  /** Format version. */
  readonly v: 1;
  /** Epoch milliseconds at which the hook process was started. */
  readonly ts: number;
  /** Agent key, `claude-code`. */
  readonly agent: string;
  /** The agent's own event name. */
  readonly event: string;
  /** The agent's own session id. */
  readonly session: string;
  /** Allow-listed, non-secret environment variables that were set (see `hook/environment.ts`). */
  readonly env: Readonly<Record<string, string>>;
  /** Salted fingerprints of credentials in the environment, by variable name. */
  readonly credentials?: Readonly<Record<string, string>>;
  /** The payload exactly as the agent sent it. */
  readonly payload: unknown;
}
