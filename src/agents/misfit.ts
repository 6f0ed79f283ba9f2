/** An event that does not have the shape that its agent's events have. */

import * as v from "valibot";
import type { JournalEvent } from "../journal/event.ts";
import type { Observed } from "./agent.ts";

/** No facts, and why: the event, the first field that does not fit, what is wrong with it. */
export function misfit(
  event: JournalEvent,
  [issue]: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]],
): Observed {
  return { facts: [], skipped: `${event.event}: ${v.getDotPath(issue) ?? "payload"}: ${issue.message}` };
}
