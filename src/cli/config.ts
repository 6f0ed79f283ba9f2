/** `config`: one key at a time, the file's other bytes untouched. */

import { getNodeValue, type Node, parseTree } from "jsonc-parser";
import * as v from "valibot";
import { readConfig } from "../config/read.ts";
import { configSchema } from "../config/schema.ts";
import { BOM } from "../setup/jsonc.ts";
import type { Input } from "./command.ts";
import { changedConfig, parsePath, syncFlushMark, writeConfig } from "./config-file.ts";
import { type CliContext, CliFailure, UsageError } from "./context.ts";

const MASK = "***";

const EMPTY: Node = { type: "object", offset: 0, length: 0, children: [] };

/** Stands for "the value comes from stdin". */
const STDIN = "-";

export async function config(input: Input, context: CliContext): Promise<number> {
  const [action, key, value] = input.positionals;
  if (action === "path" && key === undefined) {
    context.out(`${context.paths.config}\n`);
    return 0;
  }
  if (action === "get" && value === undefined) return get(key, context);
  if (action === "unset" && key !== undefined && value === undefined) return change(key, undefined, context);
  if (action === "set" && key !== undefined && value !== undefined) {
    const text = value === STDIN ? (await context.readStdin()).trim() : value;
    return change(key, value === STDIN ? text : parseValue(text), context);
  }
  throw new UsageError("use get [key], set <key> <value>, unset <key> or path");
}

function get(key: string | undefined, { paths, out }: CliContext): number {
  const file = readConfig(paths.config);
  if (file.unreadable) {
    const [problem] = file.problems;
    throw new CliFailure(`${file.path}: ${problem?.message}\nTo fix: ${problem?.fix}`);
  }
  if (key === undefined) {
    out(`${JSON.stringify(masked(file.values), undefined, 2)}\n`);
    return 0;
  }
  const path = parsePath(key);
  const value = path.reduce<unknown>(
    (node, name) => (Object(node) === node ? Object(node)[name] : undefined),
    file.values,
  );
  if (value === undefined) return 1;
  // Only a key that names the secret itself shows it.
  const shown = isSecret(path) ? value : masked(value, path);
  out(`${typeof shown === "string" ? shown : JSON.stringify(shown, undefined, 2)}\n`);
  return 0;
}

function change(key: string, value: unknown, { paths }: CliContext): number {
  const path = parsePath(key);
  if (path.length === 0) throw new UsageError("the key is empty");
  const changed = changedConfig(paths, [{ path, value }]);
  if (!changed) return 0;
  const wrong = problemAt(changed.after ?? "", path);
  if (wrong !== undefined) throw new CliFailure(`${key}: ${wrong}; nothing was changed`);
  writeConfig(paths, changed);
  syncFlushMark(paths);
  return 0;
}

/** A value of a wrong type would be ignored by everything that reads it: better said now. */
function problemAt(text: string, path: readonly string[]): string | undefined {
  const result = v.safeParse(configSchema, getNodeValue(parseTree(text.replace(BOM, "")) ?? EMPTY));
  const issue = result.issues?.find(({ path: at }) => {
    const place = (at ?? []).map((item) => String(item.key));
    return place.every((key, index) => index >= path.length || key === path[index]);
  });
  return issue?.message;
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function isSecret(path: readonly string[]): boolean {
  return path.at(-1) === "api_key" || path.includes("headers");
}

function masked(value: unknown, path: readonly string[] = []): unknown {
  if (Array.isArray(value)) return value.map((item, index) => masked(item, [...path, String(index)]));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, masked(item, [...path, key])]));
  }
  return isSecret(path) && value !== "" ? MASK : value;
}
