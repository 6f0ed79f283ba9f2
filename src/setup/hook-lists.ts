/**
 * Hooks in plain lists per event, as text edits of a file that several agents share the form of:
 * `{"version": 1, "hooks": {"<event>": [{"command": "…", "timeout": 5}]}}`.
 */

import { getNodeValue, type Node } from "jsonc-parser";
import { type FoundHook, ownerOf, type SettingsProblem } from "./hook-groups.ts";
import { BOM, duplicateKeys, memberOf, parseJsonc, propertyOf, type Style, styleOf } from "./jsonc.ts";
import { addElement, addProperty, removeMember } from "./jsonc-edit.ts";

/** An entry that must be in the file for an event. */
export interface WantedEntry {
  readonly event: string;
  readonly entry: Readonly<Record<string, unknown>> & { readonly command: string };
}

/** A parsed file of hook lists. */
export interface HookLists {
  readonly root: Node;
  readonly style: Style;
}

/** The only version of the format. */
const VERSION = 1;

/** Parses a text without byte order mark and checks the shape of what registration touches. */
export function parseLists(text: string): HookLists | SettingsProblem {
  const parsed = parseJsonc(text);
  if ("error" in parsed) return { reason: `is not valid JSON (${parsed.error})` };
  const { root } = parsed;
  if (root.type !== "object") return { reason: "does not hold a JSON object" };
  const twice = duplicateKeys(root).find((key) => key === "hooks" || key === "version");
  if (twice) return { reason: `has "${twice}" more than once` };
  const version = memberOf(root, "version");
  if (version && version.value !== VERSION) return { reason: `has a "version" that is not ${VERSION}` };
  const hooks = memberOf(root, "hooks");
  if (!hooks) return { root, style: styleOf(text, root) };
  if (hooks.type !== "object") return { reason: '"hooks" is not an object' };
  const duplicate = duplicateKeys(hooks)[0];
  if (duplicate) return { reason: `"hooks" has "${duplicate}" more than once` };
  for (const event of hooks.children ?? []) {
    const list = event.children?.[1];
    const name = `"hooks.${event.children?.[0]?.value}"`;
    if (list?.type !== "array") return { reason: `${name} is not an array` };
    if (list.children?.some(({ type }) => type !== "object"))
      return { reason: `${name} holds something that is no object` };
  }
  return { root, style: styleOf(text, root) };
}

/** Every command hook of a parsed file, in file order. */
export function listedHooks(root: Node): readonly FoundHook[] {
  return (memberOf(root, "hooks")?.children ?? []).flatMap((property) =>
    (property.children?.[1]?.children ?? []).flatMap((node): FoundHook[] => {
      const command: unknown = memberOf(node, "command")?.value;
      if (typeof command !== "string") return [];
      const matcher: unknown = memberOf(node, "matcher")?.value;
      const everything = matcher === undefined || matcher === "" || matcher === "*";
      const event = String(property.children?.[0]?.value);
      return [{ event, command, owner: ownerOf(command), value: getNodeValue(node), everything, node }];
    }),
  );
}

/**
 * The text with exactly the wanted entries of ours and none of the Python toolkit's. What is already as wanted stays where
 * it is, so that a second run changes nothing.
 * @param text as read, blank and byte order mark allowed
 */
export function withEntries(text: string, wanted: readonly WantedEntry[]): string | SettingsProblem {
  return editing(text, (body) => {
    const kept = new Set<string>();
    const stripped = strip(body, (hook) => {
      const want = wanted.find(({ event }) => event === hook.event);
      if (!want || kept.has(hook.event) || !Bun.deepEquals(hook.value, want.entry, true)) return true;
      kept.add(hook.event);
      return false;
    });
    if (typeof stripped !== "string") return stripped;
    return add(
      stripped,
      wanted.filter(({ event }) => !kept.has(event)),
    );
  });
}

/** The text without any entry of ours or of the Python toolkit. */
export function withoutEntries(text: string): string | SettingsProblem {
  return editing(text, (body) => strip(body, () => true));
}

/** True when nothing is left in a text but the format's version. */
export function isBare(text: string): boolean {
  const parsed = parseJsonc(text.startsWith(BOM) ? text.slice(1) : text);
  if ("error" in parsed) return text.trim() === "";
  return (parsed.root.children ?? []).every((property) => property.children?.[0]?.value === "version");
}

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

/** Removes the Python toolkit's entries and those of ours that `drop` says, and what they leave empty. */
function strip(body: string, drop: (hook: FoundHook) => boolean): string | SettingsProblem {
  const parsed = parseLists(body);
  if ("reason" in parsed) return parsed;
  const doomed = listedHooks(parsed.root).map(
    (hook) => hook.owner === "python" || (hook.owner === "ours" && drop(hook)),
  );
  let text = body;
  for (let index = doomed.length - 1; index >= 0; index--) {
    if (!doomed[index]) continue;
    const now = parseLists(text);
    if ("reason" in now) return now;
    const hook = listedHooks(now.root)[index];
    if (hook) text = removeMember(text, emptied(hook.node));
  }
  return text;
}

/** The outermost member that has nothing else in it: the entry, its event, or the `hooks` key. */
function emptied(entry: Node): Node {
  let doomed = entry;
  while (doomed.parent?.children?.length === 1 && doomed.parent.parent?.type === "property")
    doomed = doomed.parent.parent;
  return doomed;
}

function add(body: string, missing: readonly WantedEntry[]): string | SettingsProblem {
  let text = body;
  if (missing.length === 0) return text;
  const first = parseLists(text);
  if ("reason" in first) return first;
  if (!propertyOf(first.root, "version")) text = addProperty(text, first.root, "version", VERSION, first.style);
  for (const { event, entry } of missing) {
    const now = parseLists(text);
    if ("reason" in now) return now;
    const hooks = memberOf(now.root, "hooks");
    const list = memberOf(hooks, event);
    if (!hooks) text = addProperty(text, now.root, "hooks", { [event]: [entry] }, now.style);
    else if (list) text = addElement(text, list, entry, now.style);
    else text = addProperty(text, hooks, event, [entry], now.style);
  }
  return text;
}
