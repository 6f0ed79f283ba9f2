/** Devin CLI: the drain's and the command line's half. */

import type { Agent } from "../agent.ts";
import type { Cursor } from "./cursor.ts";
import { observe } from "./events.ts";
import { follow } from "./follow.ts";
import { devinSetup } from "./setup.ts";
import { sources } from "./sources.ts";
import { history } from "./transcript.ts";

export const devin: Agent<Cursor> = { observe, sources, history, follow, setup: devinSetup };
