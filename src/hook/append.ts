/** Appends one line to a file of the journal: one write, complete or noticed. */

import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";

/** Writes that came back short are tried again this often: a signal may have cut one; a full disk stays full. */
const ATTEMPTS = 2;

function openForAppend(folder: string, file: string): number {
  try {
    return openSync(`${folder}/${file}`, "a", 0o600);
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ENOENT") throw error;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return openSync(`${folder}/${file}`, "a", 0o600);
  }
}

/**
 * Appends `\n<line>\n` in one write. The leading line break ends whatever a killed writer left behind; a short write is
 * followed by the whole line anew, since a torn line cannot swallow the next one and others may have written in between.
 * @returns undefined when every byte was written, else why not
 */
export function appendLine(folder: string, file: string, line: string): string | undefined {
  const bytes = Buffer.from(`\n${line}\n`);
  let descriptor: number | undefined;
  try {
    descriptor = openForAppend(folder, file);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (writeSync(descriptor, bytes, 0, bytes.length) === bytes.length) return undefined;
    }
    return "short write";
  } catch (error) {
    const code = (error as { code?: unknown }).code;
    return typeof code === "string" ? code : "write failed";
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
