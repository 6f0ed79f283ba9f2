/** Oh My Pi and pi: the drain's and the command line's half. Their extension tells everything; no history is read. */

import type { Agent, HistoryReader } from "../agent.ts";
import { observe } from "./events.ts";
import { OMP, PI, setupOf } from "./setup.ts";

const history: HistoryReader<null> = { initial: () => null, read: () => ({ cursor: null, facts: [] }) };

const shared = { observe, sources: async () => [], history };

export const omp: Agent<null> = { ...shared, setup: setupOf(OMP) };

export const pi: Agent<null> = { ...shared, setup: setupOf(PI) };
