/** Reading and replacing other programs' files without ever leaving half of one. */

import {
  chmodSync,
  closeSync,
  fchmodSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, resolve } from "node:path";

/** Folders and files that we make are the user's alone. */
const PRIVATE_DIRECTORY = 0o700;
const PRIVATE_FILE = 0o600;

/** Hops of a chain of symbolic links, as the kernel limits them. */
const MAX_LINKS = 40;

/** A file's text with its byte order mark kept, `undefined` when there is no file, or why it cannot be edited. */
export type ReadText = { readonly text: string | undefined } | { readonly problem: string; readonly fix: string };

/** Reads a file that is to be edited. Says no to what an edit could damage: not UTF-8, not a file, write-protected. */
export function readEditable(path: string): ReadText {
  try {
    const stat = statSync(path);
    if (!stat.isFile()) return { problem: "it is not a file", fix: `move ${path} away` };
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(readFileSync(path));
    // The mode is asked, not access(2): for root every file is writable, yet the owner's wish is the same.
    if ((stat.mode & 0o222) === 0) return { problem: "it is write-protected", fix: `chmod u+w ${path}` };
    return { text };
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT") return { text: undefined };
    if (error instanceof TypeError) return { problem: "it is not UTF-8 text", fix: `save ${path} as UTF-8` };
    return { problem: `it cannot be read (${code ?? String(error)})`, fix: `check the permissions of ${path}` };
  }
}

/**
 * Replaces a file in one step: written and synced beside its target, then renamed over it. A symbolic link stays and
 * its target is replaced; an existing file keeps its mode.
 * @param mode of a new file
 * @returns the topmost folder that had to be made, if any
 * @throws NodeJS.ErrnoException when the folder cannot be written; the old file is then untouched
 */
export function writeAtomically(path: string, content: string | Uint8Array, mode = PRIVATE_FILE): string | undefined {
  const target = targetOf(path);
  const made = mkdirSync(dirname(target), { recursive: true, mode: PRIVATE_DIRECTORY });
  const temporary = `${target}.${process.pid}.${Date.now()}.tmp`;
  const file = openSync(temporary, "wx", PRIVATE_FILE);
  try {
    try {
      const bytes = typeof content === "string" ? Buffer.from(content) : content;
      let written = 0;
      while (written < bytes.length) written += writeSync(file, bytes, written);
      fchmodSync(file, modeOf(target) ?? mode);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  return made;
}

/** Removes a file; a symbolic link is left, its target removed. Silent when there is none. */
export function removeFile(path: string): void {
  rmSync(targetOf(path), { force: true });
}

/** Makes a private folder, and an existing one private. */
export function makePrivateDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: PRIVATE_DIRECTORY });
  chmodSync(path, PRIVATE_DIRECTORY);
}

function modeOf(path: string): number | undefined {
  try {
    return statSync(path).mode & 0o7777;
  } catch {
    return undefined;
  }
}

/** Where a chain of links ends, even when nothing is there yet. */
function targetOf(path: string): string {
  let target = path;
  for (let hop = 0; hop < MAX_LINKS; hop++) {
    try {
      if (!lstatSync(target).isSymbolicLink()) return target;
      target = resolve(dirname(target), readlinkSync(target));
    } catch {
      return target;
    }
  }
  return path;
}
