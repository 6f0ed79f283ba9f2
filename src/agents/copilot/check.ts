/** What `status` and `doctor` say about Copilot's registration. */

import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { programOf } from "../../setup/command.ts";
import { readEditable } from "../../setup/file.ts";
import { memberOf, parseJsonc } from "../../setup/jsonc.ts";
import type { Finding, SetupContext } from "../agent.ts";
import { hooksIn } from "./hooks-file.ts";
import { filesIn, repositoryFiles } from "./places.ts";

const INSTALL = "harness-tracing install copilot";
const INSTALL_REPOSITORY = `${INSTALL} --scope repo`;

/**
 * Compares our hook file with what registration would write, and looks for what makes hooks run twice or not at all.
 * @param path of our file in the user's settings
 * @param wanted its text as registration would write it
 */
export function checkCopilot(context: SetupContext, path: string, wanted: string): readonly Finding[] {
  const inRepository = repositoryFiles(context.folder).filter((file) => owners(file).has("ours"));
  const findings = [
    ...fileFindings(context, path, wanted, inRepository),
    ...doubleFindings(path, inRepository),
    ...pythonFindings([...filesIn(dirname(path)), ...repositoryFiles(context.folder)]),
    ...switchFindings(dirname(dirname(path))),
  ];
  if (findings.some(({ level }) => level !== "ok")) return findings;
  const own = `registered in ${path}; VS Code's agent mode uses the same file`;
  return [...findings, { level: "ok", message: existsSync(path) ? own : `registered in ${inRepository.join(", ")}` }];
}

function fileFindings(
  context: SetupContext,
  path: string,
  wanted: string,
  inRepository: readonly string[],
): readonly Finding[] {
  const read = readEditable(path);
  if ("problem" in read) return [{ level: "error", message: `${path}: ${read.problem}`, fix: read.fix }];
  if (read.text === undefined) {
    return inRepository.length > 0 ? [] : [{ level: "error", message: `not registered in ${path}`, fix: INSTALL }];
  }
  if (read.text === wanted) return programFindings(context.program);
  const ours = hooksIn(read.text).filter(({ owner }) => owner === "ours");
  if (ours.length === 0) return [{ level: "error", message: `${path} does not register the program`, fix: INSTALL }];
  const commands = ours.flatMap(({ node }) => memberOf(node, "command")?.value ?? []);
  const programs = new Set(commands.map((command) => programOf(String(command))));
  const missing = [...programs].filter((program) => !existsSync(program));
  return missing.length > 0
    ? missing.map((program) => ({
        level: "error",
        message: `registered program does not exist: ${program}`,
        fix: INSTALL,
      }))
    : [{ level: "warning", message: `${path} is not as this version registers it`, fix: INSTALL }];
}

function programFindings(program: string): readonly Finding[] {
  if (existsSync(program)) return [];
  return [{ level: "error", message: `registered program does not exist: ${program}`, fix: INSTALL }];
}

/** The same events from the user's file and from the repository's: traced once, paid twice. */
function doubleFindings(path: string, inRepository: readonly string[]): readonly Finding[] {
  const others = filesIn(dirname(path)).filter((file) => file !== path && owners(file).has("ours"));
  const doubles = existsSync(path) ? [...others, ...inRepository] : others;
  return doubles.map((file) => ({
    level: "warning",
    message: `registered a second time in ${file}: every hook runs twice (turns are traced once)`,
    fix: inRepository.includes(file) ? "harness-tracing uninstall copilot --scope repo" : `rm '${file}'`,
  }));
}

function pythonFindings(files: readonly string[]): readonly Finding[] {
  return files
    .filter((file) => owners(file).has("python"))
    .map((file) => ({
      level: "error",
      message: `the Python toolkit is still registered in ${file}: turns are traced twice`,
      fix: file.includes("/.github/") ? INSTALL_REPOSITORY : `rm '${file}'`,
    }));
}

/** The CLI was seen to run hook files in `-p` all the same. */
function switchFindings(folder: string): readonly Finding[] {
  const path = `${folder}/settings.json`;
  const parsed = parseJsonc(contentOf(path) ?? "{}");
  if ("error" in parsed || memberOf(parsed.root, "disableAllHooks")?.value !== true) return [];
  const fix = `remove "disableAllHooks" from ${path}`;
  return [{ level: "warning", message: `"disableAllHooks" in ${path} may keep hooks from running`, fix }];
}

function owners(file: string): ReadonlySet<string> {
  return new Set(hooksIn(contentOf(file) ?? "").map(({ owner }) => owner));
}

function contentOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
