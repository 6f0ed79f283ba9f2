/** The salt of credential fingerprints: made once per user, by whichever process needs it first. */

import { linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from "node:fs";
import type { Paths } from "../paths.ts";

const SALT_BYTES = 32;

function readSalt(path: string): Uint8Array | undefined {
  try {
    const bytes = readFileSync(path);
    return bytes.length >= SALT_BYTES ? bytes.subarray(0, SALT_BYTES) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The salt, created with mode 0600 when there is none. Of two processes that create it at once one wins and both use that
 * one: the file appears under its name complete, never half written.
 * @returns 32 bytes, or undefined when it can neither be read nor created
 */
export function localSalt(paths: Pick<Paths, "state" | "salt">): Uint8Array | undefined {
  const present = readSalt(paths.salt);
  if (present) return present;
  const fresh = `${paths.salt}.${process.pid}.${Date.now()}`;
  try {
    mkdirSync(paths.state, { recursive: true, mode: 0o700 });
    writeFileSync(fresh, crypto.getRandomValues(new Uint8Array(SALT_BYTES)), { mode: 0o600, flag: "wx" });
  } catch {
    return undefined;
  }
  try {
    linkSync(fresh, paths.salt);
  } catch {
    // Another process was first, or the file system has no hard links: then an exclusive copy has to do.
    copyExclusively(fresh, paths.salt);
  }
  try {
    unlinkSync(fresh);
  } catch {
    // A leftover name is harmless.
  }
  return readSalt(paths.salt);
}

function copyExclusively(from: string, to: string): void {
  try {
    writeFileSync(to, readFileSync(from), { mode: 0o600, flag: "wx" });
  } catch {
    // It exists: that one counts.
  }
}
