/**
 * What to register in Codex: one table for registration, for the flush times of the hook, and for `doctor`. Codex ignores
 * names that its version does not know, so all are registered everywhere. Each is part of the hash that the user trusts:
 * a changed timeout asks for trust again.
 */

/** An event to register. */
export interface CodexEvent {
  readonly event: string;
  /** Explicit for every registration: Codex's own default is 600 s. */
  readonly timeoutSeconds: number;
}

/** Time for a hook that returns at once: only an overloaded machine needs more than milliseconds. Seconds. */
const QUICK = 10;

/** Time for a hook that may wait for a delivery in CI (10 s), with room for its own start. Seconds. */
const FLUSHING = 15;

/** Codex allows no more for the events that end something, and warns at every start when more is asked for. Seconds. */
const ENDING = 3;

/** Events in the order in which they are registered. */
export const CODEX_EVENTS: readonly CodexEvent[] = [
  { event: "SessionStart", timeoutSeconds: QUICK },
  { event: "UserPromptSubmit", timeoutSeconds: QUICK },
  { event: "PreModelRequest", timeoutSeconds: QUICK },
  { event: "PostModelRequest", timeoutSeconds: QUICK },
  { event: "PreToolUse", timeoutSeconds: QUICK },
  { event: "PermissionRequest", timeoutSeconds: QUICK },
  { event: "PostToolUse", timeoutSeconds: QUICK },
  { event: "PreCompact", timeoutSeconds: QUICK },
  { event: "PostCompact", timeoutSeconds: QUICK },
  { event: "SubagentStart", timeoutSeconds: QUICK },
  { event: "SubagentStop", timeoutSeconds: FLUSHING },
  { event: "Stop", timeoutSeconds: FLUSHING },
  { event: "Interrupt", timeoutSeconds: ENDING },
  { event: "SessionEnd", timeoutSeconds: ENDING },
];
