/**
 * Registration with Kiro: a hook file of our own for CLI 3 and IDE 1, `~/.kiro/hooks/harness-tracing.json`, and, while CLI 2
 * may run, entries in every agent file, `~/.kiro/agents/*.json`: there hooks belong to agents. An agent file that is not as
 * Kiro has it is left alone.
 */

import { existsSync, readdirSync } from "node:fs";
import type { FileChange } from "../../setup/change.ts";
import { type HookCommand, hookCommand } from "../../setup/command.ts";
import { readEditable } from "../../setup/file.ts";
import type { AgentSetup, Detection, SetupContext, SetupRefusal } from "../agent.ts";
import { type AgentHook, withAgentHooks, withoutAgentHooks } from "./agent-files.ts";
import { checkKiro } from "./check.ts";
import { CLI2_EVENTS, CLI3_EVENTS, TOOL_START } from "./registration.ts";
import { kiroFolder } from "./sources.ts";

/** What the program is told when Kiro starts it. */
const HOOK_ARGS = ["hook", "kiro"] as const;

/** The first version that runs hook files, and no hooks of agent files. */
const FILES_VERSION = "3.0.0";

const NEW_FILE_MODE = 0o600;

/** A hook that starts no drain. */
const TRIAL_PAYLOAD = {
  hook_event_name: "UserPromptSubmit",
  session_id: "00000000-0000-4000-8000-000000000000",
  cwd: "",
  prompt: "",
} as const;

export const kiroSetup: AgentSetup = {
  detect,
  register: async (context) => {
    const version = await versionOf(context);
    const own = ownFile(context, ownText(context));
    if ("reason" in own) return own;
    const wanted = runsAgentHooks(version) ? agentHooks(context) : [];
    return [...own, ...agentChanges(context, (text) => withAgentHooks(text, wanted))];
  },
  unregister: async (context) => {
    const own = ownFile(context, undefined);
    return "reason" in own ? own : [...own, ...agentChanges(context, withoutAgentHooks)];
  },
  check: async (context) => {
    const version = await versionOf(context);
    const wanted = runsAgentHooks(version) ? agentHooks(context) : [];
    return checkKiro(context, { path: ownPath(context), text: ownText(context) }, agentFiles(context), wanted, version);
  },
  skillFolder: (context) => `${folderOf(context)}/skills`,
  trial: (context) => ({ command: kiroCommand(context), payload: JSON.stringify(TRIAL_PAYLOAD) }),
};

function folderOf({ env, home }: Pick<SetupContext, "env" | "home">): string {
  return kiroFolder(env.KIRO_HOME, home) ?? `${home}/.kiro`;
}

function ownPath(context: SetupContext): string {
  return `${folderOf(context)}/hooks/harness-tracing.json`;
}

/** Kiro's command line; `kiro` alone starts the IDE. */
async function versionOf({ home, version, platform }: SetupContext): Promise<string | undefined> {
  const suffix = platform === "win32" ? ".exe" : "";
  for (const command of ["kiro-cli", `${home}/.local/bin/kiro-cli${suffix}`]) {
    const found = /\d+\.\d+\.\d+\S*/.exec((await version(command)) ?? "")?.[0];
    if (found) return found;
  }
  return undefined;
}

/** Without a command line there is only the IDE; one of unknown version may still be the old one. */
function runsAgentHooks(version: string | undefined): boolean {
  return version === undefined || Bun.semver.order(version, FILES_VERSION) < 0;
}

async function detect(context: SetupContext): Promise<Detection> {
  const version = await versionOf(context);
  const installed = version !== undefined || existsSync(folderOf(context));
  return {
    installed,
    files: [ownPath(context), ...(runsAgentHooks(version) ? agentFiles(context) : [])],
    ...(version === undefined ? {} : { version }),
  };
}

/** Agent files of the user, in order. */
function agentFiles(context: SetupContext): readonly string[] {
  const folder = `${folderOf(context)}/agents`;
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith(".json"))
      .sort()
      .map((name) => `${folder}/${name}`);
  } catch {
    return [];
  }
}

function kiroCommand({ program, platform }: Pick<SetupContext, "program" | "platform">): HookCommand {
  return hookCommand(platform === "win32" ? "cmd" : "posix", program, HOOK_ARGS, { passParent: true });
}

/**
 * The event before a tool can stop the tool, by exit code 2. Our command ends with 0 whatever happens, where a POSIX shell
 * runs it; what runs it on Windows and in WSL is not certain.
 */
function isSafe(event: string, { platform, env }: SetupContext): boolean {
  return event !== TOOL_START || (platform !== "win32" && !env.WSL_DISTRO_NAME);
}

function agentHooks(context: SetupContext): readonly AgentHook[] {
  const { command } = kiroCommand(context);
  return CLI2_EVENTS.filter(({ event }) => isSafe(event, context)).map(({ event, timeoutSeconds }) => ({
    event,
    entry: { command, timeout_ms: timeoutSeconds * 1000 },
  }));
}

function ownText(context: SetupContext): string {
  const { command } = kiroCommand(context);
  const hooks = CLI3_EVENTS.map(({ event, timeoutSeconds }) => ({
    name: `harness-tracing-${event}`,
    trigger: event,
    action: { type: "command", command },
    timeout: timeoutSeconds,
    enabled: true,
  }));
  return `${JSON.stringify({ version: "v1", hooks }, null, 2)}\n`;
}

/** Whatever stands in the file of our own is ours. */
function ownFile(context: SetupContext, after: string | undefined): readonly FileChange[] | SetupRefusal {
  const path = ownPath(context);
  const read = readEditable(path);
  if ("problem" in read) return { file: path, reason: read.problem, fix: read.fix };
  if (read.text === after) return [];
  return [{ path, before: read.text, after, mode: NEW_FILE_MODE, undo: { content: undefined } }];
}

/** Agent files that can be edited, edited; `doctor` tells of the others. */
function agentChanges(
  context: SetupContext,
  edit: (text: string) => string | { readonly reason: string },
): FileChange[] {
  return agentFiles(context).flatMap((path): FileChange[] => {
    const read = readEditable(path);
    if ("problem" in read || read.text === undefined) return [];
    const after = edit(read.text);
    if (typeof after !== "string" || after === read.text) return [];
    const bare = withoutAgentHooks(read.text);
    return [{ path, before: read.text, after, undo: { content: typeof bare === "string" ? bare : read.text } }];
  });
}
