/** Reading `config.json`: whatever is wrong with it, the rest of it works and the problem has a name and a fix. */

import { readFileSync } from "node:fs";
import * as v from "valibot";
import { type ConfigValues, configSchema } from "./schema.ts";
import type { ConfigProblem } from "./settings.ts";

/** A configuration file as far as it could be read. */
export interface ConfigFile {
  /** The file that was read, or `config.json` when there is none. */
  readonly path: string;
  readonly values: ConfigValues;
  /**
   * True when a file exists whose text means nothing (broken JSON, no permission). Its privacy switches are then unknown,
   * and unknown switches count as off.
   */
  readonly unreadable: boolean;
  readonly problems: readonly ConfigProblem[];
}

type PathItems = readonly PropertyKey[];

// A file has a handful of fields; this only bounds a pathological one.
const MAX_PROBLEMS = 200;

const BYTE_ORDER_MARK = "\ufeff";

// Keys whose values must not appear in a message.
const SECRET_FIELD = /api_key|headers|space_id/;

const PRIVACY_SECTION = "logging";
const PRIVACY_SWITCHES = ["prompts", "tool_details", "tool_content"];

interface Source {
  readonly path: string;
  readonly text: string;
  readonly parse: (text: string) => unknown;
  readonly language: string;
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** `config.json`, or the `config.yaml` of an old Python toolkit where no JSON exists. Throws when a file cannot be read. */
function sourceOf(configPath: string): Source | undefined {
  const json = readText(configPath);
  if (json !== undefined) return { path: configPath, text: json, parse: JSON.parse, language: "JSON" };
  const yamlPath = configPath.replace(/\.json$/, ".yaml");
  const yaml = yamlPath === configPath ? undefined : readText(yamlPath);
  if (yaml === undefined) return undefined;
  return { path: yamlPath, text: yaml, parse: (text) => Bun.YAML.parse(text), language: "YAML" };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A wrong value is taken out; a wrong privacy switch becomes `false`, since somebody meant to switch something off. */
function repair(root: Record<string, unknown>, path: PathItems): void {
  const last = path.at(-1);
  if (last === undefined) return;
  const parent = path.slice(0, -1).reduce<unknown>((node, key) => (node as Record<PropertyKey, unknown>)?.[key], root);
  if (path[0] === PRIVACY_SECTION && path.length === 1) {
    root[PRIVACY_SECTION] = Object.fromEntries(PRIVACY_SWITCHES.map((name) => [name, false]));
  } else if (path[0] === PRIVACY_SECTION && isRecord(parent)) {
    parent[String(last)] = false;
  } else if (Array.isArray(parent) && typeof last === "number") {
    parent[last] = {};
  } else if (isRecord(parent)) {
    delete parent[String(last)];
  }
}

function problemAt(file: string, path: PathItems, message: string): ConfigProblem {
  const field = path.map(String).join(".");
  // Valibot's messages name what was received; a secret of the wrong type must not be shown.
  const shown = SECRET_FIELD.test(field) ? "Wrong type" : message;
  const effect = path[0] === PRIVACY_SECTION ? "it counts as false" : "it is ignored";
  return { file, field, message: `${shown}; ${effect}`, fix: `harness-tracing config set ${field} <value>` };
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isRecord(value)) return value;
  const kept = Object.entries(value).filter(([, item]) => item !== null);
  return Object.fromEntries(kept.map(([key, item]) => [key, withoutNulls(item)]));
}

/** Validates field by field: each pass takes out what was wrong, until the rest is right. */
function validated(file: string, parsed: unknown): { values: ConfigValues; problems: readonly ConfigProblem[] } {
  // YAML and hand-written JSON have `key: null` for "not set".
  const root = withoutNulls(parsed) as Record<string, unknown>;
  const problems: ConfigProblem[] = [];
  while (problems.length < MAX_PROBLEMS) {
    const result = v.safeParse(configSchema, root);
    if (result.success) return { values: result.output, problems };
    for (const issue of result.issues) {
      const path = (issue.path ?? []).map((item) => item.key as PropertyKey);
      problems.push(problemAt(file, path, issue.message));
      repair(root, path);
    }
  }
  return { values: {}, problems };
}

function causeOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A file's content before validation, or why there is none. */
export type RawConfig =
  | { readonly path: string; readonly root: Readonly<Record<string, unknown>> }
  | { readonly path: string; readonly reason: string; readonly fix: string };

/** Reads the file without validating it; a missing or empty file is an empty object. Never throws. */
export function readRawConfig(configPath: string): RawConfig {
  let source: Source | undefined;
  try {
    source = sourceOf(configPath);
  } catch (error) {
    return { path: configPath, reason: `Cannot be read: ${causeOf(error)}`, fix: `chmod 600 '${configPath}'` };
  }
  if (!source) return { path: configPath, root: {} };
  const { path, language } = source;
  const text = source.text.startsWith(BYTE_ORDER_MARK) ? source.text.slice(1) : source.text;
  if (text.trim() === "") return { path, root: {} };
  const fix = `correct the ${language} in '${path}'`;
  try {
    // `null` is an empty file for YAML and for the Python toolkit.
    const root = source.parse(text) ?? {};
    return isRecord(root) ? { path, root } : { path, reason: "Expected an object at the top of the file", fix };
  } catch {
    // The parser's message may quote the text, keys included.
    return { path, reason: `Not valid ${language}`, fix };
  }
}

/**
 * Reads the configuration. Never throws: no file gives no values, a file that does not parse gives none and a problem.
 * @param configPath `paths.config`; a `config.yaml` beside it is read when there is no JSON
 */
export function readConfig(configPath: string): ConfigFile {
  const raw = readRawConfig(configPath);
  if ("root" in raw) return { path: raw.path, unreadable: false, ...validated(raw.path, raw.root) };
  const { path, reason, fix } = raw;
  const message = `${reason}; none of it is used, and captured text is redacted until it is`;
  return { path, values: {}, unreadable: true, problems: [{ file: path, field: "", message, fix }] };
}
