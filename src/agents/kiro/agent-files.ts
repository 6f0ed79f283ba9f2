/**
 * Hooks in an agent file of CLI 2, as text edits: `{"hooks": {"<event>": [{"command": "…", "timeout_ms": 10000}]}}`. Flat
 * entries only: one in Claude Code's form makes Kiro reject the whole agent.
 */

import { getNodeValue, type Node } from "jsonc-parser";
import { ownerOf, type SettingsProblem } from "../../setup/hook-groups.ts";
import { BOM, duplicateKeys, memberOf, parseJsonc, propertyOf, type Style, styleOf } from "../../setup/jsonc.ts";
import { addElement, addProperty, removeMember } from "../../setup/jsonc-edit.ts";

/** An entry that must be in the file for an event. */
export interface AgentHook {
  readonly event: string;
  readonly entry: { readonly command: string; readonly timeout_ms: number };
}

/** A command entry of a file. */
export interface FoundEntry {
  readonly event: string;
  readonly owner: ReturnType<typeof ownerOf>;
  readonly value: unknown;
  readonly node: Node;
}

interface Parsed {
  readonly root: Node;
  readonly style: Style;
}

/** Parses an agent file and checks the shape of what registration touches. */
export function parseAgent(text: string): Parsed | SettingsProblem {
  const parsed = parseJsonc(text, { strict: true });
  if ("error" in parsed) return { reason: `is not valid JSON (${parsed.error})` };
  const { root } = parsed;
  if (root.type !== "object") return { reason: "does not hold a JSON object" };
  if (duplicateKeys(root).includes("hooks")) return { reason: 'has "hooks" more than once' };
  const hooks = memberOf(root, "hooks");
  if (hooks && hooks.type !== "object") return { reason: '"hooks" is not an object' };
  const duplicate = hooks && duplicateKeys(hooks)[0];
  if (duplicate !== undefined) return { reason: `"hooks" has "${duplicate}" more than once` };
  for (const event of hooks?.children ?? []) {
    if (event.children?.[1]?.type !== "array")
      return { reason: `"hooks.${event.children?.[0]?.value}" is not an array` };
  }
  return { root, style: styleOf(text, root) };
}

/** Every command entry of a parsed agent file, in file order. */
export function entriesIn(root: Node): readonly FoundEntry[] {
  return (memberOf(root, "hooks")?.children ?? []).flatMap((property) => {
    const event = String(property.children?.[0]?.value);
    return (property.children?.[1]?.children ?? []).flatMap((node): FoundEntry[] => {
      const command: unknown = memberOf(node, "command")?.value;
      return typeof command === "string" ? [{ event, owner: ownerOf(command), value: getNodeValue(node), node }] : [];
    });
  });
}

/** The text with exactly the wanted entries of ours and none of the Python toolkit's. */
export function withAgentHooks(text: string, wanted: readonly AgentHook[]): string | SettingsProblem {
  const kept = new Set<string>();
  const stripped = strip(text, ({ event, value }) => {
    const want = wanted.find((one) => one.event === event);
    if (!want || kept.has(event) || !Bun.deepEquals(value, want.entry, true)) return true;
    kept.add(event);
    return false;
  });
  if (typeof stripped !== "string") return stripped;
  let edited = stripped;
  for (const { event, entry } of wanted.filter((one) => !kept.has(one.event))) {
    const added = add(edited, event, entry);
    if (typeof added !== "string") return added;
    edited = added;
  }
  return edited;
}

/** The text without any entry of ours or of the Python toolkit. */
export function withoutAgentHooks(text: string): string | SettingsProblem {
  return strip(text, () => true);
}

function strip(text: string, drop: (entry: FoundEntry) => boolean): string | SettingsProblem {
  const mark = text.startsWith(BOM) ? BOM : "";
  let body = text.slice(mark.length);
  const parsed = parseAgent(body);
  if ("reason" in parsed) return parsed;
  const doomed = entriesIn(parsed.root).map((one) => one.owner === "python" || (one.owner === "ours" && drop(one)));
  for (let index = doomed.length - 1; index >= 0; index--) {
    const now = doomed[index] ? parseAgent(body) : undefined;
    if (now === undefined || "reason" in now) continue;
    const entry = entriesIn(now.root)[index];
    if (entry) body = removeMember(body, emptied(entry.node));
  }
  return mark + body;
}

/** The outermost member that has nothing else in it: the entry, its event, or the `hooks` key. */
function emptied(entry: Node): Node {
  let doomed = entry;
  while (doomed.parent?.children?.length === 1 && doomed.parent.parent?.type === "property") {
    doomed = doomed.parent.parent;
  }
  return doomed;
}

function add(text: string, event: string, entry: unknown): string | SettingsProblem {
  const mark = text.startsWith(BOM) ? BOM : "";
  const body = text.slice(mark.length);
  const parsed = parseAgent(body);
  if ("reason" in parsed) return parsed;
  const { root, style } = parsed;
  const hooks = memberOf(root, "hooks");
  const entries = memberOf(hooks, event);
  if (entries) return mark + addElement(body, entries, entry, style);
  if (hooks) return mark + addProperty(body, hooks, event, [entry], style);
  return propertyOf(root, "hooks") ? text : mark + addProperty(body, root, "hooks", { [event]: [entry] }, style);
}
