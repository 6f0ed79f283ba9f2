/** Hot-path half of Kiro: which hook calls belong to a session of it, and what to do at each. */

import type { AgentRoute } from "../agent.ts";
import { CLI2_EVENTS, CLI3_EVENTS } from "./registration.ts";

/** Longest that a hook waits for a delivery in CI, in ms. */
const FLUSH_MS = 10_000;

const EVENTS: ReadonlySet<string> = new Set([...CLI2_EVENTS, ...CLI3_EVENTS].map(({ event }) => event));

const ENDS: ReadonlySet<string> = new Set(["stop", "Stop"]);

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A session without an id is the process that it runs in, or, where that is not known, its folder. */
function nameless(cwd: unknown, pid: string | undefined): string | undefined {
  const folder = text(cwd);
  if (folder === undefined) return undefined;
  return `${pid ? `process-${pid}` : "folder"}-${Bun.hash(folder).toString(36)}`;
}

/**
 * Kiro's hook calls. Its registrations name no event: the payload does. Nothing is ever replied: what a hook prints becomes
 * part of the conversation.
 */
export const kiroRoute: AgentRoute = {
  env: ["KIRO_SESSION_ID", "KIRO_HOME", "HARNESS_AGENT_PID"],
  route: (registered, payload, env) => {
    const event = text(payload.hook_event_name) ?? registered;
    if (payload.cursor_version !== undefined || payload.transcript_path !== undefined) return { verdict: "foreign" };
    const named = text(payload.session_id) ?? text(env.KIRO_SESSION_ID);
    const session = named ?? nameless(payload.cwd, env.HARNESS_AGENT_PID);
    if (event === undefined || session === undefined || !EVENTS.has(event)) return { verdict: "ignore" };
    if (ENDS.has(event)) return { verdict: "trace", event, session, drain: "end", flushMs: FLUSH_MS };
    return { verdict: "trace", event, session, drain: event === "preToolUse" ? "never" : "within" };
  },
};
