/** Notes of losses: what a hook saw and could not journal, so that `status` and `doctor` can tell. */

import { mkdirSync, writeFileSync } from "node:fs";
import type { Paths } from "../paths.ts";

/** One lost event. Written by the hook, read by `journal/losses.ts`. */
export interface Loss {
  readonly v: 1;
  /** Epoch ms. */
  readonly ts: number;
  /** Agent key. */
  readonly agent: string;
  /** The agent's own event name and session id, where they were known. */
  readonly event?: string;
  readonly session?: string;
  /** `not JSON`, `no object`, `too large`, `short write`, or an errno like `ENOSPC`. */
  readonly reason: string;
}

/**
 * Leaves a note of a loss, if that is possible: `<ts>.<pid>.<agent>.<reason>.json`. A full disk often takes the name of a
 * file and not its contents, so the name alone says enough. Never throws.
 */
export function noteLoss(paths: Pick<Paths, "losses">, loss: Loss): void {
  try {
    mkdirSync(paths.losses, { recursive: true, mode: 0o700 });
    const name = [Math.trunc(loss.ts), process.pid, loss.agent, loss.reason.replaceAll(" ", "_"), "json"].join(".");
    writeFileSync(`${paths.losses}/${name}`, JSON.stringify(loss), { mode: 0o600 });
  } catch {
    // Nowhere to write to: then it cannot be told.
  }
}
