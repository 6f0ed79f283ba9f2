/** Hot-path half of Oh My Pi and pi: the lines of their extension file. */

import type { AgentRoute } from "../agent.ts";

/** At which events a drain is started, and when. Every other one is followed by one of these. */
const DRAINS: ReadonlyMap<string, "end" | "start" | "within"> = new Map([
  ["prompt", "start"],
  ["answer", "within"],
  ["end", "end"],
  ["stream.end", "end"],
]);

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The extension names event and session itself. Nothing is ever replied. */
export const ompRoute: AgentRoute = {
  env: [],
  route: (_registered, payload) => {
    const event = text(payload.event);
    const session = text(payload.session);
    if (event === undefined || session === undefined) return { verdict: "ignore" };
    // A subagent's end is within its turn, and so is the end of an attempt.
    const inner = event === "end" && (payload.thread !== undefined || payload.willContinue === true);
    return { verdict: "trace", event, session, drain: inner ? "within" : (DRAINS.get(event) ?? "never") };
  },
};
