/** What an installation of the Python toolkit left below `~/.arize/harness`. Its configuration is ours too, and stays. */

import { existsSync, readdirSync, rmSync } from "node:fs";
import type { Paths } from "../paths.ts";

/** Folders of the toolkit: its environment, its clone, its code. */
const FOLDERS = ["venv", ".git", "tracing", "core"];

/** Its programs in `bin`: `arize-hook-…`, `arize-config` … */
const PROGRAM = /^arize-/;

/** Files and folders of the toolkit that are there. */
export function pythonLeftovers({ root, bin }: Pick<Paths, "root" | "bin">): readonly string[] {
  const folders = FOLDERS.map((name) => `${root}/${name}`).filter(existsSync);
  const programs = existsSync(bin) ? readdirSync(bin).filter((name) => PROGRAM.test(name)) : [];
  return [...folders, ...programs.map((name) => `${bin}/${name}`)];
}

/** Removes them. @throws NodeJS.ErrnoException */
export function removePythonLeftovers(leftovers: readonly string[]): void {
  for (const path of leftovers) rmSync(path, { recursive: true, force: true });
}
