/**
 * Copilot's hook files: `{"version": 1, "hooks": {"<Event>": [{"type": "command", "command": "…"}]}}`. Ours is a file of its
 * own; of others it is only read what they start, and the Python toolkit's entries are taken out.
 */

import type { Node } from "jsonc-parser";
import { programNameOf } from "../../setup/command.ts";
import { BOM, memberOf, parseJsonc } from "../../setup/jsonc.ts";
import { removeMember } from "../../setup/jsonc-edit.ts";

/** Keys of a hook that hold a command, by shell. */
const COMMAND_KEYS: readonly string[] = ["command", "bash", "powershell", "exec", "linux", "osx", "windows"];

/** Our program as the first word of a command, or behind a variable for the home folder. */
const OURS = /harness-tracing(\.exe)?['"]?\s+hook\s/;

/** How the file names of the Python toolkit's programs begin. */
const PYTHON_PREFIX = "arize-hook-";

/** A hook of a file. */
export interface FoundHook {
  readonly event: string;
  readonly owner: "ours" | "python" | "other";
  readonly node: Node;
}

function ownerOf(hook: Node): FoundHook["owner"] {
  const commands = COMMAND_KEYS.flatMap((key) => {
    const value: unknown = memberOf(hook, key)?.value;
    return typeof value === "string" ? value : [];
  });
  if (commands.some((command) => OURS.test(command))) return "ours";
  return commands.some((command) => programNameOf(command).startsWith(PYTHON_PREFIX)) ? "python" : "other";
}

/** Hooks of a text, in file order; of one that does not parse, none. Groups with a `hooks` list inside are Claude Code's. */
export function hooksIn(text: string): readonly FoundHook[] {
  const parsed = parseJsonc(text.startsWith(BOM) ? text.slice(1) : text);
  if ("error" in parsed) return [];
  return (memberOf(parsed.root, "hooks")?.children ?? []).flatMap((property) => {
    const event = String(property.children?.[0]?.value);
    const entries = property.children?.[1]?.children ?? [];
    const hooks = entries.flatMap((entry) => memberOf(entry, "hooks")?.children ?? entry);
    return hooks.map((node) => ({ event, owner: ownerOf(node), node }));
  });
}

/**
 * The text without the Python toolkit's hooks and what they leave empty.
 * @returns undefined when nothing is left but the format's version: the file was the toolkit's own
 */
export function withoutPython(text: string): string | undefined {
  const mark = text.startsWith(BOM) ? BOM : "";
  let body = text.slice(mark.length);
  for (;;) {
    const hook = hooksIn(body).findLast(({ owner }) => owner === "python");
    if (!hook) break;
    body = removeMember(body, emptied(hook.node));
  }
  const parsed = parseJsonc(body);
  const keys = "error" in parsed ? [] : (parsed.root.children ?? []).map((property) => property.children?.[0]?.value);
  return keys.some((key) => key !== "version") ? mark + body : undefined;
}

/** The outermost member that has nothing else in it: the hook, its group, its event, or the `hooks` key. */
function emptied(hook: Node): Node {
  let doomed = hook;
  while (doomed.parent?.children?.length === 1) {
    const container = doomed.parent;
    const outer = container.parent;
    if (!outer) break;
    doomed = outer.type === "property" ? outer : container;
  }
  return doomed;
}
