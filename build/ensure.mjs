// Installs the pinned packages when they are missing or not those of the lock file. Runs before every build and test,
// under Node or Bun, and must work before anything is installed: plain JavaScript without dependencies.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const lock = join(root, "package-lock.json");
const modules = join(root, "node_modules");

/** Holds the hash of the lock file that was installed. */
const stamp = join(modules, ".installed-lock");

/** npm writes it at the end of every installation. */
const installedByNpm = join(modules, ".package-lock.json");

/** Larger than the placeholder, far smaller than the runtime, in bytes. */
const PLACEHOLDER_BYTES = 1024 * 1024;

function lockHash() {
  return createHash("sha256").update(readFileSync(lock)).digest("hex");
}

/** Milliseconds of a file's last change; 0 when there is none. */
function changed(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function upToDate() {
  if (changed(join(modules, ".bin")) === 0) return false;
  if (changed(installedByNpm) > changed(lock)) return true;
  try {
    return readFileSync(stamp, "utf8") === lockHash();
  } catch {
    return false;
  }
}

/** Runs a command in the project's folder. @returns true when it ended well */
function ran(command, args) {
  // npm is a .cmd file on Windows, which only a shell can start; the arguments are constants.
  const options = { cwd: root, stdio: "inherit", shell: process.platform === "win32" };
  const result = spawnSync(command, args, options);
  return result.error === undefined && result.status === 0;
}

function exists(command) {
  const result = spawnSync(command, ["--version"], { stdio: "ignore", shell: process.platform === "win32" });
  return result.error === undefined && result.status === 0;
}

/** npm where there is one: the lock file is npm's. Bun reads it too. */
function install() {
  if (exists("npm")) return ran("npm", ["ci", "--no-audit", "--no-fund"]);
  const bun = process.versions.bun === undefined ? "bun" : process.execPath;
  return ran(bun, ["install", "--no-save"]);
}

/**
 * The `bun` package moves its runtime into place in a postinstall script. Where such scripts are switched off, it leaves a
 * small placeholder: then that one script is run here.
 */
function finishBun() {
  const folder = join(modules, "bun");
  const size = statSync(join(folder, "bin", "bun.exe"), { throwIfNoEntry: false })?.size;
  if (size === undefined || size > PLACEHOLDER_BYTES) return true;
  return ran(process.execPath, [join(folder, "install.js")]);
}

if (!upToDate()) {
  if (!install() || !finishBun()) {
    console.error("Could not install the packages of package-lock.json with npm or Bun (see above).");
    process.exit(1);
  }
  writeFileSync(stamp, lockHash());
}
