/**
 * A file of `export NAME=value` lines that a user keeps for one agent, read as data: nothing in it is ever run. Its variables
 * win over the environment, which with an agent's shared background process is that of another terminal. Dependency-free.
 */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { Environment } from "./environment.ts";

/** Such a file has a few lines; more is something else. Bytes. */
const MAX_BYTES = 64 * 1024;

/** Only settings of this program: the file must not change how programs run. */
const NAMES = /^(ARIZE_|PHOENIX_)\w+$|^OTEL_RESOURCE_ATTRIBUTES$/;

const ASSIGNMENT = /^\s*(?:export\s+)?([A-Za-z_]\w*)=(.*)$/;

/** The environment with the file's variables over it; the same object when there is no file. */
export function withEnvironmentFile(env: Environment, path: string | undefined): Environment {
  const text = path === undefined ? undefined : textOf(path);
  return text === undefined ? env : { ...env, ...assignments(text) };
}

function textOf(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return undefined;
  }
  try {
    const { size } = fstatSync(file);
    if (size > MAX_BYTES) return undefined;
    const bytes = Buffer.alloc(size);
    return bytes.toString("utf8", 0, readSync(file, bytes, 0, size, 0));
  } catch {
    return undefined;
  } finally {
    closeSync(file);
  }
}

/** Plain assignments of a shell text, quoted or not. Lines that would need a shell are left out. */
export function assignments(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const [, name, written] = ASSIGNMENT.exec(line) ?? [];
    if (name === undefined || written === undefined || !NAMES.test(name)) continue;
    const value = valueIn(written.trim());
    if (value !== undefined) found[name] = value;
  }
  return found;
}

function valueIn(written: string): string | undefined {
  const single = /^'([^']*)'\s*(?:#.*|;)?$/.exec(written)?.[1];
  if (single !== undefined) return single;
  const double = /^"((?:[^"\\]|\\.)*)"\s*(?:#.*|;)?$/.exec(written)?.[1];
  if (double !== undefined) return /(?<!\\)[$`]/.test(double) ? undefined : double.replace(/\\(["\\$`])/g, "$1");
  const bare = written.replace(/\s+#.*$|;\s*$/, "");
  return /[\s'"`$\\|&;<>()]/.test(bare) ? undefined : bare;
}
