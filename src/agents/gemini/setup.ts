/** Registration of the hooks in Gemini CLI's user settings: `~/.gemini/settings.json`. */

import { existsSync } from "node:fs";
import type { FileChange } from "../../setup/change.ts";
import { type HookCommand, hookCommand } from "../../setup/command.ts";
import { readEditable } from "../../setup/file.ts";
import { type SettingsProblem, type WantedHook, withHooks, withoutHooks } from "../../setup/hook-groups.ts";
import type { AgentSetup, Detection, SetupContext, SetupRefusal } from "../agent.ts";
import { checkGemini } from "./check.ts";
import { GEMINI_EVENTS, HOOK_NAME } from "./registration.ts";

/** What the program is told when Gemini CLI starts it. */
const HOOK_ARGS = ["hook", "gemini"] as const;

/** Mode of a settings file that did not exist; it may hold keys of MCP servers. */
const NEW_FILE_MODE = 0o600;

/** A session's first hook, with the fields that every hook of Gemini CLI has. It starts no drain. */
const TRIAL_PAYLOAD = {
  session_id: "00000000-0000-4000-8000-000000000000",
  transcript_path: "",
  cwd: "",
  hook_event_name: "SessionStart",
  timestamp: "1970-01-01T00:00:00.000Z",
  source: "startup",
} as const;

export const geminiSetup: AgentSetup = {
  detect,
  register: async (context) => changing(context, (text) => withHooks(text ?? "", wantedHooks(context)), true),
  unregister: async (context) => changing(context, (text) => (text === undefined ? "" : withoutHooks(text)), false),
  check: async (context) => checkGemini(context, configFolder(context), wantedHooks(context), await versionOf(context)),
  skillFolder: (context) => `${configFolder(context)}/skills`,
  trial: (context) => ({ command: geminiCommand(context), payload: JSON.stringify(TRIAL_PAYLOAD) }),
};

/** Gemini CLI's folder; its own variable moves the home that it lies in. */
export function configFolder({ env, home }: Pick<SetupContext, "env" | "home">): string {
  return `${(env.GEMINI_CLI_HOME || home).replace(/[/\\]+$/, "")}/.gemini`;
}

async function detect(context: SetupContext): Promise<Detection> {
  const version = await versionOf(context);
  const folder = configFolder(context);
  return {
    installed: version !== undefined || existsSync(folder),
    files: [`${folder}/settings.json`],
    ...(version === undefined ? {} : { version }),
  };
}

async function versionOf({ version }: SetupContext): Promise<string | undefined> {
  return /\d+\.\d+\.\d+\S*/.exec((await version("gemini")) ?? "")?.[0];
}

function wantedHooks(context: SetupContext): readonly WantedHook[] {
  const command = geminiCommand(context);
  return GEMINI_EVENTS.map(({ event, timeoutMs }) => ({
    event,
    hook: { type: "command", name: HOOK_NAME, ...command, timeout: timeoutMs },
  }));
}

/** Gemini CLI runs hooks by bash, on Windows by PowerShell; it names its own process to neither. */
function geminiCommand({ program, platform }: Pick<SetupContext, "program" | "platform">): HookCommand {
  return hookCommand(platform === "win32" ? "powershell" : "posix", program, HOOK_ARGS, { passParent: true });
}

function changing(
  context: SetupContext,
  edit: (text: string | undefined) => string | SettingsProblem,
  create: boolean,
): readonly FileChange[] | SetupRefusal {
  const path = `${configFolder(context)}/settings.json`;
  const read = readEditable(path);
  if ("problem" in read) return { file: path, reason: read.problem, fix: read.fix };
  const before = read.text;
  if (before === undefined && !create) return [];
  const after = edit(before);
  if (typeof after === "object") {
    return { file: path, reason: `it ${after.reason}`, fix: `correct ${path} in an editor, then run this again` };
  }
  if (after === before) return [];
  return [{ path, before, after, mode: NEW_FILE_MODE, undo: undoOf(before) }];
}

/** Undo brings back the file as it would be without any of us, the Python toolkit included. */
function undoOf(before: string | undefined): { readonly content: string | undefined } {
  const bare = before === undefined ? undefined : withoutHooks(before);
  return { content: typeof bare === "object" ? before : bare };
}
