/** The skill that lets an agent manage its own tracing: its text, and the file that agents find it by. */

import skill from "./skill.md.txt" with { type: "text" };

/** Name of the skill and of its folder. */
export const SKILL_NAME = "manage-harness-tracing";

/** The whole skill, as `skill show` prints it: Markdown with its front matter. */
export const SKILL_TEXT: string = skill;

/**
 * The `SKILL.md` that is placed in an agent's folder: the front matter, by which the agent chooses it, and where the
 * instructions are. They stay in the program, so that a placed file never describes another version.
 */
export const SKILL_FILE: string = `${frontMatter(skill)}
# Manage harness-tracing

The instructions are part of the installed program. Run this and follow what it prints:

    ~/.arize/harness/bin/harness-tracing skill show

Where that program is missing, tell the user that harness-tracing is not installed; do not install it unasked.
`;

/** The block between the first two lines of dashes, with them. */
function frontMatter(text: string): string {
  return /^---\n[\s\S]*?\n---\n/.exec(text)?.[0] ?? "";
}
