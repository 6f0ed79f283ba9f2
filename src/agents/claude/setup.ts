/** Registration of the hooks in Claude Code's user settings: `$CLAUDE_CONFIG_DIR/settings.json` or `~/.claude/settings.json`. */

import { existsSync } from "node:fs";
import type { FileChange } from "../../setup/change.ts";
import { type HookCommand, hookCommand } from "../../setup/command.ts";
import { readEditable } from "../../setup/file.ts";
import type { AgentSetup, Detection, SetupContext, SetupRefusal } from "../agent.ts";
import { checkClaude } from "./check.ts";
import { enabledPlugins } from "./plugins.ts";
import { CLAUDE_EVENTS, type ClaudeEvent } from "./registration.ts";
import { type WantedHook, withHooks, withoutHooks } from "./settings-file.ts";

/** What the program is told when Claude Code starts it. */
const HOOK_ARGS = ["hook", "claude"] as const;

/** Mode of a settings file that did not exist; it may hold keys in `env`. */
const NEW_FILE_MODE = 0o600;

/** A session's first hook, with the fields that every hook of Claude Code has. It starts no drain. */
const TRIAL_PAYLOAD = {
  session_id: "00000000-0000-4000-8000-000000000000",
  transcript_path: "",
  cwd: "",
  hook_event_name: "SessionStart",
  source: "startup",
} as const;

export const claudeSetup: AgentSetup = {
  detect,
  register: (context) =>
    changing(context, async (text) => withHooks(text ?? "", await wantedHooks(context)), { create: true }),
  unregister: (context) =>
    changing(context, async (text) => (text === undefined ? undefined : withoutHooks(text)), { create: false }),
  check: async (context) => checkClaude(context, settingsPath(context), await wantedHooks(context)),
  trial: (context) => ({ command: claudeCommand(context), payload: JSON.stringify(TRIAL_PAYLOAD) }),
  skillFolder: (context) => `${configFolder(context)}/skills`,
  plugins: (context) => enabledPlugins(configFolder(context)),
};

/** The user's settings file. */
export function settingsPath(context: Pick<SetupContext, "env" | "home">): string {
  return `${configFolder(context)}/settings.json`;
}

/** Claude Code's configuration folder. */
export function configFolder({ env, home }: Pick<SetupContext, "env" | "home">): string {
  return (env.CLAUDE_CONFIG_DIR || `${home}/.claude`).replace(/[/\\]+$/, "");
}

/** Events that a version of Claude Code takes; of an unknown version only those that every version takes. */
export function eventsFor(version: string | undefined): readonly ClaudeEvent[] {
  return CLAUDE_EVENTS.filter(
    ({ since }) => since === undefined || (version !== undefined && Bun.semver.order(version, since) >= 0),
  );
}

async function detect(context: SetupContext): Promise<Detection> {
  const version = await claudeVersion(context);
  const installed = version !== undefined || existsSync(configFolder(context));
  return { installed, files: [settingsPath(context)], ...(version === undefined ? {} : { version }) };
}

/** `2.1.330` of `2.1.330 (Claude Code)`, from the PATH or from where its installers put it. */
async function claudeVersion({ home, version, platform }: SetupContext): Promise<string | undefined> {
  const suffix = platform === "win32" ? ".exe" : "";
  for (const command of ["claude", `${home}/.local/bin/claude${suffix}`, `${home}/.claude/local/claude`]) {
    const found = /\d+\.\d+\.\d+[^\s]*/.exec((await version(command)) ?? "")?.[0];
    if (found) return found;
  }
  return undefined;
}

async function wantedHooks(context: SetupContext): Promise<readonly WantedHook[]> {
  const command = claudeCommand(context);
  return eventsFor(await claudeVersion(context)).map(({ event, timeoutSeconds }) => ({
    event,
    hook: { type: "command", ...command, timeout: timeoutSeconds },
  }));
}

/** On Windows Claude Code picks Git Bash or PowerShell by what it finds: without a shell there is nothing to quote. */
function claudeCommand({ program, platform }: Pick<SetupContext, "program" | "platform">): HookCommand {
  return hookCommand(platform === "win32" ? "exec" : "posix", program, HOOK_ARGS);
}

type Edit = (text: string | undefined) => Promise<string | undefined | { readonly reason: string }>;

async function changing(
  context: SetupContext,
  edit: Edit,
  { create }: { readonly create: boolean },
): Promise<readonly FileChange[] | SetupRefusal> {
  const path = settingsPath(context);
  const read = readEditable(path);
  if ("problem" in read) return { file: path, reason: read.problem, fix: read.fix };
  const before = read.text;
  if (before === undefined && !create) return [];
  const after = await edit(before);
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
