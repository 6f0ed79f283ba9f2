/** Where Cursor's programs and hook files are. */

import { existsSync } from "node:fs";
import { dirname } from "node:path";
import type { SetupContext } from "../agent.ts";
import { type CursorVersions, UNKNOWN_VERSION } from "./registration.ts";

/** Where an administrator's hooks lie. */
const MANAGED: Readonly<Partial<Record<NodeJS.Platform, string>>> = {
  linux: "/etc/cursor/hooks.json",
  darwin: "/Library/Application Support/Cursor/hooks.json",
  win32: "C:\\ProgramData\\Cursor\\hooks.json",
};

/** `3.9.16` on the first line; another program's `cursor` or `agent` says something else. */
const EDITOR_VERSION = /^(\d+\.\d+\.\d+)\s/;
const CLI_VERSION = /^(\d{4}\.\d{2}\.\d{2}\S*)/;

/** Hooks of the user, for the editor and the command line program alike. No variable moves them. */
export function userFile({ home }: Pick<SetupContext, "home">): string {
  return `${home}/.cursor/hooks.json`;
}

/** Hooks of the repository that holds a folder. */
export function repositoryFile(folder: string | undefined): string | undefined {
  for (let place = folder; place !== undefined; place = dirname(place) === place ? undefined : dirname(place)) {
    if (existsSync(`${place}/.git`)) return `${place}/.cursor/hooks.json`;
  }
  return undefined;
}

/** Hooks of the machine's administrator. */
export function managedFile(platform: NodeJS.Platform): string | undefined {
  return MANAGED[platform];
}

/** What is installed. An editor that is there but tells no version has an unknown one. */
export async function installedVersions(context: SetupContext): Promise<CursorVersions> {
  const editor =
    (await firstVersion(context, editorCommands(context), EDITOR_VERSION)) ??
    (editorFolders(context).some((folder) => existsSync(folder)) ? UNKNOWN_VERSION : undefined);
  const local = `${context.home}/.local/bin`;
  const commands = ["cursor-agent", "agent", `${local}/cursor-agent`, `${local}/agent`];
  const cli = await firstVersion(context, commands, CLI_VERSION);
  return { ...(editor !== undefined && { editor }), ...(cli !== undefined && { cli }) };
}

async function firstVersion(
  { version }: SetupContext,
  commands: readonly string[],
  form: RegExp,
): Promise<string | undefined> {
  for (const command of commands) {
    const found = form.exec(`${(await version(command)) ?? ""}\n`)?.[1];
    if (found) return found;
  }
  return undefined;
}

/** The editor's own command, from the PATH or from where its installers put it. */
function editorCommands({ home, env, platform }: SetupContext): readonly string[] {
  const inApp = "Cursor.app/Contents/Resources/app/bin/cursor";
  if (platform === "darwin") return ["cursor", `/Applications/${inApp}`, `${home}/Applications/${inApp}`];
  if (platform === "win32") {
    const programs = `${env.LOCALAPPDATA ?? `${home}\\AppData\\Local`}\\Programs`;
    return ["cursor", `${programs}\\cursor\\resources\\app\\bin\\cursor.cmd`];
  }
  return ["cursor", "/usr/share/cursor/bin/cursor", "/opt/Cursor/bin/cursor"];
}

/** Folders that the editor makes when it runs. */
function editorFolders({ home, env, platform }: SetupContext): readonly string[] {
  if (platform === "darwin") return [`${home}/Library/Application Support/Cursor`];
  if (platform === "win32") return [`${env.APPDATA ?? `${home}\\AppData\\Roaming`}\\Cursor`];
  return [`${env.XDG_CONFIG_HOME || `${home}/.config`}/Cursor`];
}
