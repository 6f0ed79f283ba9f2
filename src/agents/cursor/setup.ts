/**
 * Registration of the hooks in Cursor: `~/.cursor/hooks.json`, which the editor and the command line program both read, or
 * `.cursor/hooks.json` of a repository.
 */

import { existsSync } from "node:fs";
import type { FileChange } from "../../setup/change.ts";
import { type HookCommand, hookCommand } from "../../setup/command.ts";
import { readEditable } from "../../setup/file.ts";
import type { SettingsProblem } from "../../setup/hook-groups.ts";
import { isBare, type WantedEntry, withEntries, withoutEntries } from "../../setup/hook-lists.ts";
import type { AgentSetup, Detection, SetupContext, SetupRefusal } from "../agent.ts";
import { checkCursor } from "./check.ts";
import { installedVersions, repositoryFile, userFile } from "./places.ts";
import { ownPlugins } from "./plugins.ts";
import { type CursorEvent, eventsFor, replyTo, UNKNOWN_VERSION } from "./registration.ts";

/** Files of a repository are everybody's. */
const REPOSITORY_MODE = 0o644;
const USER_MODE = 0o600;

/** Where the program is below a home folder. */
const BELOW_HOME = ".arize/harness/bin/harness-tracing";

/** The hook that is tried; it starts no drain. */
const TRIAL_EVENT = "beforeSubmitPrompt";
const TRIAL_PAYLOAD = {
  conversation_id: "00000000-0000-4000-8000-000000000000",
  generation_id: "00000000-0000-4000-8000-000000000000",
  hook_event_name: TRIAL_EVENT,
  workspace_roots: [],
  prompt: "",
} as const;

export const cursorSetup: AgentSetup = {
  scopes: ["user", "repo"],
  detect,
  register: async (context) => {
    const wanted = await wantedEntries(context);
    return changing(context, (text) => withEntries(text ?? "", wanted));
  },
  unregister: async (context) =>
    changing(context, (text) => {
      const bare = text === undefined ? undefined : withoutEntries(text);
      return typeof bare === "string" && bare !== text && isBare(bare) ? undefined : bare;
    }),
  check: async (context) =>
    checkCursor(context, await installedVersions(context), await wantedEntries({ ...context, scope: "user" })),
  skillFolder: ({ home }) => `${home}/.cursor/skills`,
  plugins: ownPlugins,
  trial: (context) => ({
    command: trialCommand(context),
    payload: JSON.stringify(TRIAL_PAYLOAD),
    reply: replyTo(TRIAL_EVENT),
  }),
};

async function detect(context: SetupContext): Promise<Detection> {
  const { editor, cli } = await installedVersions(context);
  const version = editor === undefined || editor === UNKNOWN_VERSION ? cli : editor;
  const installed = editor !== undefined || cli !== undefined || existsSync(`${context.home}/.cursor`);
  return { installed, files: [userFile(context)], ...(version === undefined ? {} : { version }) };
}

/**
 * What registration writes. In a repository the versions of all who work on it count, which nobody knows, and each of them
 * has the program in their own home folder, or not at all: then nothing happens.
 */
async function wantedEntries(context: SetupContext): Promise<readonly WantedEntry[]> {
  const inRepository = context.scope === "repo";
  const events = eventsFor(inRepository ? {} : await installedVersions(context));
  return events.map((event) => ({
    event: event.event,
    entry: { command: commandOf(context, event, inRepository), timeout: event.timeoutSeconds },
  }));
}

function commandOf({ program, platform }: SetupContext, { event }: CursorEvent, inRepository: boolean): string {
  const reply = replyTo(event);
  const args = ["hook", "cursor", event];
  if (!inRepository) return hookCommand(platform === "win32" ? "windows" : "posix", program, args, { reply }).command;
  const { command } = hookCommand("posix", BELOW_HOME, args, { reply });
  return command.replace(`'${BELOW_HOME}'`, `"$HOME/${BELOW_HOME}"`);
}

function trialCommand({ program, platform }: SetupContext): HookCommand {
  const args = ["hook", "cursor", TRIAL_EVENT];
  return hookCommand(platform === "win32" ? "exec" : "posix", program, args, { reply: replyTo(TRIAL_EVENT) });
}

type Edit = (text: string | undefined) => string | undefined | SettingsProblem;

async function changing(context: SetupContext, edit: Edit): Promise<readonly FileChange[] | SetupRefusal> {
  const path = context.scope === "repo" ? repositoryFile(context.folder) : userFile(context);
  if (path === undefined) {
    return { file: context.folder ?? ".", reason: "it is in no Git repository", fix: "run this inside the repository" };
  }
  const read = readEditable(path);
  if ("problem" in read) return { file: path, reason: read.problem, fix: read.fix };
  const before = read.text;
  const after = edit(before);
  if (typeof after === "object") {
    return { file: path, reason: `it ${after.reason}`, fix: `correct ${path} in an editor, then run this again` };
  }
  if (after === before) return [];
  const mode = context.scope === "repo" ? REPOSITORY_MODE : USER_MODE;
  return [{ path, before, after, mode, undo: undoOf(before) }];
}

/** Undo brings back the file as it would be without any of us, the Python toolkit included. */
function undoOf(before: string | undefined): { readonly content: string | undefined } {
  const bare = before === undefined ? undefined : withoutEntries(before);
  if (typeof bare === "object" || bare === before) return { content: before };
  return { content: bare === undefined || isBare(bare) ? undefined : bare };
}
