/** Plugins of Claude Code that trace: ours, and the Python toolkit's. */

import { readFileSync } from "node:fs";
import type { Node } from "jsonc-parser";
import { readEditable } from "../../setup/file.ts";
import { BOM, memberOf } from "../../setup/jsonc.ts";
import type { EnabledPlugin } from "../agent.ts";
import { type FoundHook, hooksIn, parseSettings } from "./settings-file.ts";

/** Both toolkits' plugin has this name. */
const PLUGIN_NAME = "claude-code-tracing@coding-harness-tracing";

/** Part of our plugin's commands, which find the program by themselves. */
const PROGRAM_PATH = ".arize/harness/bin/harness-tracing";

/** An enabled plugin whose hooks trace. */
export interface TracingPlugin {
  /** `<plugin>@<marketplace>` */
  readonly name: string;
  readonly owner: "ours" | "python";
}

/**
 * The plugins that trace among those that the user's settings enable.
 * @param folder Claude Code's configuration folder
 * @param root of the user's settings
 */
export function tracingPlugins(folder: string, root: Node): readonly TracingPlugin[] {
  const enabled = memberOf(root, "enabledPlugins")?.children ?? [];
  const installed = jsonObject(`${folder}/plugins/installed_plugins.json`).plugins;
  return enabled.flatMap((property): TracingPlugin[] => {
    const name = String(property.children?.[0]?.value);
    if (property.children?.[1]?.value !== true) return [];
    const places = Object(installed)[name];
    const owners = (Array.isArray(places) ? places : [places])
      .map((place) => Object(place).installPath)
      .flatMap((path) => (typeof path === "string" ? ownersIn(`${path}/hooks/hooks.json`) : []));
    if (owners.includes("ours")) return [{ name, owner: "ours" }];
    return owners.includes("python") || (name === PLUGIN_NAME && owners.length > 0) ? [{ name, owner: "python" }] : [];
  });
}

/** The command that removes a plugin. */
export function removalOf(name: string): string {
  return `claude plugin uninstall ${name}`;
}

/** Plugins of ours that a configuration folder's settings enable. */
export function enabledPlugins(folder: string): readonly EnabledPlugin[] {
  const read = readEditable(`${folder}/settings.json`);
  const parsed = "text" in read && read.text ? parseSettings(read.text.replace(BOM, "")) : undefined;
  if (!parsed || "reason" in parsed) return [];
  return tracingPlugins(folder, parsed.root)
    .filter(({ owner }) => owner === "ours")
    .map(({ name }) => ({ name, remove: removalOf(name) }));
}

function ownersIn(file: string): readonly FoundHook["owner"][] {
  try {
    const parsed = parseSettings(readFileSync(file, "utf8"));
    if ("reason" in parsed) return [];
    return hooksIn(parsed.root).map(({ owner, command }) => (command.includes(PROGRAM_PATH) ? "ours" : owner));
  } catch {
    return [];
  }
}

/** A JSON file's object; empty where there is none. */
export function jsonObject(file: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return {};
  }
}
