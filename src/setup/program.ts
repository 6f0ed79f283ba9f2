/** Putting the program where the registrations look for it: `~/.arize/harness/bin/harness-tracing`. */

import { createHash } from "node:crypto";
import {
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { basename, dirname } from "node:path";
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
    putInPlace(temporary, target, platform);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  return known ? "replaced" : "installed";
}

/** Where the program that was replaced last is kept, for `update --rollback`. */
export function previousProgram(target: string): string {
  return target.replace(/(\.exe)?$/, ".previous$1");
}

/**
 * Replaces the program by a new one from the same folder's disk; a hook that starts meanwhile finds the old one or the
 * new one, whole. The old one is kept beside it.
 * @throws NodeJS.ErrnoException
 */
export function putInPlace(fresh: string, target: string, platform: NodeJS.Platform): void {
  if (existsSync(target)) keep(target, previousProgram(target), platform);
  renameSync(fresh, target);
}

/**
 * Exchanges the program and the one before it.
 * @throws NodeJS.ErrnoException
 */
export function rollBack(target: string, platform: NodeJS.Platform): void {
  const previous = previousProgram(target);
  const current = `${target}.${process.pid}.tmp`;
  keep(target, current, platform);
  renameSync(previous, target);
  renameSync(current, previous);
}

/** Puts the program under another name too; on Windows only there, since a running program cannot be replaced there. */
function keep(target: string, name: string, platform: NodeJS.Platform): void {
  if (platform === "win32") {
    removeOrRename(name);
    renameSync(target, name);
    return;
  }
  rmSync(name, { force: true });
  try {
    linkSync(target, name);
  } catch {
    copyFileSync(target, name, constants.COPYFILE_FICLONE);
  }
}

/** A program that still runs cannot be removed on Windows: it goes once it has ended. */
function removeOrRename(path: string): void {
  for (const name of readdirSync(dirname(path))) {
    if (name.startsWith(`${basename(path)}.`) && name.endsWith(".old")) tryToRemove(`${dirname(path)}/${name}`);
  }
  tryToRemove(path);
  if (existsSync(path)) renameSync(path, `${path}.${process.pid}.${Date.now()}.old`);
}

function tryToRemove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // It runs.
  }
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
