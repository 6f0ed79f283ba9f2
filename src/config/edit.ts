/**
 * Reading and changing single fields of `config.json` by dotted keys. Everything else in the file, unknown keys included,
 * is kept; the file is replaced atomically and is never readable by others, not even for a moment.
 */

import { randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { type ConfigFile, readConfig, readRawConfig } from "./read.ts";

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type Root = Readonly<Record<string, unknown>>;

/** Outcome of an edit: the problems that the changed file has, or why nothing was written. */
export type Edited =
  | { readonly ok: true; readonly path: string; readonly problems: ConfigFile["problems"] }
  | { readonly ok: false; readonly reason: string };

// A segment is a quoted text or anything up to the next dot.
const SEGMENT = /(?:^|(?!^)\.)(?:"((?:[^"\\]|\\.)*)"|([^."]+))/y;

/**
 * Splits a dotted key. A segment that has dots itself is quoted: `attributes."deployment.environment"`.
 * @returns undefined when the key is not well-formed
 */
export function keyPath(dotted: string): readonly string[] | undefined {
  const path: string[] = [];
  SEGMENT.lastIndex = 0;
  while (SEGMENT.lastIndex < dotted.length) {
    const match = SEGMENT.exec(dotted);
    if (!match) return undefined;
    path.push(match[1] === undefined ? (match[2] ?? "") : match[1].replace(/\\(.)/g, "$1"));
  }
  return path.length > 0 && !path.includes("__proto__") ? path : undefined;
}

/** The value as JSON if it parses, else the text itself: `true`, `30`, `["a"]`, `hello`. */
export function parseValue(written: string): Json {
  try {
    return JSON.parse(written) as Json;
  } catch {
    return written;
  }
}

function child(node: unknown, key: string): unknown {
  if (Array.isArray(node)) return /^[0-9]+$/.test(key) ? node[Number(key)] : undefined;
  if (typeof node !== "object" || node === null || !Object.hasOwn(node, key)) return undefined;
  return (node as Readonly<Record<string, unknown>>)[key];
}

/** A copy of the node with the value at the path; undefined as value removes the field, and objects it leaves empty. */
function changed(node: unknown, [key, ...rest]: readonly string[], value: Json | undefined): unknown {
  if (key === undefined) return value;
  const next = changed(child(node, key), rest, value);
  if (Array.isArray(node) && /^[0-9]+$/.test(key)) {
    const index = Number(key);
    if (next === undefined) return node.filter((_, position) => position !== index);
    return index < node.length ? node.map((item, position) => (position === index ? next : item)) : [...node, next];
  }
  const record = typeof node === "object" && node !== null && !Array.isArray(node) ? (node as Root) : {};
  const others = Object.entries(record).filter(([name]) => name !== key);
  if (next === undefined) return others.length === 0 ? undefined : Object.fromEntries(others);
  // A field that exists keeps its place.
  if (!Object.hasOwn(record, key)) return { ...record, [key]: next };
  return Object.fromEntries(Object.entries(record).map(([name, item]) => [name, name === key ? next : item]));
}

function linkTarget(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/** Writes the whole file: 0600 in a 0700 folder, by a new file that takes its place. A symbolic link stays a link. */
export function writeConfig(configPath: string, root: Root): void {
  const path = linkTarget(configPath);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const fresh = `${path}.${process.pid}.${randomBytes(4).toString("hex")}`;
  try {
    const file = openSync(fresh, "wx", 0o600);
    try {
      writeSync(file, `${JSON.stringify(root, null, 2)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    chmodSync(fresh, 0o600);
    renameSync(fresh, path);
  } catch (error) {
    try {
      unlinkSync(fresh);
    } catch {
      // It was never made.
    }
    throw error;
  }
}

function edit(configPath: string, dotted: string, value: Json | undefined): Edited {
  const path = keyPath(dotted);
  if (!path) return { ok: false, reason: `Not a key: ${dotted}` };
  const raw = readRawConfig(configPath);
  if ("reason" in raw) return { ok: false, reason: `${raw.path}: ${raw.reason}` };
  const root = (changed(raw.root, path, value) ?? {}) as Root;
  try {
    // An old config.yaml ends here: from now on there is a JSON file, and it wins.
    writeConfig(configPath, root);
  } catch (error) {
    return { ok: false, reason: `${configPath}: ${error instanceof Error ? error.message : String(error)}` };
  }
  return { ok: true, path: configPath, problems: readConfig(configPath).problems };
}

/** The value of a dotted key as it stands in the file, or undefined. */
export function getSetting(configPath: string, dotted: string): unknown {
  const path = keyPath(dotted);
  const raw = readRawConfig(configPath);
  if (!path || "reason" in raw) return undefined;
  return path.reduce<unknown>(child, raw.root);
}

/** Sets a dotted key; objects on the way are created. Refuses to touch a file that does not parse. */
export function setSetting(configPath: string, dotted: string, value: Json): Edited {
  return edit(configPath, dotted, value);
}

/** Removes a dotted key and the objects that it leaves empty. */
export function unsetSetting(configPath: string, dotted: string): Edited {
  return edit(configPath, dotted, undefined);
}
