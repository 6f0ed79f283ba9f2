/** What is Claude Code's own in its `settings.json`: the hooks themselves are in groups like those of other agents. */

import type { Node } from "jsonc-parser";
import {
  withHooks as groupsWithHooks,
  withoutHooks as groupsWithoutHooks,
  type Leftovers,
  type SettingsProblem,
  type WantedHook,
} from "../../setup/hook-groups.ts";
import { memberOf } from "../../setup/jsonc.ts";

export { type FoundHook, hooksIn, parseSettings, type WantedHook } from "../../setup/hook-groups.ts";

/** Part of every path below which both toolkits live. */
const HARNESS_FOLDER = ".arize/harness";

const DEAD_PLUGINS: Leftovers = { key: "plugins", find: deadPlugins };

/** The Python toolkit's entry of the `plugins` key, which Claude Code has never read. */
export function deadPlugins(root: Node): readonly Node[] {
  return (memberOf(root, "plugins")?.children ?? []).filter((plugin) => {
    const path = memberOf(plugin, "path")?.value ?? plugin.value;
    return typeof path === "string" && path.replaceAll("\\", "/").includes(HARNESS_FOLDER);
  });
}

/** The settings text with exactly the wanted hooks of ours and nothing of the Python toolkit's. */
export function withHooks(text: string, wanted: readonly WantedHook[]): string | SettingsProblem {
  return groupsWithHooks(text, wanted, DEAD_PLUGINS);
}

/** The settings text without anything of ours or of the Python toolkit. */
export function withoutHooks(text: string): string | SettingsProblem {
  return groupsWithoutHooks(text, DEAD_PLUGINS);
}
