/** Our plugin in Cursor, as far as its files tell: whether it is switched on is known to Cursor alone. */

import { readdirSync, readFileSync } from "node:fs";
import type { EnabledPlugin, SetupContext } from "../agent.ts";

const PLUGIN_NAME = "cursor-tracing";

/** Part of our plugin's commands, which find the program by themselves. */
const PROGRAM_PATH = ".arize/harness/bin/harness-tracing";

/** `~/.cursor/plugins/cache/<owner>/<plugin>/<version>`: how deep the plugin's folder may lie. */
const MAX_DEPTH = 4;

/** Copies of our plugin below Cursor's folder of plugins; at most one finding, whatever versions are kept. */
export function ownPlugins({ home }: Pick<SetupContext, "home">): readonly EnabledPlugin[] {
  if (!holdsPlugin(`${home}/.cursor/plugins`, MAX_DEPTH)) return [];
  return [{ name: PLUGIN_NAME, remove: `uninstall ${PLUGIN_NAME} in Cursor's settings, under Plugins` }];
}

function holdsPlugin(folder: string, depth: number): boolean {
  if (isOurs(`${folder}/hooks/hooks.json`)) return true;
  return depth > 0 && foldersIn(folder).some((name) => holdsPlugin(`${folder}/${name}`, depth - 1));
}

function isOurs(file: string): boolean {
  try {
    return readFileSync(file, "utf8").includes(PROGRAM_PATH);
  } catch {
    return false;
  }
}

function foldersIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return [];
  }
}
