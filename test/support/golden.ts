/** Golden texts: `UPDATE_GOLDEN=1 bun test` writes them anew. */

import { expect } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const FOLDER = join(import.meta.dir, "../golden");

/** Compares a text with `test/golden/<name>`. */
export function expectGolden(name: string, text: string): void {
  const file = join(FOLDER, name);
  if (process.env.UPDATE_GOLDEN === "1") {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  expect(text).toBe(readFileSync(file, "utf8"));
}
