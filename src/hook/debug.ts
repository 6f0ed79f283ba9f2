/** `ARIZE_TRACE_DEBUG=true`: raw payloads below `state/<agent>/debug/`. */

import { mkdirSync, writeFileSync } from "node:fs";
import type { Paths } from "../paths.ts";

const UNSAFE = /[^A-Za-z0-9_-]/g;

/** Writes a payload as it came, one 0600 file per hook call. Never throws. */
export function dumpPayload(
  paths: Pick<Paths, "state">,
  agent: string,
  event: string | undefined,
  ts: number,
  bytes: Uint8Array,
): void {
  try {
    const folder = `${paths.state}/${agent}/debug`;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const name = (event ?? "event").replace(UNSAFE, "_").slice(0, 60);
    writeFileSync(`${folder}/${Math.trunc(ts)}-${process.pid}-${name}.json`, bytes, { mode: 0o600 });
  } catch {
    // Debugging output must never cost an event.
  }
}
