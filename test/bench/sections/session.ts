/** What the drain costs per turn at the start and at the end of a long session. */

import type { Section } from "../section.ts";
import { sessionGrowth } from "../session-growth.ts";

/** Length of the session, in turns. */
const TURNS = 10_000;

/** How much dearer the last turns may be than the first. */
const MOST_GROWTH = 1.5;

export const section: Section = {
  title: `Session of ${TURNS} turns`,
  run: async () => {
    const { startMs, endMs, ratio } = await sessionGrowth(TURNS);
    return [
      { measure: "drain's CPU time per turn at the start", value: `${startMs.toFixed(2)} ms` },
      { measure: "drain's CPU time per turn at the end", value: `${endMs.toFixed(2)} ms` },
      {
        measure: "end against start",
        value: `${ratio.toFixed(2)} ×`,
        budget: `≤ ${MOST_GROWTH} ×`,
        ok: ratio <= MOST_GROWTH,
      },
    ];
  },
};
