/** Hot-path half of Codex: which hook calls belong to a Codex session, and what to do at each. */

import { homeOf } from "../../paths.ts";
import type { AgentRoute, Routed } from "../agent.ts";
import { CODEX_EVENTS } from "./registration.ts";

/** Longest that a hook waits for a delivery in CI, in ms. */
const FLUSH_MS = 10_000;

/** What a hook leaves of its registered timeout, so that it ends by itself before it is killed, in ms. */
const MARGIN_MS = 300;

/** At which events a drain is started, and when; at the others Codex waits to go on, and one of these follows. */
const DRAINS: ReadonlyMap<string, "end" | "start" | "within"> = new Map([
  ["SessionStart", "start"],
  ["UserPromptSubmit", "within"],
  ["PostToolUse", "within"],
  ["PostCompact", "end"],
  ["SubagentStop", "end"],
  ["Stop", "end"],
  ["Interrupt", "end"],
  ["SessionEnd", "end"],
]);

/** Payload fields of programs that run other programs' hooks, and of none of Codex's events. */
const FOREIGN_FIELDS: readonly string[] = [
  "cursor_version",
  "conversation_id",
  "sessionId",
  "hookEventName",
  "timestamp",
];

const TIMEOUTS: ReadonlyMap<string, number> = new Map(
  CODEX_EVENTS.map(({ event, timeoutSeconds }) => [event, timeoutSeconds * 1000]),
);

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** A failed request may be the end of a turn: no other hook tells it. */
function drainOf(event: string, status: unknown): "end" | "start" | "within" | "never" {
  if (event === "PostModelRequest" && status === "failed") return "end";
  return DRAINS.get(event) ?? "never";
}

function traced(event: string, session: string, status: unknown): Routed {
  const drain = drainOf(event, status);
  const waits = drain === "end" && DRAINS.get(event) === "end";
  if (!waits) return { verdict: "trace", event, session, drain };
  const flushMs = Math.min((TIMEOUTS.get(event) ?? 0) - MARGIN_MS, FLUSH_MS);
  return { verdict: "trace", event, session, drain, flushMs };
}

/**
 * Codex's hook calls. The event is the payload's `hook_event_name`. Nothing is ever replied: stdout of several events enters
 * the model's context.
 */
export const codexRoute: AgentRoute = {
  env: ["HARNESS_AGENT_PID", "CODEX_HOME"],
  environmentFile: (env) => {
    const home = env.CODEX_HOME || (homeOf(env) && `${homeOf(env)}/.codex`);
    return home ? `${home}/arize-env.sh` : undefined;
  },
  route: (registered, payload) => {
    if (FOREIGN_FIELDS.some((field) => payload[field] !== undefined)) return { verdict: "foreign" };
    const event = text(payload.hook_event_name) ?? registered;
    const session = text(payload.session_id);
    if (event === undefined || session === undefined || !TIMEOUTS.has(event)) return { verdict: "ignore" };
    return traced(event, session, payload.status);
  },
};
