/** Starting a drain from the hook, and in CI waiting for it. */

import { existsSync, statSync, writeFileSync } from "node:fs";
import type { Routed } from "../agents/agent.ts";
import type { Paths } from "../paths.ts";
import type { Environment } from "./environment.ts";

/** During a long turn a drain is started when the last one made progress longer ago than this, in ms. */
const DRAIN_INTERVAL_MS = 5_000;

/** How often a waiting hook looks, in ms. */
const POLL_MS = 10;

type DrainWish = Extract<Routed, { verdict: "trace" }>["drain"];

/** True when this event is one to start a drain at. */
export function wantsDrain(paths: Pick<Paths, "backlog" | "drainLast">, wish: DrainWish, nowMs: number): boolean {
  if (wish === "end") return true;
  if (wish === "never") return false;
  if (wish === "start") return existsSync(paths.backlog);
  const last = statSync(paths.drainLast, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return Math.abs(nowMs - last) > DRAIN_INTERVAL_MS;
}

/** How this program is started again: the compiled one by itself, in development Bun with the entry file. */
function program(): readonly string[] {
  return Bun.isStandaloneExecutable ? [process.execPath] : [process.execPath, Bun.main];
}

/**
 * Leaves the wish for a drain, then starts one that outlives this process and whoever started it. When a drain is running
 * already, the new one ends at once and the running one sees the wish.
 * @param home working folder of the drain: never the user's project
 * @param env its environment, where that is not this process's
 * @returns false when it could not be started
 */
export function startDrain(paths: Pick<Paths, "drainWanted">, home: string, env?: Environment): boolean {
  try {
    writeFileSync(paths.drainWanted, "", { mode: 0o600 });
    const child = Bun.spawn([...program(), "drain"], {
      cwd: home,
      ...(env && { env: { ...env } }),
      detached: true,
      stdio: ["ignore", "ignore", "ignore"],
      windowsHide: true,
    });
    child.unref();
    return true;
  } catch {
    return false;
  }
}

/** Waits until some drain has served the wish, but never past `deadline` (epoch ms). */
export async function waitForDrain(paths: Pick<Paths, "drainWanted">, deadline: number): Promise<void> {
  while (Date.now() < deadline && existsSync(paths.drainWanted)) await Bun.sleep(POLL_MS);
}
