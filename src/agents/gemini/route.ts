/** Hot-path half of Gemini CLI: which hook calls belong to a session of it, and what to do at each. */

import type { AgentRoute } from "../agent.ts";
import { GEMINI_EVENTS } from "./registration.ts";

/** Longest that a hook other than `SessionEnd` waits for a delivery in CI, in ms. */
const FLUSH_MS = 10_000;

/** What a hook leaves of its registered timeout, so that it ends by itself before it is killed, in ms. */
const MARGIN_MS = 300;

/** At which events a drain is started, and when; at the others Gemini CLI waits to go on, and one of these follows. */
const DRAINS: ReadonlyMap<string, "end" | "start" | "within"> = new Map([
  ["SessionStart", "start"],
  ["BeforeAgent", "within"],
  ["AfterTool", "within"],
  ["AfterAgent", "end"],
  ["SessionEnd", "end"],
]);

const TIMEOUTS: ReadonlyMap<string, number> = new Map(GEMINI_EVENTS.map(({ event, timeoutMs }) => [event, timeoutMs]));

/** Where Gemini CLI keeps its chat transcripts; other programs that run hooks of this form name files elsewhere. */
const TRANSCRIPT = /[/\\]chats[/\\]/;

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/**
 * Gemini CLI's hook calls. Its registrations name no event: the payload does. Nothing is ever replied: any text, on either
 * stream, would be shown to the user, and some of it would block the turn.
 */
export const geminiRoute: AgentRoute = {
  env: ["HARNESS_AGENT_PID"],
  route: (registered, payload) => {
    const event = text(payload.hook_event_name) ?? registered;
    const session = text(payload.session_id);
    const timeout = TIMEOUTS.get(event ?? "");
    const transcript = text(payload.transcript_path);
    if (transcript !== undefined && !TRANSCRIPT.test(transcript)) return { verdict: "foreign" };
    if (event === undefined || session === undefined || timeout === undefined) return { verdict: "ignore" };
    const drain = DRAINS.get(event) ?? "never";
    if (drain !== "end") return { verdict: "trace", event, session, drain };
    const room = timeout - MARGIN_MS;
    const flushMs = event === "SessionEnd" ? room : Math.min(room, FLUSH_MS);
    return { verdict: "trace", event, session, drain, flushMs };
  },
};
