/** What `status` and `doctor` say about Claude Code's registration. */

import { readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Node } from "jsonc-parser";
import { readEditable } from "../../setup/file.ts";
import { notRegistered, pythonFindings, registrationFindings } from "../../setup/hook-findings.ts";
import { BOM, memberOf } from "../../setup/jsonc.ts";
import type { Finding, SetupContext } from "../agent.ts";
import { deadPlugins, hooksIn, parseSettings, type WantedHook } from "./settings-file.ts";

const INSTALL = "harness-tracing install claude";

/** Folders where an administrator's settings lie. */
const MANAGED_FOLDERS: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  linux: "/etc/claude-code",
  darwin: "/Library/Application Support/ClaudeCode",
  win32: "C:\\Program Files\\ClaudeCode",
};

/**
 * Compares the settings file with what registration would write, and looks for what keeps hooks from running or makes
 * them run twice.
 * @param path of the user's settings file
 * @param wanted what registration would write now
 */
export function checkClaude(context: SetupContext, path: string, wanted: readonly WantedHook[]): readonly Finding[] {
  const read = readEditable(path);
  if ("problem" in read && read.problem !== "it is write-protected") {
    return [{ level: "error", message: `${path}: ${read.problem}`, fix: read.fix }];
  }
  const text = "text" in read ? read.text : readFileSync(path, "utf8");
  if (text === undefined || text.trim() === "") return [notRegistered({ path, install: INSTALL })];
  const parsed = parseSettings(text.startsWith(BOM) ? text.slice(1) : text);
  if ("reason" in parsed) {
    return [
      { level: "error", message: `${path} ${parsed.reason}`, fix: `correct ${path} in an editor, then: ${INSTALL}` },
    ];
  }
  const hooks = hooksIn(parsed.root);
  const surplus = "events that this version of Claude Code may not know, which disables all hooks";
  const registration = { path, program: context.program, install: INSTALL, surplus };
  const findings = [
    ...registrationFindings(registration, hooks, wanted),
    ...pythonFindings(registration, hooks),
    ...deadPluginFindings(path, parsed.root),
    ...switchFindings(path, memberOf(parsed.root, "disableAllHooks")?.value),
    ...environmentFindings(path, memberOf(memberOf(parsed.root, "env"), "ARIZE_TRACE_ENABLED")?.value),
    ...managedFindings(context.platform),
    ...pluginFindings(dirname(path), memberOf(parsed.root, "enabledPlugins")?.children ?? []),
  ];
  if (findings.some(({ level }) => level !== "ok")) return findings;
  return [{ level: "ok", message: `registered for ${wanted.length} events in ${path}` }];
}

function deadPluginFindings(path: string, root: Node): readonly Finding[] {
  if (deadPlugins(root).length === 0) return [];
  return [{ level: "warning", message: `a dead "plugins" entry is left in ${path}`, fix: INSTALL }];
}

function switchFindings(path: string, disabled: unknown): readonly Finding[] {
  if (disabled !== true) return [];
  const fix = `remove "disableAllHooks" from ${path}`;
  return [{ level: "error", message: `"disableAllHooks" in ${path} keeps every hook from running`, fix }];
}

function environmentFindings(path: string, enabled: unknown): readonly Finding[] {
  if (String(enabled).toLowerCase() !== "false") return [];
  const fix = `remove it from "env" in ${path}`;
  return [{ level: "warning", message: `ARIZE_TRACE_ENABLED=false in ${path} switches tracing off`, fix }];
}

/** An administrator's switches: the user can only ask. */
function managedFindings(platform: NodeJS.Platform): readonly Finding[] {
  const folder = MANAGED_FOLDERS[platform];
  if (!folder) return [];
  const files = [`${folder}/managed-settings.json`, ...listed(`${folder}/managed-settings.d`)];
  return files.flatMap((file): Finding[] => {
    const settings = jsonObject(file);
    return ["disableAllHooks", "allowManagedHooksOnly"]
      .filter((key) => settings[key] === true)
      .map((key) => ({
        level: "error",
        message: `"${key}" in ${file} keeps user hooks from running`,
        fix: "ask your administrator to allow the hooks of harness-tracing",
      }));
  });
}

/** Enabled plugins whose hooks run our program, or the Python toolkit's, a second time for every event. */
function pluginFindings(folder: string, enabled: readonly Node[]): readonly Finding[] {
  const installed = jsonObject(`${folder}/plugins/installed_plugins.json`).plugins;
  return enabled.flatMap((property): Finding[] => {
    const name = String(property.children?.[0]?.value);
    if (property.children?.[1]?.value !== true) return [];
    const places = Object(installed)[name];
    const paths = (Array.isArray(places) ? places : [places]).map((place) => Object(place).installPath);
    const ours = paths.some((path) => typeof path === "string" && runsUs(`${path}/hooks/hooks.json`));
    if (!ours) return [];
    const fix = `claude plugin uninstall ${name}`;
    return [{ level: "error", message: `the plugin ${name} traces too: every turn is traced twice`, fix }];
  });
}

function runsUs(file: string): boolean {
  try {
    const parsed = parseSettings(readFileSync(file, "utf8"));
    return !("reason" in parsed) && hooksIn(parsed.root).some(({ owner }) => owner !== "other");
  } catch {
    return false;
  }
}

function listed(folder: string): readonly string[] {
  try {
    return readdirSync(folder).map((name) => `${folder}/${name}`);
  } catch {
    return [];
  }
}

function jsonObject(file: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(readFileSync(file, "utf8")));
  } catch {
    return {};
  }
}
