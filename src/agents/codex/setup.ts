/** Registration of the hooks in Codex's `hooks.json`, and removal of the Python toolkit from its `config.toml`. */

import { existsSync } from "node:fs";
import type { FileChange } from "../../setup/change.ts";
import { type HookCommand, hookCommand } from "../../setup/command.ts";
import { readEditable } from "../../setup/file.ts";
import { ownerOf, type SettingsProblem, type WantedHook, withHooks, withoutHooks } from "../../setup/hook-groups.ts";
import type { AgentSetup, Detection, Granted, SetupContext, SetupRefusal } from "../agent.ts";
import { trustThroughCodex } from "./app-server.ts";
import { checkCodex } from "./check.ts";
import { parseConfig, withoutPythonText, withoutStates } from "./config-file.ts";
import { CODEX_EVENTS } from "./registration.ts";
import { hooksToTrust, trustState } from "./trust.ts";

/** What the program is told when Codex starts it. */
const HOOK_ARGS = ["hook", "codex"] as const;

/** Mode of files that did not exist. */
const NEW_FILE_MODE = 0o600;

/** A session's first hook, with the fields that Codex sends. It starts no drain. */
const TRIAL_PAYLOAD = {
  session_id: "00000000-0000-4000-8000-000000000000",
  transcript_path: null,
  cwd: "",
  hook_event_name: "SessionStart",
  model: "",
  permission_mode: "default",
  source: "startup",
} as const;

export const codexSetup: AgentSetup = {
  detect,
  register: async (context) =>
    together(
      editFile(hooksPath(context), (text) => withHooks(text ?? "", wantedHooks(context)), {
        create: true,
        bare: withoutHooks,
      }),
      editFile(configPath(context), (text) => withoutPythonText(text ?? ""), {
        create: false,
        bare: withoutPythonText,
      }),
    ),
  unregister: async (context) =>
    together(
      editFile(hooksPath(context), (text) => withoutHooks(text ?? ""), { create: false }),
      editFile(configPath(context), (text) => withoutTrust(context, text ?? ""), { create: false }),
    ),
  check: async (context) => checkCodex(context, codexHome(context), wantedHooks(context)),
  // Codex calls `$CODEX_HOME/skills`, where it looks too, its old place.
  skillFolder: ({ home }) => `${home}/.agents/skills`,
  trial: (context) => ({ command: codexCommand(context), payload: JSON.stringify(TRIAL_PAYLOAD) }),
  approval: { pending, grant },
};

/** Codex's folder. */
export function codexHome({ env, home }: Pick<SetupContext, "env" | "home">): string {
  return (env.CODEX_HOME || `${home}/.codex`).replace(/[/\\]+$/, "");
}

function hooksPath(context: SetupContext): string {
  return `${codexHome(context)}/hooks.json`;
}

function configPath(context: SetupContext): string {
  return `${codexHome(context)}/config.toml`;
}

async function detect(context: SetupContext): Promise<Detection> {
  const version = /\d+\.\d+\.\d+\S*/.exec((await context.version("codex")) ?? "")?.[0];
  const installed = version !== undefined || existsSync(codexHome(context));
  const files = [hooksPath(context), configPath(context)];
  return { installed, files, ...(version === undefined ? {} : { version }) };
}

function wantedHooks(context: SetupContext): readonly WantedHook[] {
  const command = codexCommand(context);
  return CODEX_EVENTS.map(({ event, timeoutSeconds }) => ({
    event,
    hook: { type: "command", ...command, timeout: timeoutSeconds },
  }));
}

/** Codex runs hooks by the user's login shell, whatever that is; on Windows by cmd or PowerShell. */
function codexCommand({ program, platform }: Pick<SetupContext, "program" | "platform">): HookCommand {
  if (platform === "win32") return { command: `cmd /c "${program}" ${HOOK_ARGS.join(" ")}` };
  return hookCommand("posix", program, HOOK_ARGS, { passParent: true, anyShell: true });
}

/** The configuration without Codex's memory of our hooks. */
function withoutTrust(context: SetupContext, text: string): string | SettingsProblem {
  const path = hooksPath(context);
  const read = readEditable(path);
  const hooks = "text" in read ? hooksToTrust(read.text ?? "", path) : [];
  const bare = withoutPythonText(text);
  return typeof bare === "string" ? withoutStates(bare, new Set(hooks.map(({ key }) => key))) : bare;
}

interface EditOptions {
  readonly create: boolean;
  /** What undo brings back: the file as it would be without any of us, the Python toolkit included. */
  readonly bare?: (text: string) => string | SettingsProblem;
}

function editFile(
  path: string,
  edit: (text: string | undefined) => string | SettingsProblem,
  { create, bare }: EditOptions,
): readonly FileChange[] | SetupRefusal {
  const read = readEditable(path);
  if ("problem" in read) return { file: path, reason: read.problem, fix: read.fix };
  const before = read.text;
  if (before === undefined && !create) return [];
  const after = edit(before);
  if (typeof after === "object") {
    return { file: path, reason: `it ${after.reason}`, fix: `correct ${path} in an editor, then run this again` };
  }
  if (after === before) return [];
  const undo = before === undefined ? undefined : bare?.(before);
  return [
    {
      path,
      before,
      after,
      mode: NEW_FILE_MODE,
      ...(bare && { undo: { content: typeof undo === "object" ? before : undo } }),
    },
  ];
}

function together(...edits: (readonly FileChange[] | SetupRefusal)[]): readonly FileChange[] | SetupRefusal {
  const changes: FileChange[] = [];
  for (const edit of edits) {
    if ("reason" in edit) return edit;
    changes.push(...edit);
  }
  return changes;
}

/** Hooks of ours that Codex would skip. */
async function pending(context: SetupContext): Promise<readonly string[]> {
  const hooks = readEditable(hooksPath(context));
  const config = readEditable(configPath(context));
  if (!("text" in hooks) || !("text" in config)) return [];
  const parsed = parseConfig(config.text ?? "");
  const state = trustState(hooksToTrust(hooks.text ?? "", hooksPath(context)), "reason" in parsed ? {} : parsed);
  if (state.untrusted.length === 0) return [];
  return [
    `Codex skips hooks silently until you trust them: ${state.untrusted.length} of harness-tracing wait for that.`,
    'Start codex in a terminal; at "Hooks need review" choose "Trust all and continue", or review them with /hooks.',
    "Each of them runs only this command:",
    `  ${codexCommand(context).command}`,
    "Or let Codex write the trust now: harness-tracing install codex --trust-hooks",
  ];
}

async function grant(context: SetupContext): Promise<Granted> {
  const path = configPath(context);
  const before = readEditable(path);
  if ("problem" in before) return { problem: `${path}: ${before.problem}` };
  const program = Bun.which("codex", { PATH: context.env.PATH ?? "" });
  if (!program) return { problem: "codex is not on the PATH" };
  const { command } = codexCommand(context);
  const answer = await trustThroughCodex(
    program,
    context.home,
    context.env,
    (one) => ownerOf(one) === "ours" && one === command,
  );
  if ("problem" in answer) return answer;
  const after = readEditable(path);
  if ("problem" in after) return { problem: `${path}: ${after.problem}` };
  return { changes: after.text === before.text ? [] : [{ path, before: before.text, after: after.text }] };
}
