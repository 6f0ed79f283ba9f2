/** Hot-path half of Claude Code: which hook calls belong to a Claude Code session, and what to do at each. */

import type { AgentRoute, Routed } from "../agent.ts";
import { isForeign } from "./foreign.ts";
import { CLAUDE_EVENTS } from "./registration.ts";

/** Longest that a hook other than `SessionEnd` waits for a delivery in CI, in ms. */
const FLUSH_MS = 10_000;

/** What a hook leaves of its registered timeout, so that it ends by itself before it is killed, in ms. */
const MARGIN_MS = 300;

/** At which events a drain is started, and when; at the others Claude Code waits to go on, and one of these follows. */
const DRAINS: ReadonlyMap<string, "end" | "start" | "within"> = new Map([
  ["SessionStart", "start"],
  ["UserPromptSubmit", "within"],
  ["PostToolUse", "within"],
  ["PostToolUseFailure", "within"],
  ["SubagentStop", "end"],
  ["Stop", "end"],
  ["StopFailure", "end"],
  ["SessionEnd", "end"],
]);

const TIMEOUTS: ReadonlyMap<string, number> = new Map(
  CLAUDE_EVENTS.map(({ event, timeoutSeconds }) => [event, timeoutSeconds * 1000]),
);

/** Names that tell the entrypoint, version and place of a session. None carries a secret. */
const ENVIRONMENT: readonly string[] = [
  "CLAUDE_CODE_ENTRYPOINT",
  "AI_AGENT",
  "CLAUDE_AGENT_SDK_VERSION",
  "CLAUDE_CONFIG_DIR",
  "CLAUDE_PROJECT_DIR",
  "CLAUDE_PID",
];

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function traced(event: string, session: string): Routed {
  const drain = DRAINS.get(event) ?? "never";
  if (drain !== "end") return { verdict: "trace", event, session, drain };
  const room = (TIMEOUTS.get(event) ?? 0) - MARGIN_MS;
  return { verdict: "trace", event, session, drain, flushMs: event === "SessionEnd" ? room : Math.min(room, FLUSH_MS) };
}

/**
 * Claude Code's hook calls. The event is the payload's `hook_event_name`; what the registration says counts only where
 * a payload has none. Nothing is ever replied: stdout of several events enters the model's context.
 */
export const claudeRoute: AgentRoute = {
  env: ENVIRONMENT,
  route: (registered, payload, env) => {
    if (isForeign(payload, env)) return { verdict: "foreign" };
    const event = text(payload.hook_event_name) ?? registered;
    const session = text(payload.session_id);
    if (event === undefined || session === undefined || !TIMEOUTS.has(event)) return { verdict: "ignore" };
    return traced(event, session);
  },
};
