/** What `status` and `doctor` say about Claude Code's registration. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Node } from "jsonc-parser";
import { programOf } from "../../setup/command.ts";
import { readEditable } from "../../setup/file.ts";
import { BOM, memberOf } from "../../setup/jsonc.ts";
import type { Finding, SetupContext } from "../agent.ts";
import { deadPlugins, type FoundHook, hooksIn, parseSettings, type WantedHook } from "./settings-file.ts";

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
  if (text === undefined || text.trim() === "") return [notRegistered(path)];
  const parsed = parseSettings(text.startsWith(BOM) ? text.slice(1) : text);
  if ("reason" in parsed) {
    return [
      { level: "error", message: `${path} ${parsed.reason}`, fix: `correct ${path} in an editor, then: ${INSTALL}` },
    ];
  }
  const hooks = hooksIn(parsed.root);
  const findings = [
    ...registrationFindings(context, path, hooks, wanted),
    ...pythonFindings(path, hooks, deadPlugins(parsed.root).length > 0),
    ...switchFindings(path, memberOf(parsed.root, "disableAllHooks")?.value),
    ...environmentFindings(path, memberOf(memberOf(parsed.root, "env"), "ARIZE_TRACE_ENABLED")?.value),
    ...managedFindings(context.platform),
    ...pluginFindings(dirname(path), memberOf(parsed.root, "enabledPlugins")?.children ?? []),
  ];
  if (findings.some(({ level }) => level !== "ok")) return findings;
  return [{ level: "ok", message: `registered for ${wanted.length} events in ${path}` }];
}

function notRegistered(path: string): Finding {
  return { level: "error", message: `not registered in ${path}`, fix: INSTALL };
}

function registrationFindings(
  context: SetupContext,
  path: string,
  hooks: readonly FoundHook[],
  wanted: readonly WantedHook[],
): readonly Finding[] {
  const ours = hooks.filter(({ owner }) => owner === "ours");
  if (ours.length === 0) return [notRegistered(path)];
  const findings: Finding[] = [];
  const of = (event: string) => ours.filter((hook) => hook.event === event);
  const missing = wanted.filter(({ event }) => of(event).length === 0).map(({ event }) => event);
  if (missing.length > 0) {
    findings.push({
      level: "warning",
      message: `events not registered in ${path}: ${missing.join(", ")}`,
      fix: INSTALL,
    });
  }
  const events = [...new Set(ours.map(({ event }) => event))];
  const twice = events.filter((event) => new Set(of(event).map(({ command }) => command)).size > 1);
  if (twice.length > 0) {
    findings.push({ level: "error", message: `registered more than once: ${twice.join(", ")}`, fix: INSTALL });
  }
  const surplus = events.filter((event) => !wanted.some((want) => want.event === event));
  if (surplus.length > 0) {
    const message = `events that this version of Claude Code may not know, which disables all hooks: ${surplus.join(", ")}`;
    findings.push({ level: "warning", message, fix: INSTALL });
  }
  const programs = [...new Set(ours.map(({ command }) => programOf(command)))];
  for (const program of programs) {
    if (!existsSync(program)) {
      findings.push({ level: "error", message: `registered program does not exist: ${program}`, fix: INSTALL });
    } else if (program !== context.program) {
      findings.push({ level: "warning", message: `registered program is another copy: ${program}`, fix: INSTALL });
    }
  }
  const narrow = [...new Set(ours.filter(({ everything }) => !everything).map(({ event }) => event))];
  if (narrow.length > 0) {
    findings.push({ level: "warning", message: `limited by a matcher: ${narrow.join(", ")}`, fix: INSTALL });
  }
  return findings;
}

function pythonFindings(path: string, hooks: readonly FoundHook[], dead: boolean): readonly Finding[] {
  const events = [...new Set(hooks.filter(({ owner }) => owner === "python").map(({ event }) => event))];
  const findings: Finding[] = [];
  if (events.length > 0) {
    const message = `the Python toolkit is still registered in ${path} (${events.join(", ")}): turns are traced twice`;
    findings.push({ level: "error", message, fix: INSTALL });
  }
  if (dead) findings.push({ level: "warning", message: `a dead "plugins" entry is left in ${path}`, fix: INSTALL });
  return findings;
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
