/** Hot-path half of Devin CLI: which hook calls belong to a session of it, and what to do at each. */

import type { AgentRoute } from "../agent.ts";
import { DEVIN_EVENTS } from "./registration.ts";

/** Longest that a hook other than `SessionEnd` waits for a delivery in CI, in ms. */
const FLUSH_MS = 10_000;

/** What a hook leaves of its registered timeout, so that it ends by itself before it is killed, in ms. */
const MARGIN_MS = 300;

const TIMEOUTS: ReadonlyMap<string, number> = new Map(
  DEVIN_EVENTS.map(({ event, timeoutSeconds }) => [event, timeoutSeconds * 1000]),
);

/** Events at which something ended; at the others a drain is only started when the last one is old. */
const ENDS: ReadonlySet<string> = new Set(["Stop", "SessionEnd"]);

/** Payload fields that Devin never sends and programs with hooks of the same form do. */
const FOREIGN_FIELDS: readonly string[] = ["cursor_version", "conversation_id", "turn_id", "timestamp"];

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/**
 * Devin's hook calls. Its registrations name no event: the payload does. Nothing is ever replied: a `decision` would block
 * or continue the agent. Builds that send no session id cannot be told apart by session and are left alone.
 */
export const devinRoute: AgentRoute = {
  env: ["DEVIN_PROJECT_DIR", "XDG_DATA_HOME", "HARNESS_AGENT_PID"],
  route: (registered, payload, env) => {
    const session = text(payload.session_id);
    const isClaude = session !== undefined && env.CLAUDE_CODE_SESSION_ID === session;
    if (isClaude || FOREIGN_FIELDS.some((field) => payload[field] !== undefined)) return { verdict: "foreign" };
    const event = text(payload.hook_event_name) ?? registered;
    const timeout = TIMEOUTS.get(event ?? "");
    if (event === undefined || session === undefined || timeout === undefined) return { verdict: "ignore" };
    if (!ENDS.has(event)) return { verdict: "trace", event, session, drain: "within" };
    const room = timeout - MARGIN_MS;
    return {
      verdict: "trace",
      event,
      session,
      drain: "end",
      flushMs: event === "SessionEnd" ? room : Math.min(room, FLUSH_MS),
    };
  },
};
