/** The agents that can be run for real. */

import { claude } from "./claude/agent.ts";
import type { LiveAgent } from "./scenario.ts";

export const AGENTS: readonly LiveAgent[] = [claude];

export function agentNamed(name: string): LiveAgent | undefined {
  return AGENTS.find((agent) => agent.name === name);
}
