/** Claude Code as a live agent. */

import { buildProgram } from "../program.ts";
import type { LiveAgent } from "../scenario.ts";
import { fetchClaude } from "./package.ts";
import { basics } from "./scenarios/basics.ts";
import { endings } from "./scenarios/endings.ts";
import { interactive } from "./scenarios/interactive.ts";
import { plugin } from "./scenarios/plugin.ts";
import { sessions } from "./scenarios/sessions.ts";
import { sources } from "./scenarios/sources.ts";
import { subagents } from "./scenarios/subagents.ts";
import { tracing } from "./scenarios/tracing.ts";

export const claude: LiveAgent = {
  name: "claude",
  scenarios: [...basics, ...subagents, ...endings, ...sessions, ...sources, ...plugin, ...interactive, ...tracing],
  prepare: async (repository, cache) => {
    await buildProgram(repository);
    return await fetchClaude(cache);
  },
};
