/** Ending the drains that a benchmark started: by their process ids, found by the path of its own copy of the program. */

import { readdirSync, readlinkSync } from "node:fs";

/** Process ids that run `program`. Empty where there is no `/proc`: drains end by themselves within a minute there. */
export function running(program: string): readonly number[] {
  let ids: readonly string[];
  try {
    ids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
  return ids.filter((id) => executable(id) === program).map(Number);
}

/** Ends every process that runs `program`. */
export function endAll(program: string): void {
  for (const id of running(program)) {
    try {
      process.kill(id, "SIGKILL");
    } catch {
      // It has just ended.
    }
  }
}

function executable(id: string): string | undefined {
  try {
    return readlinkSync(`/proc/${id}/exe`);
  } catch {
    return undefined;
  }
}
