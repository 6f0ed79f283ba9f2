/**
 * What to register in Devin CLI: one table for registration, for the flush times of the hook, and for `doctor`. Only events
 * whose answer is not waited for to allow anything: model calls and tokens are in Devin's own database.
 */

/** An event to register. */
export interface DevinEvent {
  readonly event: string;
  /** Explicit for every registration, seconds: Devin's own default is not documented. */
  readonly timeoutSeconds: number;
}

/** Time for a hook that returns at once: only an overloaded machine needs more than milliseconds. */
const QUICK_SECONDS = 10;

/** Time for a hook that may wait for a delivery in CI (10 s), with room for its own start. */
const FLUSHING_SECONDS = 15;

/** Events in the order in which they are registered. */
export const DEVIN_EVENTS: readonly DevinEvent[] = [
  { event: "UserPromptSubmit", timeoutSeconds: QUICK_SECONDS },
  { event: "PostToolUse", timeoutSeconds: QUICK_SECONDS },
  { event: "Stop", timeoutSeconds: FLUSHING_SECONDS },
  { event: "SessionEnd", timeoutSeconds: FLUSHING_SECONDS },
];
