/** Records of Kiro's session files → facts: a pure reader for both formats. */

import * as v from "valibot";
import type { HistoryReader } from "../agent.ts";
import { readCli2 } from "./cli2.ts";
import { readCli3 } from "./cli3.ts";
import { type Cursor, emptyCursor } from "./cursor.ts";
import type { Cli2Record } from "./follow.ts";
import { Cli3Line } from "./wire.ts";

/** Reader of what `follow` gives (CLI 2), and of the lines of `messages.jsonl` (CLI 3, IDE 1). */
export const history: HistoryReader<Cursor> = {
  initial: () => emptyCursor(),
  read: (known, record, guard) => {
    const cursor = structuredClone(known);
    const line = v.safeParse(Cli3Line, record);
    const facts = line.success
      ? readCli3(cursor, line.output, guard)
      : typeof Object(record).at === "number"
        ? readCli2(cursor, record as Cli2Record, guard)
        : [];
    return { cursor, facts };
  },
};
