/**
 * Hooks in groups per event, as text edits of a settings file that several agents share the form of:
 * `{"hooks": {"<Event>": [{"matcher"?: "…", "hooks": [{"type": "command", "command": "…", "timeout": 5}]}]}}`.
 */

import { getNodeValue, type Node } from "jsonc-parser";
import { type HookCommand, programNameOf } from "./command.ts";
import { BOM, duplicateKeys, memberOf, parseJsonc, propertyOf, type Style, styleOf } from "./jsonc.ts";
import { addElement, addProperty, removeMember } from "./jsonc-edit.ts";

/** File name of our program, and how the file names of the Python toolkit's programs begin. */
const PROGRAM_NAME = "harness-tracing";
const PYTHON_PREFIX = "arize-hook-";

/** A hook object that must be in the file for an event. */
export interface WantedHook {
  readonly event: string;
  readonly hook: HookCommand & { readonly type: "command"; readonly timeout: number; readonly name?: string };
}

/** A command hook found in the file. */
export interface FoundHook {
  readonly event: string;
  readonly command: string;
  /** Whose it is: ours, the Python toolkit's, somebody else's. */
  readonly owner: "ours" | "python" | "other";
  /** The hook object as it stands in the file. */
  readonly value: unknown;
  /** True when its group names no matcher, so that it fires for everything. */
  readonly everything: boolean;
  readonly node: Node;
}

/** Why a settings file is not safe to edit: `reason` completes "it … ". */
export interface SettingsProblem {
  readonly reason: string;
}

interface Parsed {
  readonly root: Node;
  readonly style: Style;
}

/** What an agent's settings file holds besides hooks that registration must take away. */
export interface Leftovers {
  /** Top-level key below which they are. */
  readonly key: string;
  readonly find: (root: Node) => readonly Node[];
}

/**
 * Parses a settings text and checks the shape of what registration touches.
 * @param keys top-level keys besides `hooks` that will be edited
 */
export function parseSettings(text: string, keys: readonly string[] = []): Parsed | SettingsProblem {
  const parsed = parseJsonc(text);
  if ("error" in parsed) return { reason: `is not valid JSON (${parsed.error})` };
  const { root } = parsed;
  if (root.type !== "object") return { reason: "does not hold a JSON object" };
  const twice = duplicateKeys(root).find((key) => key === "hooks" || keys.includes(key));
  if (twice) return { reason: `has "${twice}" more than once` };
  const hooks = memberOf(root, "hooks");
  if (!hooks) return { root, style: styleOf(text, root) };
  if (hooks.type !== "object") return { reason: '"hooks" is not an object' };
  const duplicate = duplicateKeys(hooks)[0];
  if (duplicate) return { reason: `"hooks" has "${duplicate}" more than once` };
  for (const event of hooks.children ?? []) {
    const problem = groupsProblem(event.children?.[1]);
    if (problem) return { reason: `"hooks.${event.children?.[0]?.value}" ${problem}` };
  }
  return { root, style: styleOf(text, root) };
}

function groupsProblem(groups: Node | undefined): string | undefined {
  if (groups?.type !== "array") return "is not an array";
  for (const group of groups.children ?? []) {
    if (group.type !== "object") return "holds something that is not an object";
    const hooks = memberOf(group, "hooks");
    if (hooks && hooks.type !== "array") return 'has a "hooks" that is not an array';
  }
  return undefined;
}

/** Every command hook of a parsed settings file, in file order. */
export function hooksIn(root: Node): readonly FoundHook[] {
  const found: FoundHook[] = [];
  for (const property of memberOf(root, "hooks")?.children ?? []) {
    const event = String(property.children?.[0]?.value);
    for (const group of property.children?.[1]?.children ?? []) {
      const matcher = memberOf(group, "matcher")?.value;
      for (const node of memberOf(group, "hooks")?.children ?? []) {
        const value: unknown = getNodeValue(node);
        const command = memberOf(node, "command")?.value;
        if (typeof command !== "string") continue;
        const everything = matcher === undefined || matcher === "" || matcher === "*";
        found.push({ event, command, owner: ownerOf(command), value, everything, node });
      }
    }
  }
  return found;
}

/** Whose a registered command is, by the file name of the program that it starts. */
export function ownerOf(command: string): FoundHook["owner"] {
  const name = programNameOf(command);
  if (name === PROGRAM_NAME) return "ours";
  return name.startsWith(PYTHON_PREFIX) ? "python" : "other";
}

/**
 * The settings text with exactly the wanted hooks of ours and none of the Python toolkit's. What is already as wanted
 * stays where it is, so that a second run changes nothing.
 * @param text as read, blank and byte order mark allowed
 */
export function withHooks(
  text: string,
  wanted: readonly WantedHook[],
  leftovers?: Leftovers,
): string | SettingsProblem {
  return editing(text, (body) => {
    const kept = new Set<string>();
    const stripped = strip(body, leftovers, (hook) => {
      const want = wanted.find(({ event }) => event === hook.event);
      if (!want || kept.has(hook.event) || !hook.everything || !sameJson(hook.value, want.hook)) return true;
      kept.add(hook.event);
      return false;
    });
    if (typeof stripped !== "string") return stripped;
    return addHooks(
      stripped,
      wanted.filter(({ event }) => !kept.has(event)),
    );
  });
}

/** The settings text without any hook of ours or of the Python toolkit. */
export function withoutHooks(text: string, leftovers?: Leftovers): string | SettingsProblem {
  return editing(text, (body) => strip(body, leftovers, () => true));
}

/** Runs an edit on the text without its byte order mark; a blank text is an empty object. */
function editing(text: string, edit: (body: string) => string | SettingsProblem): string | SettingsProblem {
  const mark = text.startsWith(BOM) ? BOM : "";
  const body = text.slice(mark.length);
  if (body.trim() !== "") {
    const edited = edit(body);
    return typeof edited === "string" ? mark + edited : edited;
  }
  const edited = edit("{}");
  if (edited === "{}") return text;
  return typeof edited === "string" ? `${mark}${edited}\n` : edited;
}

/** Removes the Python toolkit's entries and those of our hooks that `drop` says. */
function strip(
  body: string,
  leftovers: Leftovers | undefined,
  drop: (hook: FoundHook) => boolean,
): string | SettingsProblem {
  const parsed = parseSettings(body, leftovers ? [leftovers.key] : []);
  if ("reason" in parsed) return parsed;
  // From the end: offsets before an edit stay valid, and each edit reads the tree anew anyway.
  const doomed = hooksIn(parsed.root).map((hook) => hook.owner === "python" || (hook.owner === "ours" && drop(hook)));
  let text = body;
  for (let index = doomed.length - 1; index >= 0; index--) {
    if (!doomed[index]) continue;
    const now = parseSettings(text);
    if ("reason" in now) return now;
    const hook = hooksIn(now.root)[index];
    if (hook) text = removeWithEmptied(text, hook.node);
  }
  for (let now = parseSettings(text); leftovers && !("reason" in now); now = parseSettings(text)) {
    const left = leftovers.find(now.root).at(-1);
    if (!left) break;
    text = removeWithEmptied(text, left);
  }
  return text;
}

/** Removes an array element, and with it whatever it was the last content of: its group, event, the `hooks` key. */
function removeWithEmptied(text: string, element: Node): string {
  let doomed = element;
  while (doomed.parent?.children?.length === 1) {
    const property = doomed.parent.parent;
    if (!property) break;
    const group = doomed.parent.type === "array" ? property.parent : undefined;
    doomed = group?.parent?.type === "array" ? group : property;
  }
  return removeMember(text, doomed);
}

function addHooks(body: string, missing: readonly WantedHook[]): string | SettingsProblem {
  let text = body;
  const first = parseSettings(text);
  if ("reason" in first) return first;
  if (missing.length === 0) return text;
  if (!propertyOf(first.root, "hooks")) {
    const hooks = Object.fromEntries(missing.map(({ event, hook }) => [event, [{ hooks: [hook] }]]));
    return addProperty(text, first.root, "hooks", hooks, first.style);
  }
  for (const { event, hook } of missing) {
    const now = parseSettings(text);
    if ("reason" in now) return now;
    const hooks = memberOf(now.root, "hooks");
    if (!hooks) return { reason: "lost its hooks while being edited" };
    const groups = memberOf(hooks, event);
    text = groups
      ? addElement(text, groups, { hooks: [hook] }, now.style)
      : addProperty(text, hooks, event, [{ hooks: [hook] }], now.style);
  }
  return text;
}

function sameJson(a: unknown, b: unknown): boolean {
  return Bun.deepEquals(a, b, true);
}
