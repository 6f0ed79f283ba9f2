/** Hot-path half of Cursor, the editor and the command line program: which hook calls are traced, and what they are answered. */

import type { AgentRoute, Routed } from "../agent.ts";
import { CURSOR_EVENTS, replyTo } from "./registration.ts";

/** Longest that a hook other than `sessionEnd` waits for a delivery in CI, in ms. */
const FLUSH_MS = 10_000;

/** What a hook leaves of its registered timeout, so that it ends by itself before it is killed, in ms. */
const MARGIN_MS = 300;

/** At which events a drain is started at once; at the others only when the last one is old. */
const DRAINS: ReadonlyMap<string, "end" | "start"> = new Map([
  ["sessionStart", "start"],
  ["subagentStop", "end"],
  ["stop", "end"],
  ["sessionEnd", "end"],
]);

/** Tab completions belong to no turn of the conversation that is open beside them. */
const TAB_EVENT = "afterTabFileEdit";
const TAB_SESSION = "tab";

const TIMEOUTS: ReadonlyMap<string, number> = new Map(
  CURSOR_EVENTS.map(({ event, timeoutSeconds }) => [event, timeoutSeconds * 1000]),
);

/** Told by somebody else's registration of our program, if at all: a gate that says when a subagent began. */
const UNREGISTERED: readonly string[] = ["subagentStart"];

/** None carries a secret; the user's mail address is left out. */
const ENVIRONMENT: readonly string[] = ["CURSOR_TRANSCRIPT_PATH"];

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The conversation; a subagent that has one of its own belongs to its parent's. */
function sessionOf(event: string, payload: Readonly<Record<string, unknown>>): string | undefined {
  const conversation = text(payload.conversation_id);
  if (event !== TAB_EVENT) return text(payload.parent_conversation_id) ?? conversation;
  if (text(payload.file_path) === undefined) return undefined;
  return conversation === undefined ? TAB_SESSION : `${TAB_SESSION}-${conversation}`;
}

/** Cursor's hook calls. A payload of Claude Code has no conversation. */
export const cursorRoute: AgentRoute = {
  env: ENVIRONMENT,
  reply: replyTo,
  route: (registered, payload): Routed => {
    const event = text(payload.hook_event_name) ?? text(payload.hookEventName) ?? registered;
    if (event === undefined) return { verdict: "ignore" };
    const timeout = TIMEOUTS.get(event);
    if (timeout === undefined && !UNREGISTERED.includes(event)) return { verdict: "ignore" };
    const session = sessionOf(event, payload);
    if (session === undefined) return { verdict: "foreign" };
    const drain = DRAINS.get(event) ?? "within";
    if (drain !== "end" || timeout === undefined) return { verdict: "trace", event, session, drain };
    const room = timeout - MARGIN_MS;
    return {
      verdict: "trace",
      event,
      session,
      drain,
      flushMs: event === "sessionEnd" ? room : Math.min(room, FLUSH_MS),
    };
  },
};
