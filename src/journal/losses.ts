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

/** All notes. One that the full disk left empty still counts, by what its name says. */
export function readLosses(paths: Pick<Paths, "losses">): Losses {
  let names: readonly string[];
  try {
    names = readdirSync(paths.losses)
      .filter((name) => name.endsWith(".json"))
      .sort();
  } catch {
    names = [];
  }
  return {
    losses: names.map((name) => readLoss(paths.losses, name)),
    files: names.map((name) => `${paths.losses}/${name}`),
  };
}

function readLoss(folder: string, name: string): Loss {
  try {
    const value = JSON.parse(readFileSync(`${folder}/${name}`, "utf8")) as Partial<Loss>;
    if (typeof value.reason === "string" && typeof value.agent === "string") return { ...value, v: 1 } as Loss;
  } catch {
    // Its name is left.
  }
  const [ts, , agent, reason, extension] = name.split(".");
  if (agent === undefined || reason === undefined || extension === undefined) {
    return { v: 1, ts: 0, agent: "unknown", reason: "unreadable note" };
  }
  return { v: 1, ts: Number(ts) || 0, agent, reason: reason.replaceAll("_", " ") };
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
