/** Registration in Oh My Pi and in pi: one extension file per agent folder, which they load by themselves. */

import { existsSync, readdirSync } from "node:fs";
import { resolve } from "node:path";
import type { FileChange } from "../../setup/change.ts";
import { hookCommand } from "../../setup/command.ts";
import { pluginFindings, pluginPlaced, pluginsIn, removed } from "../../setup/plugin/file.ts";
import { pluginText } from "../../setup/plugin/text.ts";
import type { AgentSetup, Detection, Finding, SetupContext } from "../agent.ts";
import body from "./plugin.js.txt" with { type: "text" };

/** Which of the two. */
export interface Kind {
  /** Name on our command line, and of its own program. */
  readonly name: "omp" | "pi";
  readonly title: string;
  /** Its configuration folders, each with an `extensions` folder. */
  readonly folders: (context: Pick<SetupContext, "env" | "home">) => readonly string[];
}

/** Oh My Pi: `~/.omp/agent`, and one folder for each named profile. */
export const OMP: Kind = {
  name: "omp",
  title: "Oh My Pi",
  folders: ({ env, home }) => {
    const root = resolve(home, env.PI_CONFIG_DIR || ".omp");
    const profiles = namesIn(`${root}/profiles`).map((name) => `${root}/profiles/${name}/agent`);
    return [env.PI_CODING_AGENT_DIR ? atHome(env.PI_CODING_AGENT_DIR, home) : `${root}/agent`, ...profiles];
  },
};

/** pi: `~/.pi/agent`. */
export const PI: Kind = {
  name: "pi",
  title: "pi",
  folders: ({ env, home }) => [env.PI_CODING_AGENT_DIR ? atHome(env.PI_CODING_AGENT_DIR, home) : `${home}/.pi/agent`],
};

/** Extensions that both load. */
const EXTENSIONS = [".ts", ".js"];

/** A line as the extension writes it, of a session that does not exist. It starts no drain. */
const TRIAL_LINE = { event: "request", session: "00000000-0000-4000-8000-000000000000" };

/** The setup of one of the two. */
export function setupOf(kind: Kind): AgentSetup {
  return {
    detect: (context) => detect(kind, context),
    register: async (context) => {
      const changes: FileChange[] = [];
      for (const folder of kind.folders(context)) {
        const placed = pluginPlaced(pathIn(folder), extensionFor(context.program));
        if ("reason" in placed) return placed;
        const predecessors = foundIn(folder).filter(({ owner }) => owner === "python");
        changes.push(...predecessors.map(removed), ...placed);
      }
      return changes;
    },
    unregister: async (context) =>
      kind.folders(context).flatMap((folder) =>
        foundIn(folder)
          .filter(({ owner }) => owner === "ours")
          .map(removed),
      ),
    check: async (context) => check(kind, context),
    skillFolder: (context) => `${kind.folders(context)[0]}/skills`,
    trial: ({ program, platform }) => ({
      command: hookCommand(platform === "win32" ? "exec" : "posix", program, ["hook", kind.name]),
      payload: JSON.stringify(TRIAL_LINE),
    }),
  };
}

/** The extension file's text, the same for both: a folder that both use needs only one. @param program absolute path */
export function extensionFor(program: string): string {
  return pluginText({ program, name: "omp", title: "Oh My Pi and pi", body });
}

function pathIn(folder: string): string {
  return `${folder}/extensions/harness-tracing.js`;
}

function foundIn(folder: string) {
  return pluginsIn([`${folder}/extensions`], EXTENSIONS);
}

function atHome(path: string, home: string): string {
  return resolve(home, path === "~" ? "." : path.replace(/^~[/\\]/, "")).replace(/[/\\]+$/, "");
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

async function detect(kind: Kind, context: SetupContext): Promise<Detection> {
  const folders = kind.folders(context);
  const version = /\d+\.\d+\.\d+[^\s]*/.exec((await context.version(kind.name)) ?? "")?.[0];
  const installed = version !== undefined || folders.some((folder) => existsSync(folder));
  return { installed, files: folders.map(pathIn), ...(version === undefined ? {} : { version }) };
}

function check(kind: Kind, context: SetupContext): readonly Finding[] {
  const wanted = extensionFor(context.program);
  const folders = kind.folders(context);
  const install = `harness-tracing install ${kind.name}`;
  const findings = folders.flatMap((folder) =>
    pluginFindings(context, foundIn(folder), pathIn(folder), wanted, install),
  );
  if (findings.length > 0) return findings;
  return [{ level: "ok", message: `registered in ${folders.map(pathIn).join(", ")}` }];
}
