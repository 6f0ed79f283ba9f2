/** Hot-path half of OpenCode: the lines of its plugin file. */

import type { AgentRoute } from "../agent.ts";

/** At which events a drain is started, and when. Every other one is followed by one of these. */
const DRAINS: ReadonlyMap<string, "end" | "start" | "within"> = new Map([
  ["prompt", "start"],
  ["assistant", "within"],
  ["idle", "end"],
  ["stream.end", "end"],
]);

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** The plugin names event and session itself. Nothing is ever replied. */
export const opencodeRoute: AgentRoute = {
  env: [],
  route: (_registered, payload) => {
    const event = text(payload.event);
    const session = text(payload.session);
    if (event === undefined || session === undefined) return { verdict: "ignore" };
    // A subagent's end is within its turn.
    const drain = event === "idle" && payload.thread !== undefined ? "within" : (DRAINS.get(event) ?? "never");
    return { verdict: "trace", event, session, drain };
  },
};
