/** The agents that can be run for real. */

import { claude } from "./claude/agent.ts";
import { codex } from "./codex/agent.ts";
import { copilot } from "./copilot/agent.ts";
import { gemini } from "./gemini/agent.ts";
import { omp, pi } from "./omp/agent.ts";
import { opencode } from "./opencode/agent.ts";
import type { LiveAgent } from "./scenario.ts";

export const AGENTS: readonly LiveAgent[] = [claude, codex, opencode, omp, pi, gemini, copilot];

export function agentNamed(name: string): LiveAgent | undefined {
  return AGENTS.find((agent) => agent.name === name);
}
