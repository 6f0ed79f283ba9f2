/** What `status` and `doctor` say about Devin CLI's registration, and about the database that the traces are read from. */

import { existsSync, readFileSync } from "node:fs";
import { readEditable } from "../../setup/file.ts";
import { notRegistered, pythonFindings, registrationFindings } from "../../setup/hook-findings.ts";
import { hooksIn, parseSettings, type WantedHook } from "../../setup/hook-groups.ts";
import { BOM } from "../../setup/jsonc.ts";
import type { Finding, SetupContext } from "../agent.ts";
import { openDatabase } from "./database.ts";
import { databasePath } from "./sources.ts";

const INSTALL = "harness-tracing install devin";

/** Files of a project that hold hooks of Devin. */
const PROJECT_FILES = [".devin/config.json", ".devin/config.local.json", ".devin/hooks.v1.json"] as const;

/**
 * Compares the settings file with what registration would write, and looks whether the database can be read.
 * @param wanted what registration would write now
 */
export function checkDevin(context: SetupContext, path: string, wanted: readonly WantedHook[]): readonly Finding[] {
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
  const surplus = "events registered that are not used any more";
  const registration = { path, program: context.program, install: INSTALL, surplus };
  const hooks = hooksIn(parsed.root);
  const findings = [
    ...registrationFindings(registration, hooks, wanted),
    ...pythonFindings(registration, hooks),
    ...doubleFindings(context, path),
    ...databaseFindings(context),
  ];
  if (findings.some(({ level }) => level !== "ok")) return findings;
  return [{ level: "ok", message: `registered for ${wanted.length} events in ${path}` }, ...findings];
}

/** Devin runs the hooks of every file: a second registration makes every call twice. */
function doubleFindings({ folder }: SetupContext, path: string): readonly Finding[] {
  if (folder === undefined) return [];
  return PROJECT_FILES.map((file) => `${folder}/${file}`)
    .filter((file) => file !== path && /harness-tracing['"\\]* hook devin/.test(contentOf(file)))
    .map((file) => ({
      level: "warning",
      message: `registered a second time in ${file}: every hook runs twice`,
      fix: `remove the hooks of harness-tracing from ${file}`,
    }));
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function databaseFindings({ env, home }: SetupContext): readonly Finding[] {
  const path = databasePath(env.XDG_DATA_HOME, home);
  if (path === undefined) return [];
  if (!existsSync(path)) {
    return [{ level: "ok", message: `no session of Devin CLI yet (${path} is not there)` }];
  }
  const opened = openDatabase(path);
  if ("problem" in opened) {
    const locked = opened.problem === "busy";
    const message = `${path}: ${opened.note}`;
    if (locked) return [{ level: "warning", message, fix: "none is needed if Devin is writing just now" }];
    return [
      {
        level: "warning",
        message: `${message}; turns and tools are traced, model calls are not`,
        fix: "harness-tracing update",
      },
    ];
  }
  opened.database.close();
  return opened.note === undefined ? [] : [{ level: "ok", message: opened.note }];
}
