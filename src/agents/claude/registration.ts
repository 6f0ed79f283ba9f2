/**
 * What to register in Claude Code: one table for registration, for the flush times of the hook, and for `doctor`.
 * Only what spans need: expansions, compactions, denials and the results of every call are in the transcript, and hooks
 * on compaction events show a line to the user. Never `WorktreeCreate`: its hook's output replaces the worktree's path.
 */

/** An event to register. */
export interface ClaudeEvent {
  readonly event: string;
  /** Explicit for every registration: Claude Code's own default is 600 s. */
  readonly timeoutSeconds: number;
  /**
   * First version of Claude Code that is known to take the name; absent where every hook-capable version in use (2.0.76
   * and later) does. A name that a version does not know disables all hooks in 2.0.76.
   */
  readonly since?: string;
}

/** Time for a hook that returns at once: only an overloaded machine needs more than milliseconds. Seconds. */
const QUICK = 10;

/** Time for a hook that may wait for a delivery in CI (10 s), with room for its own start. Seconds. */
const FLUSHING = 15;

/**
 * Time for `SessionEnd`. It is also the time that Claude Code grants to all hooks of that event together, which would be
 * 1.5 s otherwise. Seconds.
 */
const ENDING = 15;

/**
 * The oldest version that was seen to take the newer event names. Between 2.0.76, which refuses some of them, and this
 * one nothing was tried, so they count as unknown there.
 */
const NEWER = "2.1.197";

/** Events in the order in which they are registered. */
export const CLAUDE_EVENTS: readonly ClaudeEvent[] = [
  { event: "SessionStart", timeoutSeconds: QUICK },
  { event: "UserPromptSubmit", timeoutSeconds: QUICK },
  { event: "PreToolUse", timeoutSeconds: QUICK },
  { event: "PermissionRequest", timeoutSeconds: QUICK },
  { event: "PostToolUse", timeoutSeconds: QUICK },
  { event: "PostToolUseFailure", timeoutSeconds: QUICK },
  { event: "SubagentStart", timeoutSeconds: QUICK },
  { event: "SubagentStop", timeoutSeconds: FLUSHING },
  { event: "Notification", timeoutSeconds: QUICK },
  { event: "Stop", timeoutSeconds: FLUSHING },
  { event: "StopFailure", timeoutSeconds: FLUSHING, since: NEWER },
  { event: "SessionEnd", timeoutSeconds: ENDING },
];
