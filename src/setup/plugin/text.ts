/** Text of the plugin files that some agents load: a common part that owns the child process, and the agent's own. */

import child from "./child.js.txt" with { type: "text" };

/** What a plugin file is made of. */
export interface PluginParts {
  /** Absolute path of the program. */
  readonly program: string;
  /** Name of the agent on the command line. */
  readonly name: string;
  /** Name of the agent for people. */
  readonly title: string;
  /** The agent's own part: a module's body that uses `send`, `shared` and `quietly`. */
  readonly body: string;
}

/** The first line of every plugin file of ours begins so. */
const MARK = "// Written by harness-tracing";

/** A plugin file: plain JavaScript that Bun and Node run as it is. */
export function pluginText({ program, name, title, body }: PluginParts): string {
  const values: Readonly<Record<string, string>> = { program: JSON.stringify(program), name, title };
  return `${child}${body}`.replace(/\{\{(\w+)\}\}/g, (whole, key: string) => values[key] ?? whole);
}

/** Is this a plugin file of ours, of whatever version? */
export function isOurPlugin(text: string): boolean {
  return text.startsWith(MARK);
}

/** The program that a plugin file of ours starts. */
export function pluginProgram(text: string): string | undefined {
  const literal = /^const PROGRAM = (".*");$/m.exec(text)?.[1];
  try {
    return literal === undefined ? undefined : String(JSON.parse(literal));
  } catch {
    return undefined;
  }
}
