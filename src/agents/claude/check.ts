/** What `status` and `doctor` say about Claude Code's registration. */

import { readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Node } from "jsonc-parser";
import { readEditable } from "../../setup/file.ts";
import { notRegistered, pythonFindings, registrationFindings } from "../../setup/hook-findings.ts";
import { BOM, memberOf } from "../../setup/jsonc.ts";
import type { Finding, SetupContext } from "../agent.ts";
import { jsonObject, removalOf, type TracingPlugin, tracingPlugins } from "./plugins.ts";
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
  const plugins = tracingPlugins(dirname(path), parsed.root);
  const byPlugin = hooks.some(({ owner }) => owner === "ours")
    ? undefined
    : plugins.find(({ owner }) => owner === "ours");
  const surplus = "events that this version of Claude Code may not know, which disables all hooks";
  const registration = { path, program: context.program, install: INSTALL, surplus };
  const findings = [
    ...(byPlugin ? [] : registrationFindings(registration, hooks, wanted)),
    ...pythonFindings(registration, hooks),
    ...deadPluginFindings(path, parsed.root),
    ...switchFindings(path, memberOf(parsed.root, "disableAllHooks")?.value),
    ...environmentFindings(path, memberOf(memberOf(parsed.root, "env"), "ARIZE_TRACE_ENABLED")?.value),
    ...managedFindings(context.platform),
    ...pluginFindings(plugins.filter((plugin) => plugin !== byPlugin)),
  ];
  if (findings.some(({ level }) => level !== "ok")) return findings;
  if (byPlugin) return [{ level: "ok", message: `registered by the plugin ${byPlugin.name}` }];
  return [{ level: "ok", message: `registered for ${wanted.length} events in ${path}` }];
}

/** Plugins besides the registration. One of ours costs time only: the same event twice is one fact. */
function pluginFindings(plugins: readonly TracingPlugin[]): readonly Finding[] {
  return plugins.map(({ name, owner }): Finding => {
    const fix = removalOf(name);
    if (owner === "ours")
      return { level: "warning", message: `the plugin ${name} is there too: every hook runs twice`, fix };
    return {
      level: "error",
      message: `the Python toolkit's plugin ${name} traces too: every turn is traced twice`,
      fix,
    };
  });
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

function listed(folder: string): readonly string[] {
  try {
    return readdirSync(folder).map((name) => `${folder}/${name}`);
  } catch {
    return [];
  }
}
