/**
 * Registration with Copilot: a hook file of our own, `~/.copilot/hooks/harness-tracing.json` (or below `$COPILOT_HOME`),
 * which the CLI and VS Code both load, or `.github/hooks/harness-tracing.json` of a repository.
 */

import { existsSync } from "node:fs";
import type { FileChange } from "../../setup/change.ts";
import { hookCommand } from "../../setup/command.ts";
import { readEditable } from "../../setup/file.ts";
import type { AgentSetup, Detection, SetupContext, SetupRefusal } from "../agent.ts";
import { checkCopilot } from "./check.ts";
import { hooksIn, withoutPython } from "./hooks-file.ts";
import { repositoryFiles, repositoryOf } from "./places.ts";
import { COPILOT_EVENTS } from "./registration.ts";

/** What the program is told when Copilot starts it. */
const HOOK_ARGS = ["hook", "copilot"] as const;

/** Name of our file, wherever it lies. */
const FILE = "harness-tracing.json";

/** Files of a repository are everybody's. */
const REPOSITORY_MODE = 0o644;
const USER_MODE = 0o600;

/** Where the program is below a home folder. */
const BELOW_HOME = ".arize/harness/bin/harness-tracing";

/** A session's first hook as the CLI sends it. It starts no drain. */
const TRIAL_PAYLOAD = {
  hook_event_name: "SessionStart",
  session_id: "00000000-0000-4000-8000-000000000000",
  timestamp: "2026-01-01T00:00:00.000Z",
  cwd: "",
  source: "new",
} as const;

export const copilotSetup: AgentSetup = {
  scopes: ["user", "repo"],
  detect,
  register: async (context) => {
    const place = placeOf(context);
    if ("reason" in place) return place;
    const change = changed(place.path, () => place.text, place.mode);
    if ("reason" in change) return change;
    const replaced = replacedPython(context);
    return "reason" in replaced ? replaced : [...change.changes, ...replaced.changes];
  },
  unregister: async (context) => {
    const place = placeOf(context);
    if ("reason" in place) return place;
    const change = changed(place.path, () => undefined, place.mode);
    return "reason" in change ? change : change.changes;
  },
  check: async (context) => checkCopilot(context, userFile(context), fileText(userCommands(context))),
  skillFolder: (context) => `${configFolder(context)}/skills`,
  trial: (context) => ({ command: userHook(context), payload: JSON.stringify(TRIAL_PAYLOAD) }),
};

/** Copilot's configuration folder. */
export function configFolder({ env, home }: Pick<SetupContext, "env" | "home">): string {
  return (env.COPILOT_HOME || `${home}/.copilot`).replace(/[/\\]+$/, "");
}

function userFile(context: SetupContext): string {
  return `${configFolder(context)}/hooks/${FILE}`;
}

async function detect(context: SetupContext): Promise<Detection> {
  // Amazon's `copilot` says `copilot version: v1.34.0`.
  const version = /^(?:GitHub Copilot CLI )?v?(\d+\.\d+\.\d+\S*)/.exec((await context.version("copilot")) ?? "")?.[1];
  const installed = version !== undefined || existsSync(configFolder(context));
  return {
    installed,
    files: [userFile(context)],
    ...(version === undefined ? {} : { version: version.replace(/\.$/, "") }),
  };
}

/** On Windows both the CLI and VS Code run commands by PowerShell. */
function userHook({ program, platform }: SetupContext) {
  return hookCommand(platform === "win32" ? "powershell" : "posix", program, HOOK_ARGS);
}

function userCommands(context: SetupContext): Readonly<Record<string, string>> {
  return { command: userHook(context).command };
}

/** Each member of a team has the program in their own home folder, or not at all: then nothing happens. */
function repositoryCommands(): Readonly<Record<string, string>> {
  const posix = hookCommand("posix", BELOW_HOME, HOOK_ARGS).command.replace(`'${BELOW_HOME}'`, `"$HOME/${BELOW_HOME}"`);
  const windows = BELOW_HOME.replaceAll("/", "\\");
  const powershell = hookCommand("powershell", windows, HOOK_ARGS).command;
  return { bash: posix, powershell: powershell.replace(`'${windows}'`, `"$env:USERPROFILE\\${windows}.exe"`) };
}

/** The CLI reads `timeoutSec`, VS Code `timeout`, both in seconds. */
function fileText(commands: Readonly<Record<string, string>>): string {
  const hooks = Object.fromEntries(
    COPILOT_EVENTS.map(({ event, timeoutSec }) => [
      event,
      [{ type: "command", ...commands, timeoutSec, timeout: timeoutSec }],
    ]),
  );
  return `${JSON.stringify({ version: 1, hooks }, null, 2)}\n`;
}

interface Place {
  readonly path: string;
  readonly text: string;
  readonly mode: number;
}

function placeOf(context: SetupContext): Place | SetupRefusal {
  if (context.scope !== "repo") {
    return { path: userFile(context), text: fileText(userCommands(context)), mode: USER_MODE };
  }
  const root = repositoryOf(context.folder);
  if (root === undefined) {
    const file = context.folder ?? ".";
    return { file, reason: "it is in no Git repository", fix: "run this inside the repository" };
  }
  return { path: `${root}/.github/hooks/${FILE}`, text: fileText(repositoryCommands()), mode: REPOSITORY_MODE };
}

type Changed = { readonly changes: readonly FileChange[] };

function changed(
  path: string,
  edit: (before: string) => string | undefined,
  mode: number,
  undo?: FileChange["undo"],
): Changed | SetupRefusal {
  const read = readEditable(path);
  if ("problem" in read) return { file: path, reason: read.problem, fix: read.fix };
  const before = read.text;
  const after = edit(before ?? "");
  if (before === after) return { changes: [] };
  // Whatever stood in our own file was ours.
  return { changes: [{ path, before, after, mode, undo: undo ?? { content: undefined } }] };
}

/** Takes the Python toolkit's hooks out of the repository at hand, where it puts them: both would trace every turn. */
function replacedPython({ folder }: SetupContext): Changed | SetupRefusal {
  const changes: FileChange[] = [];
  for (const path of repositoryFiles(folder)) {
    const read = readEditable(path);
    if ("problem" in read || !hooksIn(read.text ?? "").some(({ owner }) => owner === "python")) continue;
    const bare = withoutPython(read.text ?? "");
    const change = changed(path, () => bare, REPOSITORY_MODE, { content: bare });
    if ("reason" in change) return change;
    changes.push(...change.changes);
  }
  return { changes };
}
