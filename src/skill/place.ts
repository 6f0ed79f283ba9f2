/** Putting the skill where an agent finds it, as changes of a file. */

import type { SetupRefusal } from "../agents/agent.ts";
import type { FileChange } from "../setup/change.ts";
import { readEditable } from "../setup/file.ts";
import { SKILL_FILE, SKILL_NAME } from "./text.ts";

/** Not a secret, and agents that run as another user may read it. */
const SKILL_MODE = 0o644;

/** What every placed file has in it, whichever version wrote it. */
const MARK = "harness-tracing skill show";

/** The skill's file below an agent's folder of skills. */
export function skillPath(folder: string): string {
  return `${folder}/${SKILL_NAME}/SKILL.md`;
}

/** Is a file of ours there? */
export function skillIsPlaced(folder: string): boolean {
  const read = readEditable(skillPath(folder));
  return "text" in read && read.text?.includes(MARK) === true;
}

/** The change that puts the skill in place; none when it is there. A stranger's file of that name is left alone. */
export function skillPlaced(folder: string): readonly FileChange[] | SetupRefusal {
  const path = skillPath(folder);
  const read = readEditable(path);
  if ("problem" in read) return { file: path, reason: read.problem, fix: read.fix };
  const before = read.text;
  if (before === SKILL_FILE) return [];
  if (before !== undefined && !before.includes(MARK)) {
    return { file: path, reason: "it exists and is not ours", fix: `move ${path} away` };
  }
  return [{ path, before, after: SKILL_FILE, mode: SKILL_MODE, undo: { content: undefined } }];
}

/** The change that takes the skill away; none when it is not there or not ours. */
export function skillRemoved(folder: string): readonly FileChange[] {
  const path = skillPath(folder);
  const read = readEditable(path);
  if (!("text" in read) || !read.text?.includes(MARK)) return [];
  return [{ path, before: read.text, after: undefined, undo: { content: undefined } }];
}
