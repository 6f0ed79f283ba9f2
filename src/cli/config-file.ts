/** `config.json` as commands read and change it: text edits, so that unknown keys, order and formatting stay. */

import { chmodSync, existsSync, rmSync } from "node:fs";
import type { Node } from "jsonc-parser";
import { readConfig } from "../config/read.ts";
import type { Paths } from "../paths.ts";
import type { FileChange } from "../setup/change.ts";
import { makePrivateDirectory, readEditable, writeAtomically } from "../setup/file.ts";
import { BOM, memberOf, parseJsonc, propertyOf, type Style, styleOf } from "../setup/jsonc.ts";
import { addElement, addProperty, removeMember, replaceValue } from "../setup/jsonc-edit.ts";
import type { ConfigChange } from "./config-changes.ts";
import { CliFailure } from "./context.ts";

/** 0600: the file may hold keys. */
const CONFIG_MODE = 0o600;

/**
 * The file with changes made, or undefined when that is what it says already.
 * @throws CliFailure when the file cannot be edited
 */
export function changedConfig(paths: Paths, changes: readonly ConfigChange[]): FileChange | undefined {
  const read = readEditable(paths.config);
  if ("problem" in read) throw new CliFailure(`${paths.config}: ${read.problem}\nTo fix: ${read.fix}`);
  const before = read.text;
  const start = before ?? migratedYaml(paths);
  const mark = start.startsWith(BOM) ? BOM : "";
  let body = start.slice(mark.length);
  if (body.trim() === "") body = "{}\n";
  const original = body;
  for (const change of changes) body = changed(body, change, paths.config);
  if (body === original && (before !== undefined || body === "{}\n")) return undefined;
  return { path: paths.config, before, after: mark + body, mode: CONFIG_MODE };
}

/** The file's text as strict JSON, `{}` where there is none. */
export function configText(paths: Paths): string {
  return JSON.stringify(readConfig(paths.config).values);
}

/** Writes a change of the file, 0600 whatever it was before. */
export function writeConfig(paths: Paths, change: FileChange): void {
  makePrivateDirectory(paths.root);
  writeAtomically(change.path, change.after ?? "", CONFIG_MODE);
  protectConfig(paths);
}

/** The file is the user's alone, whatever mode it was given. */
export function protectConfig({ config }: Pick<Paths, "config">): void {
  if (existsSync(config)) chmodSync(config, CONFIG_MODE);
}

/** What the file says about an agent, unvalidated. */
export function harnessOf(paths: Paths, agentKey: string): Readonly<Record<string, unknown>> | undefined {
  const harnesses = readConfig(paths.config).values.harnesses;
  return harnesses && Object.hasOwn(harnesses, agentKey) ? harnesses[agentKey] : undefined;
}

/** Hooks do not read the configuration: whether they wait for deliveries is told them by a file. */
export function syncFlushMark(paths: Paths): void {
  if (readConfig(paths.config).values.flush === "sync") {
    makePrivateDirectory(paths.state);
    if (!existsSync(paths.flushSync)) writeAtomically(paths.flushSync, "");
  } else rmSync(paths.flushSync, { force: true });
}

/** A place in the file from its dotted form; `\.` is a dot inside a key. */
export function parsePath(dotted: string): readonly string[] {
  return (dotted.match(/(?:\\.|[^.\\])+/g) ?? []).map((key) => key.replaceAll(/\\(.)/g, "$1"));
}

/** Settings of a Python toolkit that still had YAML: taken over, since a `config.json` hides that file. */
function migratedYaml(paths: Paths): string {
  if (!existsSync(paths.config.replace(/\.json$/, ".yaml"))) return "";
  const { values, unreadable } = readConfig(paths.config);
  return unreadable ? "" : `${JSON.stringify(values, undefined, 2)}\n`;
}

function changed(text: string, { path, value }: ConfigChange, file: string): string {
  const parsed = parseJsonc(text, { strict: true });
  if ("error" in parsed) {
    throw new CliFailure(`${file} is not valid JSON (${parsed.error})\nTo fix: correct it in an editor`);
  }
  if (parsed.root.type !== "object") throw new CliFailure(`${file} does not hold a JSON object`);
  return edited(text, parsed.root, path, value, styleOf(text, parsed.root), file);
}

function edited(text: string, root: Node, path: readonly string[], value: unknown, style: Style, file: string): string {
  let node = root;
  for (const [depth, key] of path.entries()) {
    if (node.type !== "object" && node.type !== "array") {
      throw new CliFailure(`${path.slice(0, depth).join(".")} in ${file} holds a value, not fields`);
    }
    const next = childOf(node, key);
    const rest = path.slice(depth + 1);
    if (!next) {
      if (value === undefined) return text;
      const nested = rest.reduceRight<unknown>((inner, name) => ({ [name]: inner }), value);
      if (node.type === "object") return addProperty(text, node, key, nested, style);
      if (Number(key) !== (node.children?.length ?? 0))
        throw new CliFailure(`there is no ${path.join(".")} in ${file}`);
      return addElement(text, node, nested, style);
    }
    if (rest.length === 0) return atEnd(text, node, next, key, value, style);
    node = next;
  }
  return text;
}

function atEnd(text: string, parent: Node, node: Node, key: string, value: unknown, style: Style): string {
  if (value === undefined) return removeMember(text, propertyOf(parent, key) ?? node);
  const same = Bun.deepEquals(JSON.parse(JSON.stringify(value)), valueAt(text, node), true);
  return same ? text : replaceValue(text, node, value, style);
}

function valueAt(text: string, node: Node): unknown {
  try {
    return JSON.parse(text.slice(node.offset, node.offset + node.length));
  } catch {
    return undefined;
  }
}

function childOf(node: Node, key: string): Node | undefined {
  if (node.type === "object") return memberOf(node, key);
  return /^\d+$/.test(key) ? node.children?.[Number(key)] : undefined;
}
