/** Every agent this program knows. The hot path imports the routes; everything else is loaded when it is needed. */

import type { AgentEntry } from "./agent.ts";
import { claudeRoute } from "./claude/route.ts";
import { opencodeRoute } from "./opencode/route.ts";

export const AGENTS: readonly AgentEntry[] = [
  {
    key: "claude-code",
    name: "claude",
    title: "Claude Code",
    hook: claudeRoute,
    load: async () => (await import("./claude/agent.ts")).claude,
  },
  {
    key: "opencode",
    name: "opencode",
    title: "OpenCode",
    hook: opencodeRoute,
    load: async () => (await import("./opencode/agent.ts")).opencode,
  },
];

/** The entry for a command-line name or a config key. */
export function agentNamed(name: string | undefined): AgentEntry | undefined {
  return AGENTS.find((agent) => agent.name === name || agent.key === name);
}
