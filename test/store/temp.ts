/** Temporary folders that are gone after the test. */

import { afterEach } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A new folder of this test's own. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "tracing-test-"));
  folders.push(folder);
  return folder;
}
