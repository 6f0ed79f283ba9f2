/**
 * What to register with Copilot: one table for registration, for the flush times of the hook, and for `doctor`. The names
 * are PascalCase, which the CLI and VS Code both take from one file, and which gives payloads of one style. Never
 * `PreToolUse` or `PermissionRequest`: their hooks decide about tools, and a program that is missing denies every one.
 */

/** An event to register. */
export interface CopilotEvent {
  readonly event: string;
  /** Explicit for every registration: the default is 30 s. */
  readonly timeoutSec: number;
}

/** Time for a hook that returns at once: only an overloaded machine needs more than milliseconds. Seconds. */
const QUICK = 10;

/** Time for a hook that may wait for a delivery in CI (10 s), with room for its own start. Seconds. */
const FLUSHING = 15;

/**
 * Events in the order in which they are registered. `ErrorOccurred` is there because Copilot writes the failed attempts of
 * a model request into its event log only as calls of this hook. VS Code knows the first three.
 */
export const COPILOT_EVENTS: readonly CopilotEvent[] = [
  { event: "SessionStart", timeoutSec: QUICK },
  { event: "UserPromptSubmit", timeoutSec: QUICK },
  { event: "Stop", timeoutSec: FLUSHING },
  { event: "ErrorOccurred", timeoutSec: QUICK },
  { event: "SessionEnd", timeoutSec: FLUSHING },
];
