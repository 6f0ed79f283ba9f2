/** Hot-path half of GitHub Copilot: which hook calls belong to a Copilot session, and what to do at each. */

import type { AgentRoute, Routed } from "../agent.ts";
import { COPILOT_EVENTS } from "./registration.ts";

/** Longest that a hook other than `SessionEnd` waits for a delivery in CI, in ms. */
const FLUSH_MS = 10_000;

/** What a hook leaves of its registered timeout, so that it ends by itself before it is killed, in ms. */
const MARGIN_MS = 300;

/**
 * At which events a drain is started, and when. `ErrorOccurred` carries nothing that the event log does not say: it is
 * kept only because it shows that the session lives.
 */
const DRAINS: ReadonlyMap<string, "end" | "start" | "within" | "never"> = new Map([
  ["SessionStart", "start"],
  ["UserPromptSubmit", "within"],
  ["ErrorOccurred", "within"],
  ["Stop", "end"],
  ["SessionEnd", "end"],
]);

const TIMEOUTS: ReadonlyMap<string, number> = new Map(
  COPILOT_EVENTS.map(({ event, timeoutSec }) => [event, timeoutSec * 1000]),
);

/** Names that tell where the CLI keeps its sessions, and which one it is. None carries a secret. */
const ENVIRONMENT: readonly string[] = [
  "COPILOT_CLI",
  "COPILOT_CLI_BINARY_VERSION",
  "COPILOT_HOME",
  "HOME",
  "USERPROFILE",
];

/** Payload fields of other programs that can be made to run these hooks: Cursor, Codex. */
const FOREIGN_FIELDS: readonly string[] = [
  "cursor_version",
  "conversation_id",
  "generation_id",
  "turn_id",
  "prompt_id",
];

/** Folders of other programs' transcripts. */
const FOREIGN_TRANSCRIPT = /[/\\](\.claude|\.codex|\.gemini|\.cursor)[/\\]/;

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/**
 * Every payload of the CLI and of VS Code has a `timestamp`; those of Claude Code, whose hooks look the same, have none.
 * `prompt_id` and the transcript's folder are Claude Code's too.
 */
function isForeign(payload: Readonly<Record<string, unknown>>): boolean {
  if (payload.timestamp === undefined) return true;
  if (FOREIGN_FIELDS.some((field) => payload[field] !== undefined)) return true;
  const transcript = text(payload.transcript_path);
  return transcript !== undefined && FOREIGN_TRANSCRIPT.test(transcript);
}

function traced(event: string, session: string): Routed {
  const drain = DRAINS.get(event) ?? "never";
  if (drain !== "end") return { verdict: "trace", event, session, drain };
  const room = (TIMEOUTS.get(event) ?? 0) - MARGIN_MS;
  return { verdict: "trace", event, session, drain, flushMs: event === "SessionEnd" ? room : Math.min(room, FLUSH_MS) };
}

/**
 * Copilot's hook calls, of the CLI and of VS Code. Nothing is ever replied: what a hook prints can allow or deny tools.
 * Calls inside a subagent carry a session id of their own; all that they say is in the event log of the session.
 */
export const copilotRoute: AgentRoute = {
  env: ENVIRONMENT,
  route: (registered, payload) => {
    if (isForeign(payload)) return { verdict: "foreign" };
    const event = text(payload.hook_event_name) ?? text(payload.hookEventName) ?? registered;
    const session = text(payload.session_id) ?? text(payload.sessionId);
    if (event === undefined || session === undefined || !TIMEOUTS.has(event)) return { verdict: "ignore" };
    if (text(payload.agent_id) !== undefined) return { verdict: "ignore" };
    return traced(event, session);
  },
};
