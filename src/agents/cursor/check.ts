/** What `status` and `doctor` say about Cursor's registration. */

import { readFileSync } from "node:fs";
import { readEditable } from "../../setup/file.ts";
import { notRegistered, pythonFindings, registrationFindings } from "../../setup/hook-findings.ts";
import type { FoundHook } from "../../setup/hook-groups.ts";
import { listedHooks, parseLists, type WantedEntry } from "../../setup/hook-lists.ts";
import { BOM } from "../../setup/jsonc.ts";
import type { EnabledPlugin, Finding, SetupContext } from "../agent.ts";
import { managedFile, repositoryFile, userFile } from "./places.ts";
import { ownPlugins } from "./plugins.ts";
import { type CursorVersions, UNKNOWN_VERSION } from "./registration.ts";

const INSTALL = "harness-tracing install cursor";
const REMOVE_FROM_REPOSITORY = "harness-tracing uninstall cursor --scope repo";

/**
 * Compares the hook files with what registration would write, and looks for what makes hooks run twice or not at all.
 * @param wanted what registration would write now into the user's file
 */
export function checkCursor(
  context: SetupContext,
  versions: CursorVersions,
  wanted: readonly WantedEntry[],
): readonly Finding[] {
  const path = userFile(context);
  const read = readEditable(path);
  if ("problem" in read && read.problem !== "it is write-protected") {
    return [{ level: "error", message: `${path}: ${read.problem}`, fix: read.fix }];
  }
  const repository = repositoryFile(context.folder);
  const shared = repository === undefined ? [] : hooksOf(repository);
  const inRepository = shared.some(({ owner }) => owner === "ours") ? repository : undefined;
  const text = "text" in read ? read.text : contentOf(path);
  const parsed = text === undefined || text.trim() === "" ? undefined : parseLists(bare(text));
  if (parsed && "reason" in parsed) {
    const fix = `correct ${path} in an editor, then: ${INSTALL}`;
    return [{ level: "error", message: `${path} ${parsed.reason}: Cursor may run none of its hooks`, fix }];
  }
  const hooks = parsed ? listedHooks(parsed.root) : [];
  const ours = hooks.filter(({ owner }) => owner === "ours");
  const [plugin] = ownPlugins(context);
  const registration = {
    path,
    program: context.program,
    install: INSTALL,
    surplus: "events that an installed version of Cursor may not know, which disables all hooks of the file",
  };
  const findings = [
    ...(ours.length > 0 ? registrationFindings(registration, hooks, wanted) : []),
    ...(ours.length === 0 && inRepository === undefined && !plugin ? [notRegistered({ path, install: INSTALL })] : []),
    ...(plugin && (ours.length > 0 || inRepository !== undefined) ? [doubledBy(plugin)] : []),
    ...(ours.length > 0 && inRepository !== undefined ? [doubled(inRepository)] : []),
    ...pythonFindings(registration, hooks),
    ...(repository === undefined ? [] : pythonFindings({ ...registration, path: repository }, shared)),
    ...versionFindings(versions),
    ...managedFindings(context.platform),
  ];
  if (findings.some(({ level }) => level !== "ok")) return findings;
  const elsewhere = inRepository === undefined ? `by the plugin ${plugin?.name}` : `in ${inRepository}`;
  const place = ours.length > 0 ? `for ${wanted.length} events in ${path}` : elsewhere;
  return [...findings, { level: "ok", message: `registered ${place}` }];
}

/** Cursor runs the hooks of all files. */
function doubled(file: string): Finding {
  const message = `registered a second time in ${file}: every hook runs twice (turns are traced once)`;
  return { level: "warning", message, fix: REMOVE_FROM_REPOSITORY };
}

function doubledBy({ name, remove }: EnabledPlugin): Finding {
  return { level: "warning", message: `the plugin ${name} is there too: every hook runs twice`, fix: remove };
}

function versionFindings({ editor, cli }: CursorVersions): readonly Finding[] {
  if (editor !== UNKNOWN_VERSION && (editor !== undefined || cli !== undefined)) return [];
  const what = editor === UNKNOWN_VERSION ? "the editor's version" : "the version of Cursor";
  const message = `${what} is not known: only events that every version takes are registered`;
  const fix = `in Cursor run "Shell Command: Install 'cursor' command", then: ${INSTALL}`;
  return [{ level: "warning", message, fix }];
}

function managedFindings(platform: NodeJS.Platform): readonly Finding[] {
  const file = managedFile(platform);
  if (file === undefined || !hooksOf(file).some(({ owner }) => owner !== "other")) return [];
  const message = `${file} traces too: every hook runs twice`;
  return [{ level: "warning", message, fix: "ask your administrator to remove one of the registrations" }];
}

function hooksOf(file: string): readonly FoundHook[] {
  const parsed = parseLists(bare(contentOf(file) ?? ""));
  return "reason" in parsed ? [] : listedHooks(parsed.root);
}

function bare(text: string): string {
  return text.startsWith(BOM) ? text.slice(BOM.length) : text;
}

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
