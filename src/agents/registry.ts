/** Every agent this program knows. The hot path imports the routes; everything else is loaded when it is needed. */

import type { AgentEntry } from "./agent.ts";
import { claudeRoute } from "./claude/route.ts";
import { codexRoute } from "./codex/route.ts";
import { copilotRoute } from "./copilot/route.ts";
import { cursorRoute } from "./cursor/route.ts";
import { devinRoute } from "./devin/route.ts";
import { geminiRoute } from "./gemini/route.ts";
import { kiroRoute } from "./kiro/route.ts";
import { ompRoute } from "./omp/route.ts";
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
  {
    key: "copilot",
    name: "copilot",
    title: "GitHub Copilot",
    hook: copilotRoute,
    load: async () => (await import("./copilot/agent.ts")).copilot,
  },
  {
    key: "gemini",
    name: "gemini",
    title: "Gemini CLI",
    hook: geminiRoute,
    load: async () => (await import("./gemini/agent.ts")).gemini,
  },
  {
    key: "omp",
    name: "omp",
    title: "Oh My Pi",
    hook: ompRoute,
    load: async () => (await import("./omp/agent.ts")).omp,
  },
  {
    key: "pi",
    name: "pi",
    title: "pi",
    hook: ompRoute,
    load: async () => (await import("./omp/agent.ts")).pi,
  },
  {
    key: "codex",
    name: "codex",
    title: "Codex",
    hook: codexRoute,
    load: async () => (await import("./codex/agent.ts")).codex,
  },
  {
    key: "devin",
    name: "devin",
    title: "Devin CLI",
    hook: devinRoute,
    load: async () => (await import("./devin/agent.ts")).devin,
  },
  {
    key: "cursor",
    name: "cursor",
    title: "Cursor",
    hook: cursorRoute,
    load: async () => (await import("./cursor/agent.ts")).cursor,
  },
  {
    key: "kiro",
    name: "kiro",
    title: "Kiro",
    hook: kiroRoute,
    load: async () => (await import("./kiro/agent.ts")).kiro,
  },
];

/** The entry for a command-line name or a config key. */
export function agentNamed(name: string | undefined): AgentEntry | undefined {
  return AGENTS.find((agent) => agent.name === name || agent.key === name);
}
