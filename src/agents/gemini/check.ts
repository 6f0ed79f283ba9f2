/** What `status` and `doctor` say about Gemini CLI's registration, and about what keeps its hooks from running. */

import { readFileSync } from "node:fs";
import { getNodeValue } from "jsonc-parser";
import { readEditable } from "../../setup/file.ts";
import { notRegistered, pythonFindings, registrationFindings } from "../../setup/hook-findings.ts";
import { hooksIn, parseSettings, type WantedHook } from "../../setup/hook-groups.ts";
import { BOM } from "../../setup/jsonc.ts";
import type { Finding, SetupContext } from "../agent.ts";
import { FIRST_VERSION, HOOK_NAME } from "./registration.ts";

const INSTALL = "harness-tracing install gemini";

/** Where an administrator's settings lie, unless `GEMINI_CLI_SYSTEM_SETTINGS_PATH` says otherwise. */
const SYSTEM_SETTINGS: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  linux: "/etc/gemini-cli/settings.json",
  darwin: "/Library/Application Support/GeminiCli/settings.json",
  win32: "C:\\ProgramData\\gemini-cli\\settings.json",
};

/** Untrusted folders that are named one by one; more are counted. */
const FOLDERS_NAMED = 3;

/**
 * Compares the settings file with what registration would write, and looks for what keeps hooks from running.
 * @param folder Gemini CLI's folder
 * @param wanted what registration would write now
 * @param version of the installed Gemini CLI
 */
export function checkGemini(
  context: SetupContext,
  folder: string,
  wanted: readonly WantedHook[],
  version: string | undefined,
): readonly Finding[] {
  const path = `${folder}/settings.json`;
  const read = readEditable(path);
  if ("problem" in read && read.problem !== "it is write-protected") {
    return [{ level: "error", message: `${path}: ${read.problem}`, fix: read.fix }];
  }
  const text = "text" in read ? read.text : readFileSync(path, "utf8");
  if (text === undefined || text.trim() === "") return [notRegistered({ path, install: INSTALL })];
  const parsed = parseSettings(text.startsWith(BOM) ? text.slice(1) : text);
  if ("reason" in parsed) {
    const fix = `correct ${path} in an editor, then: ${INSTALL}`;
    return [{ level: "error", message: `${path} ${parsed.reason}`, fix }];
  }
  const settings = Object(getNodeValue(parsed.root)) as Settings;
  const system = context.env.GEMINI_CLI_SYSTEM_SETTINGS_PATH || SYSTEM_SETTINGS[context.platform];
  const surplus = "events registered that are not used any more";
  const registration = { path, program: context.program, install: INSTALL, surplus };
  const hooks = hooksIn(parsed.root);
  const findings = [
    ...versionFindings(version),
    ...registrationFindings(registration, hooks, wanted),
    ...pythonFindings(registration, hooks),
    ...switchFindings(path, settings),
    ...(system === undefined ? [] : switchFindings(system, settingsIn(system))),
    ...redactionFindings(path, settings, context.env),
    ...trustFindings(context.env.GEMINI_CLI_TRUSTED_FOLDERS_PATH || `${folder}/trustedFolders.json`, settings),
  ];
  if (findings.some(({ level }) => level !== "ok")) return findings;
  return [{ level: "ok", message: `registered for ${wanted.length} events in ${path}` }, ...findings];
}

/** What of the settings matters here; anything may be in the file. */
interface Settings {
  readonly hooksConfig?: { readonly enabled?: unknown; readonly disabled?: unknown };
  readonly security?: {
    readonly folderTrust?: { readonly enabled?: unknown };
    readonly environmentVariableRedaction?: { readonly enabled?: unknown };
  };
}

function settingsIn(path: string): Settings {
  try {
    const parsed = parseSettings(readFileSync(path, "utf8"));
    return "reason" in parsed ? {} : (Object(getNodeValue(parsed.root)) as Settings);
  } catch {
    return {};
  }
}

function versionFindings(version: string | undefined): readonly Finding[] {
  if (version === undefined || Bun.semver.order(version, FIRST_VERSION) >= 0) return [];
  const message = `Gemini CLI ${version} does not run hooks by itself, ${FIRST_VERSION} is the first that does`;
  return [{ level: "warning", message, fix: "update Gemini CLI" }];
}

function switchFindings(path: string, settings: Settings): readonly Finding[] {
  const { enabled, disabled } = Object(settings.hooksConfig) as NonNullable<Settings["hooksConfig"]>;
  const findings: Finding[] = [];
  if (enabled === false) {
    const fix = `remove "enabled" of "hooksConfig" from ${path}`;
    findings.push({ level: "error", message: `"hooksConfig.enabled" in ${path} keeps every hook from running`, fix });
  }
  if (Array.isArray(disabled) && disabled.includes(HOOK_NAME)) {
    const fix = `remove "${HOOK_NAME}" from "hooksConfig.disabled" in ${path}`;
    findings.push({ level: "error", message: `"hooksConfig.disabled" in ${path} switches tracing off`, fix });
  }
  return findings;
}

/** Gemini CLI takes variables away from hooks: always in GitHub Actions, elsewhere when it is told to. */
function redactionFindings(path: string, settings: Settings, env: SetupContext["env"]): readonly Finding[] {
  const told = settings.security?.environmentVariableRedaction?.enabled === true;
  const secrets = ["ARIZE_API_KEY", "PHOENIX_API_KEY", "ARIZE_SPACE_ID"].filter((name) => env[name]);
  if ((!told && !env.GITHUB_SHA) || secrets.length === 0) return [];
  const why = told ? `"security.environmentVariableRedaction" in ${path}` : "GitHub Actions (GITHUB_SHA is set)";
  const message = `with ${why}, hooks do not get ${secrets.join(", ")} from the environment`;
  return [{ level: "warning", message, fix: `${INSTALL}, which keeps the credentials in its own configuration` }];
}

/** In a folder that is not trusted no hook runs at all, the user's own included. */
function trustFindings(path: string, settings: Settings): readonly Finding[] {
  if (settings.security?.folderTrust?.enabled === false) return [];
  const folders = untrusted(path);
  if (folders.length === 0) return [];
  const more = folders.length > FOLDERS_NAMED ? ` and ${folders.length - FOLDERS_NAMED} more` : "";
  const named = `${folders.slice(0, FOLDERS_NAMED).join(", ")}${more}`;
  const message = `no hook runs in folders that Gemini CLI does not trust: ${named}`;
  return [{ level: "warning", message, fix: "trust the folder: /permissions in Gemini CLI, or gemini --skip-trust" }];
}

function untrusted(path: string): readonly string[] {
  try {
    const levels: unknown = JSON.parse(readFileSync(path, "utf8"));
    return Object.entries(Object(levels)).flatMap(([folder, level]) => (level === "DO_NOT_TRUST" ? [folder] : []));
  } catch {
    return [];
  }
}
