/** Trying a program that was fetched, and putting it where hooks find it. */

import { closeSync, fsyncSync, openSync, readdirSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { makePrivateDirectory } from "../setup/file.ts";
import { programFile, putInPlace } from "../setup/program.ts";
import { ReleaseProblem } from "./problem.ts";

const PROGRAM_MODE = 0o755;

/** A first start from a cold disk, under a virus scanner, takes seconds, ms. */
const START_TIMEOUT_MS = 60_000;

/** A work folder's name ends with the process that uses it; the installers use the same place. */
const WORK_FOLDER = /^work\.(\d+)$/;

/** What `placeProgram` works with. */
export interface Place {
  /** `~/.arize/harness` */
  readonly root: string;
  /** The installed program. */
  readonly program: string;
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * Writes the program beside the installed one, sees that it runs and says its version, and swaps the two in one step.
 * The old one is kept. Whatever goes wrong before the swap leaves the old one in place.
 * @throws ReleaseProblem
 */
export async function placeProgram(content: Uint8Array, version: string, place: Place): Promise<void> {
  const downloads = `${place.root}/downloads`;
  removeAbandoned(downloads);
  const work = `${downloads}/work.${process.pid}`;
  const fresh = `${work}/${programFile(place.platform)}`;
  try {
    makePrivateDirectory(downloads);
    makePrivateDirectory(work);
    writeFileSync(fresh, content, { mode: PROGRAM_MODE });
    const file = openSync(fresh, "r+");
    fsyncSync(file);
    closeSync(file);
    const told = await versionOf(fresh, place.env);
    if (told !== version) {
      const saying = told === undefined ? "does not run here" : `says that it is ${told}`;
      throw new ReleaseProblem(`the program of release ${version} ${saying}`, "nothing was changed; please report it");
    }
    putInPlace(fresh, place.program, place.platform);
  } catch (error) {
    if (error instanceof ReleaseProblem) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const fix = code === "ENOSPC" ? "make room on that disk" : `check the permissions of ${place.root}`;
    throw new ReleaseProblem(`the program could not be written: ${message}`, fix);
  } finally {
    removeQuietly(work);
    removeIfEmpty(downloads);
  }
}

/** What a program calls its version; undefined when it does not run. */
export async function versionOf(program: string, env: Place["env"]): Promise<string | undefined> {
  try {
    const child = Bun.spawn([program, "--version"], {
      env: { ...env },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "ignore",
      timeout: START_TIMEOUT_MS,
      windowsHide: true,
    });
    const [text, code] = await Promise.all([child.stdout.text(), child.exited]);
    return code === 0 ? text.trim() : undefined;
  } catch {
    return undefined;
  }
}

/** Folders of updates and installers that were killed. */
function removeAbandoned(downloads: string): void {
  for (const name of entriesOf(downloads)) {
    const pid = WORK_FOLDER.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) removeQuietly(`${downloads}/${name}`);
  }
}

/** What cannot be removed costs space, not the update. */
function removeQuietly(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {
    // The next update tries again.
  }
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Another download is under way, or there never was one.
  }
}
