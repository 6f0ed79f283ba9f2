/**
 * What to register in Kiro: hooks of agent files for CLI 2, a hook file of its own for CLI 3 and IDE 1. Model calls and texts
 * are in Kiro's own session files.
 */

/** An event to register. */
export interface KiroEvent {
  readonly event: string;
  /** Explicit for every registration, seconds: Kiro's own default is 30 s. */
  readonly timeoutSeconds: number;
}

/** Time for a hook that returns at once: only an overloaded machine needs more than milliseconds. */
const QUICK_SECONDS = 10;

/** Time for a hook that may wait for a delivery in CI (10 s), with room for its own start. */
const FLUSHING_SECONDS = 15;

/** The one event that says when a tool began to run, where its session files say nothing of time. */
export const TOOL_START = "preToolUse";

/** Events of CLI 2, by agent. */
export const CLI2_EVENTS: readonly KiroEvent[] = [
  { event: "userPromptSubmit", timeoutSeconds: QUICK_SECONDS },
  { event: TOOL_START, timeoutSeconds: QUICK_SECONDS },
  { event: "postToolUse", timeoutSeconds: QUICK_SECONDS },
  { event: "stop", timeoutSeconds: FLUSHING_SECONDS },
];

/** Triggers of CLI 3 and IDE 1, whose session files have times. */
export const CLI3_EVENTS: readonly KiroEvent[] = [
  { event: "UserPromptSubmit", timeoutSeconds: QUICK_SECONDS },
  { event: "PostToolUse", timeoutSeconds: QUICK_SECONDS },
  { event: "Stop", timeoutSeconds: FLUSHING_SECONDS },
];
