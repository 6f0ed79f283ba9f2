/** Notes that hooks left of events they could not journal: counted once, then removed. */

import { readdirSync, readFileSync, unlinkSync } from "node:fs";
import type { Loss } from "../hook/loss.ts";
import type { Paths } from "../paths.ts";

/** Notes as they were found. */
export interface Losses {
  readonly losses: readonly Loss[];
  /** Paths to remove once the losses are counted. */
  readonly files: readonly string[];
}

/** All notes. A note that cannot be parsed (the disk was full) still counts, as a loss for an unknown reason. */
export function readLosses(paths: Pick<Paths, "losses">): Losses {
  let names: readonly string[];
  try {
    names = readdirSync(paths.losses).filter((name) => name.endsWith(".json"));
  } catch {
    names = [];
  }
  const files = names.map((name) => `${paths.losses}/${name}`);
  return { losses: files.map(readLoss), files };
}

function readLoss(file: string): Loss {
  try {
    const value = JSON.parse(readFileSync(file, "utf8")) as Partial<Loss>;
    if (typeof value.reason === "string" && typeof value.agent === "string") return { ...value, v: 1 } as Loss;
  } catch {
    // Counted below.
  }
  return { v: 1, ts: 0, agent: "unknown", reason: "unreadable note" };
}

/** Removes notes that were counted. A note that is gone already is no error. */
export function removeLosses(files: readonly string[]): void {
  for (const file of files) {
    try {
      unlinkSync(file);
    } catch {
      // Another drain removed it.
    }
  }
}
