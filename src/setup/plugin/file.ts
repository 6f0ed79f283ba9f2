/** Registration by a plugin file of our own: putting it in place, taking it away, and telling whether it is right. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import type { Finding, SetupContext, SetupRefusal } from "../../agents/agent.ts";
import type { FileChange } from "../change.ts";
import { readEditable } from "../file.ts";
import { isOurPlugin, pluginProgram } from "./text.ts";

/** Only the user's own agent reads it. */
const PLUGIN_MODE = 0o600;

/** What a plugin of the Python toolkit, our predecessor, has in it. */
const PREDECESSOR = /arize-hook-|\.arize[/\\]harness|arize_harness/;

/** A file below an agent's plugin folders. */
export interface FoundPlugin {
  readonly path: string;
  readonly text: string;
  readonly owner: "ours" | "python" | "other";
}

/** The change that puts a plugin file in place; none when it is there. A stranger's file of that name is left alone. */
export function pluginPlaced(path: string, text: string): readonly FileChange[] | SetupRefusal {
  const read = readEditable(path);
  if ("problem" in read) return { file: path, reason: read.problem, fix: read.fix };
  const before = read.text;
  if (before === text) return [];
  if (before !== undefined && !isOurPlugin(before)) {
    return { file: path, reason: "it exists and is not ours", fix: `move ${path} away` };
  }
  return [{ path, before, after: text, mode: PLUGIN_MODE, undo: { content: undefined } }];
}

/** The change that removes a file for good. */
export function removed({ path, text }: Pick<FoundPlugin, "path" | "text">): FileChange {
  return { path, before: text, after: undefined, undo: { content: undefined } };
}

/** Every file in these folders with one of these extensions, by whom it is. Folders that are not there have none. */
export function pluginsIn(folders: readonly string[], extensions: readonly string[]): readonly FoundPlugin[] {
  return folders.flatMap((folder) =>
    namesIn(folder)
      .filter((name) => extensions.some((extension) => name.endsWith(extension)))
      .flatMap((name): FoundPlugin[] => {
        const path = `${folder}/${name}`;
        try {
          const text = readFileSync(path, "utf8");
          return [{ path, text, owner: isOurPlugin(text) ? "ours" : PREDECESSOR.test(text) ? "python" : "other" }];
        } catch {
          return [];
        }
      }),
  );
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/**
 * What is wrong with the plugin files that were found; nothing when all is well.
 * @param path where ours should be
 * @param wanted what should be in it
 * @param install the command that registers
 */
export function pluginFindings(
  { program }: Pick<SetupContext, "program">,
  found: readonly FoundPlugin[],
  path: string,
  wanted: string,
  install: string,
): readonly Finding[] {
  const ours = found.filter(({ owner }) => owner === "ours");
  const findings: Finding[] = found
    .filter(({ owner }) => owner === "python")
    .map((one) => ({
      level: "error",
      message: `the Python toolkit's plugin is still there (${one.path}): turns are traced twice`,
      fix: install,
    }));
  const placed = ours.find((one) => one.path === path);
  if (!placed) findings.push({ level: "error", message: `not registered: there is no ${path}`, fix: install });
  for (const one of ours) {
    if (one === placed) continue;
    findings.push({ level: "error", message: `registered twice, also as ${one.path}`, fix: `remove ${one.path}` });
  }
  if (!placed) return findings;
  const named = pluginProgram(placed.text);
  if (named !== undefined && !existsSync(named)) {
    findings.push({ level: "error", message: `registered program does not exist: ${named}`, fix: install });
  } else if (named !== program) {
    findings.push({ level: "warning", message: `registered program is another copy: ${named ?? "?"}`, fix: install });
  } else if (placed.text !== wanted) {
    findings.push({ level: "warning", message: `${path} is of another version or was changed`, fix: install });
  }
  return findings;
}
