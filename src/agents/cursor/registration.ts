/**
 * What to register in Cursor, and what each event is answered: one table for registration, for the flush times of the hook
 * and for `doctor`. Only events that come after the fact, but for the prompt: permission gates (`before…`, `preToolUse`,
 * `subagentStart`) could block the agent or override another hook's "ask", and `workspaceOpen` loads plugins.
 */

/** An event to register. */
export interface CursorEvent {
  readonly event: string;
  /** Explicit for every registration: Cursor documents no default. Seconds. */
  readonly timeoutSeconds: number;
  /**
   * The oldest versions that are known to take the name; absent where every version in use does. One name that the command
   * line program does not know voids the whole file there.
   */
  readonly since?: { readonly editor: string; readonly cli: string };
  /** Only for versions that do not take this event, which tells the same and more. */
  readonly unless?: string;
}

/** Versions that are installed on a machine and read the same file. */
export interface CursorVersions {
  /** Of the editor, `3.9.16`. `unknown`: it is there, its version cannot be found out. */
  readonly editor?: string;
  /** Of the command line program, `2026.09.10-fd3934a`. */
  readonly cli?: string;
}

export const UNKNOWN_VERSION = "unknown";

/** Time for a hook that returns at once: only an overloaded machine needs more than milliseconds. Seconds. */
const QUICK = 10;

/** Time for a hook that may wait for a delivery in CI (10 s), with room for its own start. Seconds. */
const FLUSHING = 15;

/** Versions in which the events of 2026 were seen, or in which a program that registers them was seen to work. */
const SEEN = { editor: "3.9.16", cli: "2026.04.17" } as const;
const SEEN_LATER = { editor: "3.9.16", cli: "2026.09.10" } as const;

/** Events in the order in which they are registered. */
export const CURSOR_EVENTS: readonly CursorEvent[] = [
  { event: "sessionStart", timeoutSeconds: QUICK, since: SEEN },
  { event: "beforeSubmitPrompt", timeoutSeconds: QUICK },
  { event: "afterAgentThought", timeoutSeconds: QUICK },
  { event: "afterAgentResponse", timeoutSeconds: QUICK },
  { event: "postToolUse", timeoutSeconds: QUICK, since: SEEN },
  { event: "postToolUseFailure", timeoutSeconds: QUICK, since: SEEN },
  { event: "afterShellExecution", timeoutSeconds: QUICK, unless: "postToolUse" },
  { event: "afterMCPExecution", timeoutSeconds: QUICK, unless: "postToolUse" },
  { event: "afterFileEdit", timeoutSeconds: QUICK, unless: "postToolUse" },
  { event: "afterTabFileEdit", timeoutSeconds: QUICK, since: SEEN_LATER },
  { event: "subagentStop", timeoutSeconds: FLUSHING, since: SEEN_LATER },
  { event: "preCompact", timeoutSeconds: QUICK, since: SEEN_LATER },
  { event: "stop", timeoutSeconds: FLUSHING },
  { event: "sessionEnd", timeoutSeconds: FLUSHING, since: SEEN },
];

/** What Cursor must read for "no opinion": it takes an empty answer for invalid JSON. */
export function replyTo(event: string | undefined): string {
  return event === "beforeSubmitPrompt" ? '{"continue":true}' : "{}";
}

/** Events that every installed program takes; where a version is not known, those that all versions take. */
export function eventsFor({ editor, cli }: CursorVersions): readonly CursorEvent[] {
  const none = editor === undefined && cli === undefined;
  const taken = CURSOR_EVENTS.filter(({ since }) => {
    if (since === undefined) return true;
    if (none || (editor !== undefined && !isSince(editor, since.editor))) return false;
    return cli === undefined || cli.slice(0, since.cli.length) >= since.cli;
  });
  return taken.filter(({ unless }) => !taken.some(({ event }) => event === unless));
}

function isSince(version: string, since: string): boolean {
  return version !== UNKNOWN_VERSION && Bun.semver.order(version, since) >= 0;
}
