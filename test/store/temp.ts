/** Temporary folders that are gone after the test. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folders: string[] = [];

/** A new folder; the test file has `afterEach(removeTempFolders)`. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "tracing-test-"));
  folders.push(folder);
  return folder;
}

/** Removes the folders made since the last time. */
export function removeTempFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}
