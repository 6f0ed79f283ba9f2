/** Putting the program where the registrations look for it: `~/.arize/harness/bin/harness-tracing`. */

import { createHash } from "node:crypto";
import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname } from "node:path";
import { makePrivateDirectory } from "./file.ts";

const PROGRAM_MODE = 0o755;
const READ_BYTES = 4 * 1024 * 1024;

/** Name of the program's file. */
export function programFile(platform: NodeJS.Platform): string {
  return platform === "win32" ? "harness-tracing.exe" : "harness-tracing";
}

/** What became of the copy. */
export type Installed = "installed" | "replaced" | "unchanged";

/**
 * Copies the program in one step: written beside the target, then renamed over it, so that a hook that starts meanwhile
 * finds the old one or the new one, whole.
 * @param source a compiled program
 * @throws NodeJS.ErrnoException when the folder cannot be written
 */
export function installProgram(source: string, target: string, platform: NodeJS.Platform): Installed {
  makePrivateDirectory(dirname(target));
  const known = existsSync(target);
  if (known && (realpathSync(source) === realpathSync(target) || sameContent(source, target))) return "unchanged";
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    copyFileSync(source, temporary, constants.COPYFILE_FICLONE);
    chmodSync(temporary, PROGRAM_MODE);
    const file = openSync(temporary, "r+");
    fsyncSync(file);
    closeSync(file);
    // Windows does not replace a running program, but lets it be renamed.
    if (platform === "win32" && known) moveAway(target);
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  return known ? "replaced" : "installed";
}

function moveAway(target: string): void {
  const old = `${target}.old`;
  rmSync(old, { force: true });
  renameSync(target, old);
}

function sameContent(a: string, b: string): boolean {
  return statSync(a).size === statSync(b).size && digest(a) === digest(b);
}

function digest(path: string): string {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  const file = openSync(path, "r");
  try {
    for (let read = readSync(file, buffer); read > 0; read = readSync(file, buffer))
      hash.update(buffer.subarray(0, read));
  } finally {
    closeSync(file);
  }
  return hash.digest("hex");
}
