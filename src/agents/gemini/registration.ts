/**
 * What to register in Gemini CLI: one table for registration, for the flush times of the hook, and for `doctor`. Only what
 * spans need: model calls, tokens and results are in the chat transcript. Never `AfterModel`: one process per streamed chunk.
 */

/** An event to register. */
export interface GeminiEvent {
  readonly event: string;
  /** Explicit for every registration, milliseconds: Gemini CLI's own default is 60 s. */
  readonly timeoutMs: number;
}

/** Name of our hooks: shown while they run, and the name by which a user can switch them off. */
export const HOOK_NAME = "harness-tracing";

/** Oldest version that runs hooks without a switch of its own. */
export const FIRST_VERSION = "0.26.0";

/** Time for a hook that returns at once: only an overloaded machine needs more than milliseconds. */
const QUICK_MS = 10_000;

/** Time for a hook that may wait for a delivery in CI (10 s), with room for its own start. */
const FLUSHING_MS = 15_000;

/** Events in the order in which they are registered. */
export const GEMINI_EVENTS: readonly GeminiEvent[] = [
  { event: "SessionStart", timeoutMs: QUICK_MS },
  { event: "BeforeAgent", timeoutMs: QUICK_MS },
  { event: "BeforeTool", timeoutMs: QUICK_MS },
  { event: "Notification", timeoutMs: QUICK_MS },
  { event: "AfterTool", timeoutMs: QUICK_MS },
  { event: "AfterAgent", timeoutMs: FLUSHING_MS },
  { event: "SessionEnd", timeoutMs: FLUSHING_MS },
];
