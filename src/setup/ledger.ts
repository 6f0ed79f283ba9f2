/**
 * Applying changes and taking them back. For every file we changed, the ledger keeps the exact content before and
 * after, so that undo restores it byte for byte as long as nobody else touched it.
 */

import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import type { FileChange } from "./change.ts";
import { makePrivateDirectory, readEditable, removeFile, writeAtomically } from "./file.ts";

/** What the ledger remembers of one file. `null` stands for "no such file". */
interface Entry {
  readonly v: 1;
  readonly path: string;
  /** Content before our first change: the backup. */
  readonly original: string | null;
  /** Content that undo puts back. */
  readonly undo: string | null;
  /** Content as we left it. */
  readonly after: string | null;
  /** Topmost folder that we had to make for it. */
  readonly madeDirectory: string | null;
}

/** Folder of the ledger below the state folder (`Paths.state`). */
export function ledgerFolder(state: string): string {
  return `${state}/setup`;
}

/**
 * Writes changes and remembers how to undo them.
 * @throws NodeJS.ErrnoException when a file cannot be written; files before it in the list are written and remembered
 */
export function applyChanges(changes: readonly FileChange[], folder: string): void {
  for (const change of changes) {
    if (change.before === change.after) continue;
    const known = readEntry(folder, change.path);
    const continues = known !== undefined && known.after === (change.before ?? null);
    const undo = change.undo ? change.undo.content : change.before;
    // Remembered before it is written: a crash in between leaves a file that differs from `after`, which is safe.
    const entry: Entry = {
      v: 1,
      path: change.path,
      original: continues ? known.original : (change.before ?? null),
      undo: continues ? known.undo : (undo ?? null),
      after: change.after ?? null,
      madeDirectory: known?.madeDirectory ?? null,
    };
    writeEntry(folder, entry);
    if (change.after === undefined) removeFile(change.path);
    else {
      const made = writeAtomically(change.path, change.after, change.mode);
      if (made !== undefined) writeEntry(folder, { ...entry, madeDirectory: made });
    }
  }
}

/**
 * The changes of a removal with exact restoration where the ledger allows it: a file that is still as we left it goes
 * back to what it was, any other one only loses our entries, as the given change says.
 */
export function withExactUndo(removals: readonly FileChange[], folder: string): readonly FileChange[] {
  return removals.map((change) => {
    const known = readEntry(folder, change.path);
    if (!known || known.after !== (change.before ?? null)) return change;
    return { ...change, after: known.undo ?? undefined };
  });
}

/**
 * Writes the changes of a removal and forgets the files.
 * @throws NodeJS.ErrnoException when a file cannot be written
 */
export function undoChanges(removals: readonly FileChange[], folder: string): void {
  for (const change of removals) {
    const known = readEntry(folder, change.path);
    if (change.after === undefined) removeFile(change.path);
    else if (change.after !== change.before) writeAtomically(change.path, change.after, change.mode);
    if (known?.madeDirectory && change.after === undefined) removeEmpty(dirname(change.path), known.madeDirectory);
    rmSync(entryFile(folder, change.path), { force: true });
  }
}

/** Is the file still exactly as we left it? `undefined` when the ledger does not know it. */
export function isUntouched(path: string, folder: string): boolean | undefined {
  const known = readEntry(folder, path);
  if (!known) return undefined;
  const now = readEditable(path);
  return "text" in now && (now.text ?? null) === known.after;
}

/**
 * Files that we changed and that a removal does not name, for instance below another configuration folder of the agent:
 * the change that restores each, or undefined where somebody else changed it since.
 */
export function forgottenFiles(
  named: readonly FileChange[],
  folder: string,
): readonly { readonly path: string; readonly change: FileChange | undefined }[] {
  const paths = new Set(named.map(({ path }) => path));
  return entriesIn(folder)
    .filter(({ path }) => !paths.has(path))
    .map(({ path, undo, after }) => {
      const change = { path, before: after ?? undefined, after: undo ?? undefined };
      return { path, change: isUntouched(path, folder) ? change : undefined };
    });
}

/** Removes empty folders from `from` upwards, `top` being the last. */
function removeEmpty(from: string, top: string): void {
  for (let folder = from; folder.startsWith(top); folder = dirname(folder)) {
    try {
      if (readdirSync(folder).length > 0) return;
      rmdirSync(folder);
    } catch {
      return;
    }
  }
}

function entryFile(folder: string, path: string): string {
  return `${folder}/${createHash("sha256").update(path).digest("hex").slice(0, 16)}.json`;
}

function readEntry(folder: string, path: string): Entry | undefined {
  const entry = parseEntry(entryFile(folder, path));
  return entry?.path === path ? entry : undefined;
}

function entriesIn(folder: string): readonly Entry[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return names.flatMap((name) => parseEntry(`${folder}/${name}`) ?? []);
}

function parseEntry(file: string): Entry | undefined {
  try {
    const entry: Entry = JSON.parse(readFileSync(file, "utf8"));
    return entry.v === 1 ? entry : undefined;
  } catch {
    return undefined;
  }
}

function writeEntry(folder: string, entry: Entry): void {
  makePrivateDirectory(folder);
  writeAtomically(entryFile(folder, entry.path), JSON.stringify(entry));
}
