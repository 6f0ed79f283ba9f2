/**
 * OpenCode installs the package `@opencode-ai/plugin` into a configuration folder that holds a plugin, and waits for that
 * at its start. It does so once, with a network; without one it tries again, for more than a minute, at every start.
 *
 * Three files make it believe that the package is there. Our plugin does not need it; other plugins and tools may. So the
 * seed is laid only on a machine without a network, and only where nothing else could need the package.
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import type { Environment } from "../../hook/environment.ts";
import type { FileChange } from "../../setup/change.ts";

const PACKAGE = "@opencode-ai/plugin";

const SEED_MODE = 0o600;

/** npm's own way to say that there is no network. */
const OFFLINE_VARIABLES = ["npm_config_offline", "NPM_CONFIG_OFFLINE"];

/** Folders whose files may import the package. */
const USERS = ["plugin", "plugins", "tool", "tools"];

/** The seed's files. Any version will do: only names are compared. */
function seedFiles(folder: string): readonly { readonly path: string; readonly text: string }[] {
  const dependencies = { [PACKAGE]: "*" };
  const json = (value: unknown) => `${JSON.stringify(value, undefined, 2)}\n`;
  const lock = { name: "opencode", lockfileVersion: 3, requires: true, packages: { "": { dependencies } } };
  return [
    {
      path: `${folder}/node_modules/.harness-tracing`,
      text: "Keeps OpenCode from waiting for a network at its start.\n",
    },
    { path: `${folder}/package-lock.json`, text: json(lock) },
    { path: `${folder}/package.json`, text: json({ dependencies }) },
  ];
}

/** Is this machine without a network, by what it or its user says? Nothing is sent. */
export function isOffline(env: Environment, interfaces = networkInterfaces()): boolean {
  if (OFFLINE_VARIABLES.some((name) => env[name] === "true" || env[name] === "1")) return true;
  return Object.values(interfaces).every((addresses) => (addresses ?? []).every(({ internal }) => internal));
}

/** The seed as far as it is still as we laid it. */
export function seedIn(folder: string): readonly { readonly path: string; readonly text: string }[] {
  return seedFiles(folder).filter(({ path, text }) => textOf(path) === text);
}

/** Could anything besides our own plugin need the package? */
export function needsPackage(folder: string, ours: string): boolean {
  return USERS.some((name) => namesIn(`${folder}/${name}`).some((file) => `${folder}/${name}/${file}` !== ours));
}

/** The changes that bring the seed where it helps, and away from where it harms. */
export function seedChanges(folder: string, ours: string, offline: boolean): readonly FileChange[] {
  const laid = seedIn(folder);
  if (laid.length > 0) return needsPackage(folder, ours) ? seedRemoved(folder) : [];
  const files = seedFiles(folder);
  const untouched = !existsSync(`${folder}/node_modules`) && files.every(({ path }) => !existsSync(path));
  if (!offline || !untouched || needsPackage(folder, ours)) return [];
  return files.map(({ path, text }) => ({ path, before: undefined, after: text, mode: SEED_MODE }));
}

/** The changes that take the seed away. */
export function seedRemoved(folder: string): readonly FileChange[] {
  return seedIn(folder).map(({ path, text }) => ({ path, before: text, after: undefined }));
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
