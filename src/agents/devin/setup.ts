/** Registration of the hooks in Devin CLI's user settings: `~/.config/devin/config.json`, JSON with comments. */

import { existsSync } from "node:fs";
import type { FileChange } from "../../setup/change.ts";
import { type HookCommand, hookCommand } from "../../setup/command.ts";
import { readEditable } from "../../setup/file.ts";
import { type SettingsProblem, type WantedHook, withHooks, withoutHooks } from "../../setup/hook-groups.ts";
import type { AgentSetup, Detection, SetupContext, SetupRefusal } from "../agent.ts";
import { checkDevin } from "./check.ts";
import { DEVIN_EVENTS } from "./registration.ts";

/** What the program is told when Devin starts it. */
const HOOK_ARGS = ["hook", "devin"] as const;

/** Mode of a settings file that did not exist. */
const NEW_FILE_MODE = 0o600;

/** A hook that starts no drain, with the fields that every hook of Devin has. */
const TRIAL_PAYLOAD = {
  session_id: "harness-tracing-trial",
  prompt_id: "00000000-0000-4000-8000-000000000000",
  hook_event_name: "UserPromptSubmit",
  prompt: "",
} as const;

export const devinSetup: AgentSetup = {
  detect,
  register: async (context) => changing(context, (text) => withHooks(text ?? "", wantedHooks(context)), true),
  unregister: async (context) => changing(context, (text) => (text === undefined ? "" : withoutHooks(text)), false),
  check: async (context) => checkDevin(context, settingsPath(context), wantedHooks(context)),
  trial: (context) => ({ command: devinCommand(context), payload: JSON.stringify(TRIAL_PAYLOAD) }),
};

/** Devin's user settings. A moved configuration folder counts when Devin has one there. */
export function settingsPath({ env, home, platform }: Pick<SetupContext, "env" | "home" | "platform">): string {
  if (platform === "win32") return `${env.APPDATA || `${home}/AppData/Roaming`}/devin/config.json`;
  const moved = env.XDG_CONFIG_HOME ? `${env.XDG_CONFIG_HOME.replace(/\/+$/, "")}/devin` : undefined;
  return `${moved !== undefined && existsSync(moved) ? moved : `${home}/.config/devin`}/config.json`;
}

async function detect(context: SetupContext): Promise<Detection> {
  const version = /\d+\.\d+\.\d+\S*/.exec((await context.version("devin")) ?? "")?.[0];
  const path = settingsPath(context);
  const installed = version !== undefined || existsSync(path) || existsSync(`${context.home}/.local/share/devin/cli`);
  return { installed, files: [path], ...(version === undefined ? {} : { version }) };
}

function wantedHooks(context: SetupContext): readonly WantedHook[] {
  const command = devinCommand(context);
  return DEVIN_EVENTS.map(({ event, timeoutSeconds }) => ({
    event,
    hook: { type: "command", ...command, timeout: timeoutSeconds },
  }));
}

function devinCommand({ program, platform }: Pick<SetupContext, "program" | "platform">): HookCommand {
  return hookCommand(platform === "win32" ? "cmd" : "posix", program, HOOK_ARGS, { passParent: true });
}

function changing(
  context: SetupContext,
  edit: (text: string | undefined) => string | SettingsProblem,
  create: boolean,
): readonly FileChange[] | SetupRefusal {
  const path = settingsPath(context);
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
