/** Codex as a live agent. */

import { fetchPackages } from "../package.ts";
import { buildProgram } from "../program.ts";
import type { LiveAgent } from "../scenario.ts";
import { codexScenario } from "./codex-scenario.ts";
import { basics } from "./scenarios/basics.ts";
import { endings } from "./scenarios/endings.ts";
import { tracing } from "./scenarios/tracing.ts";

/** Exact: the scenarios describe this one. */
const VERSION = "0.169.0";

/** The native program; the package's own starter needs a Node runtime beside it. */
const PROGRAM = "@openai/codex-linux-x64/vendor/x86_64-unknown-linux-musl/bin/codex";

export const codex: LiveAgent = {
  name: "codex",
  scenarios: [...basics, ...endings, ...tracing].map(codexScenario),
  prepare: async (repository, cache) => {
    await buildProgram(repository);
    const packages = { "@openai/codex": VERSION };
    const modules = await fetchPackages(cache, `codex-${VERSION}`, packages, [PROGRAM]);
    return { codex: `${modules}/${PROGRAM}` };
  },
};
