/** OpenCode: the drain's and the command line's half. Its plugin tells everything; no history is read. */

import type { Agent, HistoryReader } from "../agent.ts";
import { observe } from "./events.ts";
import { opencodeSetup } from "./setup.ts";

const history: HistoryReader<null> = { initial: () => null, read: () => ({ cursor: null, facts: [] }) };

export const opencode: Agent<null> = { observe, sources: async () => [], history, setup: opencodeSetup };
