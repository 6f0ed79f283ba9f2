/** Cursor, the editor and the command line program: the drain's and the command line's half. */

import type { Agent } from "../agent.ts";
import { observe } from "./events.ts";
import { cursorSetup } from "./setup.ts";
import { sources } from "./sources.ts";
import { type Cursor, history } from "./transcript.ts";

export const cursor: Agent<Cursor> = { observe, sources, history, setup: cursorSetup };
