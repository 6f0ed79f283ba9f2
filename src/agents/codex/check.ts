/** What `status` and `doctor` say about Codex's registration. */

import { readFileSync } from "node:fs";
import { readEditable } from "../../setup/file.ts";
import { notRegistered, pythonFindings, registrationFindings } from "../../setup/hook-findings.ts";
import { hooksIn, parseSettings, type WantedHook } from "../../setup/hook-groups.ts";
import type { Finding, SetupContext } from "../agent.ts";
import { type CodexConfig, hasPython, parseConfig } from "./config-file.ts";
import { hooksToTrust, trustState } from "./trust.ts";

const INSTALL = "harness-tracing install codex";

/** Where an administrator's requirements lie. */
const REQUIREMENTS = "/etc/codex/requirements.toml";

/**
 * Compares Codex's files with what registration would write, and looks for what keeps hooks from running.
 * @param folder Codex's folder
 */
export function checkCodex(context: SetupContext, folder: string, wanted: readonly WantedHook[]): readonly Finding[] {
  const path = `${folder}/hooks.json`;
  const registration = {
    path,
    program: context.program,
    install: INSTALL,
    surplus: "events that are not needed",
  };
  const text = textOf(path);
  if (typeof text === "object") return [text];
  if (text.trim() === "") return [notRegistered(registration)];
  const parsed = parseSettings(text);
  if ("reason" in parsed) {
    const fix = `correct ${path} in an editor, then: ${INSTALL}`;
    return [{ level: "error", message: `${path} ${parsed.reason}`, fix }];
  }
  const hooks = hooksIn(parsed.root);
  const registered = registrationFindings(registration, hooks, wanted);
  const configPath = `${folder}/config.toml`;
  const config = configOf(configPath);
  const findings = [
    ...registered,
    ...pythonFindings(registration, hooks),
    ...(Array.isArray(config) ? config : configFindings(configPath, config as CodexConfig)),
    ...requirementFindings(context.platform),
    ...trustFindings(text, path, Array.isArray(config) ? {} : (config as CodexConfig)),
  ];
  if (findings.some(({ level }) => level !== "ok")) return findings;
  return [{ level: "ok", message: `registered for ${wanted.length} events in ${path}, and trusted by Codex` }];
}

function textOf(path: string): string | Finding {
  const read = readEditable(path);
  if ("text" in read) return read.text ?? "";
  if (read.problem === "it is write-protected") return readFileSync(path, "utf8");
  return { level: "error", message: `${path}: ${read.problem}`, fix: read.fix };
}

function configOf(path: string): CodexConfig | readonly Finding[] {
  const text = textOf(path);
  if (typeof text === "object") return [text];
  const parsed = parseConfig(text);
  if (!("reason" in parsed)) return parsed;
  return [{ level: "warning", message: `${path} ${String(parsed.reason)}`, fix: `correct ${path} in an editor` }];
}

function configFindings(path: string, config: CodexConfig): readonly Finding[] {
  const findings: Finding[] = [];
  if (hasPython(config)) {
    const message = `the Python toolkit is still named in ${path}: turns are traced twice`;
    findings.push({ level: "error", message, fix: INSTALL });
  }
  if (config.features?.hooks === false) {
    const message = `"hooks = false" below [features] in ${path} keeps every hook from running`;
    findings.push({ level: "error", message, fix: `remove it from ${path}` });
  }
  const own = Object.keys(config.hooks ?? {}).filter((event) => event !== "state");
  if (own.length > 0) {
    const message = `${path} has hooks too (${own.join(", ")}): Codex runs both and asks at its start for one form`;
    findings.push({ level: "warning", message, fix: "move them to hooks.json beside it" });
  }
  return findings;
}

/** An administrator's switches: the user can only ask. */
function requirementFindings(platform: NodeJS.Platform): readonly Finding[] {
  if (platform === "win32") return [];
  const config = configOf(REQUIREMENTS);
  if (Array.isArray(config)) return [];
  const { allow_managed_hooks_only: managedOnly, features } = config as CodexConfig & {
    readonly allow_managed_hooks_only?: unknown;
  };
  const switched =
    managedOnly === true ? "allow_managed_hooks_only" : features?.hooks === false ? "features.hooks" : undefined;
  if (!switched) return [];
  const fix = "ask your administrator to allow the hooks of harness-tracing";
  return [{ level: "error", message: `"${switched}" in ${REQUIREMENTS} keeps user hooks from running`, fix }];
}

function trustFindings(text: string, path: string, config: CodexConfig): readonly Finding[] {
  const hooks = hooksToTrust(text, path);
  const { untrusted, disabled } = trustState(hooks, config);
  const names = (of: readonly { readonly event: string }[]) => of.map(({ event }) => event).join(", ");
  const findings: Finding[] = [];
  if (untrusted.length > 0) {
    const which = untrusted.length === hooks.length ? `all ${hooks.length} hooks` : names(untrusted);
    findings.push({
      level: "error",
      message: `Codex skips hooks that you have not trusted, without a word: ${which}`,
      fix: `start codex, choose "Trust all and continue" (or /hooks); or: ${INSTALL} --trust-hooks`,
    });
  }
  if (disabled.length > 0) {
    const message = `switched off in Codex: ${names(disabled)}`;
    findings.push({ level: "warning", message, fix: "switch them on with /hooks in codex" });
  }
  return findings;
}
