import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NPM_NAME, PLATFORMS, writeNpmPackages } from "../../build/npm-packages.ts";
import { TARGETS } from "../../build/targets.ts";
import { VERSION } from "../../src/version.ts";
import { builtProgram } from "../support/program.ts";

// Packing a hundred megabytes on a busy machine.
setDefaultTimeout(240_000);

let folder = "";
let packages: readonly string[] = [];

/** This machine's platform. */
const OWN = PLATFORMS.filter(
  ({ os, cpu, libc }) =>
    os === process.platform &&
    cpu === process.arch &&
    (libc === undefined || (libc === "musl") === existsSync("/etc/alpine-release")),
);

beforeAll(async () => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "harness-tracing-npm-")));
  const program = await builtProgram();
  packages = await writeNpmPackages(
    { version: VERSION, platforms: OWN, program: async () => program },
    join(folder, "packages"),
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(command: readonly string[], cwd: string) {
  const home = join(folder, "home");
  mkdirSync(home, { recursive: true });
  const child = Bun.spawn([...command], {
    cwd,
    env: {
      HOME: home,
      PATH: process.env.PATH ?? "",
      npm_config_cache: join(folder, "cache"),
      npm_config_offline: "true",
    },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, out, err };
}

const manifest = (place: string) => JSON.parse(readFileSync(join(place, "package.json"), "utf8"));

describe("the platforms", () => {
  test("are each kind of machine once, with the program that runs on every processor of it", () => {
    expect(PLATFORMS.map(({ suffix, target }) => `${suffix}: ${target.name}`)).toEqual([
      "linux-x64: linux-x64-baseline",
      "linux-x64-musl: linux-x64-musl-baseline",
      "linux-arm64: linux-arm64",
      "linux-arm64-musl: linux-arm64-musl",
      "darwin-x64: darwin-x64",
      "darwin-arm64: darwin-arm64",
      "win32-x64: windows-x64-baseline",
      "win32-arm64: windows-arm64",
    ]);
    for (const { target } of PLATFORMS) expect(TARGETS).toContain(target);
  });

  test("are optional dependencies of the main package, of exactly its version", () => {
    const { name, version, optionalDependencies } = manifest(packages.at(-1) ?? "");
    expect({ name, version }).toEqual({ name: NPM_NAME, version: VERSION });
    expect(optionalDependencies).toEqual(
      Object.fromEntries(PLATFORMS.map(({ suffix }) => [`${NPM_NAME}-${suffix}`, VERSION])),
    );
  });

  test("say which machine they are for", () => {
    const [own] = OWN;
    expect(manifest(packages[0] ?? "")).toMatchObject({
      name: `${NPM_NAME}-${own?.suffix}`,
      os: [process.platform],
      cpu: [process.arch],
    });
  });
});

test("packed and installed from the files alone, the program runs, with its arguments and exit codes", async () => {
  const archives: string[] = [];
  for (const place of packages) {
    const { code, out, err } = await run(["npm", "pack", "--json", "--pack-destination", folder], place);
    expect({ code, err }).toMatchObject({ code: 0 });
    archives.push(join(folder, JSON.parse(out)[0].filename));
  }
  const project = join(folder, "project");
  mkdirSync(project);
  await Bun.write(join(project, "package.json"), "{}");
  const installed = await run(["npm", "install", "--no-audit", "--no-fund", ...archives], project);
  expect({ code: installed.code, err: installed.err }).toMatchObject({ code: 0 });
  const npx = (...args: string[]) => run(["npx", "--no-install", "harness-tracing", ...args], project);
  expect(await npx("--version")).toMatchObject({ code: 0, out: `${VERSION}\n` });
  expect((await npx("show", "--wrong")).code).toBe(2);
  const { code, out } = await npx("install", "claude", "--yes");
  expect({ code, out }).toMatchObject({
    code: 0,
    out: expect.stringContaining("a test hook of Claude Code was recorded"),
  });
  const program = join(folder, "home/.arize/harness/bin/harness-tracing");
  expect(statSync(program).mode & 0o777).toBe(0o755);
  // What was installed needs neither Node nor the packages.
  rmSync(project, { recursive: true });
  expect(await run([program, "--version"], folder)).toMatchObject({ code: 0, out: `${VERSION}\n` });
});

test("without the platform's package it says what is missing and what to do", async () => {
  const { code, out, err } = await run(
    ["node", join(packages.at(-1) ?? "", "bin/harness-tracing.mjs"), "demo"],
    folder,
  );
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toContain(`the package ${NPM_NAME}-${process.platform}-${process.arch}`);
  expect(err).toContain("--omit=optional");
});
