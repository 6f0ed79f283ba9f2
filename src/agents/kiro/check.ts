/** What `status` and `doctor` say about Kiro's registration. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { programOf } from "../../setup/command.ts";
import { readEditable } from "../../setup/file.ts";
import { BOM } from "../../setup/jsonc.ts";
import type { Finding, SetupContext } from "../agent.ts";
import { type AgentHook, entriesIn, parseAgent } from "./agent-files.ts";

const INSTALL = "harness-tracing install kiro";

/**
 * Compares our hook file and every agent file with what registration would write.
 * @param own our hook file, and its text as registration would write it
 * @param agents paths of the user's agent files
 * @param wanted entries of an agent file; none when this version of Kiro does not run them
 */
export function checkKiro(
  context: SetupContext,
  own: { readonly path: string; readonly text: string },
  agents: readonly string[],
  wanted: readonly AgentHook[],
  version: string | undefined,
): readonly Finding[] {
  const findings = [
    ...ownFindings(context, own),
    ...agents.flatMap((path) => agentFindings(path, wanted)),
    ...(wanted.length > 0 && version !== undefined && agents.length === 0 ? [noAgent(version)] : []),
    ...(wanted.length > 0 ? workspaceFindings(context) : []),
  ];
  if (findings.some(({ level }) => level !== "ok")) return findings;
  const also = wanted.length > 0 && agents.length > 0 ? ` and in ${agents.length} agent files` : "";
  return [...findings, { level: "ok", message: `registered in ${own.path}${also}` }];
}

function ownFindings({ program }: SetupContext, { path, text }: { path: string; text: string }): readonly Finding[] {
  const read = readEditable(path);
  if ("problem" in read) return [{ level: "error", message: `${path}: ${read.problem}`, fix: read.fix }];
  if (read.text === undefined) return [{ level: "error", message: `not registered in ${path}`, fix: INSTALL }];
  if (read.text !== text) {
    return [{ level: "warning", message: `${path} is not as this version registers it`, fix: INSTALL }];
  }
  if (existsSync(program)) return [];
  return [{ level: "error", message: `registered program does not exist: ${program}`, fix: INSTALL }];
}

function agentFindings(path: string, wanted: readonly AgentHook[]): readonly Finding[] {
  const read = readEditable(path);
  if ("problem" in read) {
    return [
      { level: "warning", message: `agent ${basename(path, ".json")} is not traced: ${read.problem}`, fix: read.fix },
    ];
  }
  const text = read.text ?? "";
  const parsed = parseAgent(text.startsWith(BOM) ? text.slice(1) : text);
  if ("reason" in parsed) {
    const message = `agent ${basename(path, ".json")} is not traced: ${path} ${parsed.reason}`;
    return [{ level: "warning", message, fix: `correct ${path} in an editor, then: ${INSTALL}` }];
  }
  const entries = entriesIn(parsed.root);
  if (entries.some(({ owner }) => owner === "python")) {
    const message = `the Python toolkit is still registered in ${path}: turns are traced twice`;
    return [{ level: "error", message, fix: INSTALL }];
  }
  const ours = entries.filter(({ owner }) => owner === "ours");
  const same = wanted.every(
    ({ event, entry }) => ours.filter((one) => one.event === event && Bun.deepEquals(one.value, entry)).length === 1,
  );
  if (same && ours.length === wanted.length) return [];
  if (ours.length === 0) {
    return [
      { level: "warning", message: `agent ${basename(path, ".json")} is not registered (${path})`, fix: INSTALL },
    ];
  }
  const commands = ours.map(({ value }) => programOf(String(Object(value).command)));
  const missing = commands.find((program) => !existsSync(program));
  if (missing !== undefined) {
    return [{ level: "error", message: `registered program does not exist: ${missing} (${path})`, fix: INSTALL }];
  }
  return [{ level: "warning", message: `${path} is not as this version registers it`, fix: INSTALL }];
}

/** The agent that ships with Kiro CLI 2 has no file: to make one in its name would change it. */
function noAgent(version: string): Finding {
  return {
    level: "warning",
    message: `Kiro CLI ${version} runs hooks of agent files alone, and there is none: its sessions are not traced`,
    fix: `make an agent (kiro-cli agent create), then: ${INSTALL}`,
  };
}

/** Agents of the folder at hand take the place of the user's, and have hooks of their own. */
function workspaceFindings({ folder, home }: SetupContext): readonly Finding[] {
  if (folder === undefined || folder === home) return [];
  const names = listed(`${folder}/.kiro/agents`).filter((name) => {
    if (!name.endsWith(".json")) return false;
    const parsed = parseAgent(contentOf(`${folder}/.kiro/agents/${name}`));
    return "reason" in parsed || !entriesIn(parsed.root).some(({ owner }) => owner === "ours");
  });
  if (names.length === 0) return [];
  const agents = names.map((name) => basename(name, ".json")).join(", ");
  const fix = `copy the hooks of harness-tracing from an agent file in ~/.kiro/agents into ${folder}/.kiro/agents`;
  return [{ level: "warning", message: `agents of ${folder} are not traced with Kiro CLI 2: ${agents}`, fix }];
}

function listed(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
