/** What a drain costs per turn of a long session, at its start and at its end. */

import type { Row, Section } from "../section.ts";
import { sessionGrowth } from "../session-growth.ts";

const TURNS = 10_000;

/** Bound of the ratio between the cost of a turn at the end and at the start. */
const BUDGET = 1.5;

export const section: Section = {
  title: `Drain, a session of ${TURNS} turns (CPU time per turn)`,
  run: async () => {
    const { startMs, endMs, ratio } = await sessionGrowth(TURNS);
    const rows: Row[] = [
      { measure: "first turns", value: `${startMs.toFixed(1)} ms` },
      { measure: "last turns", value: `${endMs.toFixed(1)} ms` },
      { measure: "last to first", value: ratio.toFixed(2), budget: `at most ${BUDGET}`, ok: ratio <= BUDGET },
    ];
    return rows;
  },
};
