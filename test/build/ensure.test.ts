import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

let root: string;
let bin: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "harness-tracing-ensure-"));
  bin = join(root, "bin");
  for (const folder of ["bin", "build"]) mkdirSync(join(root, folder));
  copyFileSync(join(import.meta.dir, "../../build/ensure.mjs"), join(root, "build/ensure.mjs"));
  writeFileSync(join(root, "package.json"), JSON.stringify({ name: "x", version: "1.0.0" }));
  writeLock("1.0.0");
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function writeLock(version: string): void {
  const lock = { name: "x", version, lockfileVersion: 3, requires: true, packages: { "": { name: "x", version } } };
  writeFileSync(join(root, "package-lock.json"), JSON.stringify(lock));
}

/** A program that takes npm's place: notes its arguments, makes what an installation makes, ends with `code`. */
function fakeNpm(code: number): void {
  const script = `#!/bin/sh\n[ "$1" = --version ] && exit 0\necho "$@" >> "${root}/calls"\n/bin/mkdir -p "${root}/node_modules/.bin"\nexit ${code}\n`;
  writeFileSync(join(bin, "npm"), script);
  chmodSync(join(bin, "npm"), 0o755);
}

async function ensure(): Promise<number> {
  const child = Bun.spawn([process.execPath, join(root, "build/ensure.mjs")], {
    env: { PATH: bin, HOME: root },
    stdio: ["ignore", "ignore", "ignore"],
  });
  return await child.exited;
}

function calls(): readonly string[] {
  const file = join(root, "calls");
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
}

test("missing packages are installed once, by npm ci", async () => {
  fakeNpm(0);
  expect(await ensure()).toBe(0);
  expect(await ensure()).toBe(0);
  expect(calls()).toEqual(["ci --no-audit --no-fund"]);
});

test("another lock file is installed, the same one with another time is not", async () => {
  fakeNpm(0);
  await ensure();
  writeLock("1.0.1");
  await ensure();
  expect(calls()).toHaveLength(2);
  const future = Date.now() / 1000 + 1000;
  utimesSync(join(root, "package-lock.json"), future, future);
  await ensure();
  expect(calls()).toHaveLength(2);
});

test("packages that npm installed by hand after the last change of the lock file are taken as they are", async () => {
  fakeNpm(0);
  mkdirSync(join(root, "node_modules/.bin"), { recursive: true });
  writeFileSync(join(root, "node_modules/.package-lock.json"), "{}");
  const past = Date.now() / 1000 - 1000;
  utimesSync(join(root, "package-lock.json"), past, past);
  expect(await ensure()).toBe(0);
  expect(calls()).toEqual([]);
});

test("a failed installation fails the script, and the next run tries again", async () => {
  fakeNpm(1);
  expect(await ensure()).toBe(1);
  expect(await ensure()).toBe(1);
  expect(calls()).toHaveLength(2);
});

test("without npm Bun installs from the same lock file and leaves no lock file of its own", async () => {
  writeFileSync(
    join(root, "package.json"),
    JSON.stringify({ name: "x", version: "1.0.0", dependencies: { y: "file:./y" } }),
  );
  mkdirSync(join(root, "y"));
  writeFileSync(join(root, "y/package.json"), JSON.stringify({ name: "y", version: "1.0.0" }));
  expect(await ensure()).toBe(0);
  expect(existsSync(join(root, "node_modules/y/package.json"))).toBe(true);
  expect(existsSync(join(root, "bun.lock"))).toBe(false);
});
