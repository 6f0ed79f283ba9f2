/** Gemini CLI as a live agent. */

import { buildProgram } from "../program.ts";
import type { LiveAgent } from "../scenario.ts";
import { fetchGemini } from "./package.ts";
import { basics } from "./scenarios/basics.ts";
import { endings } from "./scenarios/endings.ts";
import { interactive } from "./scenarios/interactive.ts";
import { sessions } from "./scenarios/sessions.ts";
import { survival } from "./scenarios/survival.ts";
import { tracing } from "./scenarios/tracing.ts";

export const gemini: LiveAgent = {
  name: "gemini",
  scenarios: [...basics, ...sessions, ...endings, ...interactive, ...tracing, ...survival],
  prepare: async (repository, cache) => {
    await buildProgram(repository);
    return await fetchGemini(cache);
  },
};
