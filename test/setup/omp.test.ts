import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { SetupContext } from "../../src/agents/agent.ts";
import { extensionFor, type Kind, OMP, PI, setupOf } from "../../src/agents/omp/setup.ts";
import { applyChanges, undoChanges, withExactUndo } from "../../src/setup/ledger.ts";
import { temporaryHome } from "../support/cli.ts";

let temporary: ReturnType<typeof temporaryHome>;
beforeEach(() => {
  temporary = temporaryHome();
  mkdirSync(`${temporary.home}/bin`);
  writeFileSync(`${temporary.home}/bin/harness-tracing`, "");
});
afterEach(() => temporary.remove());

function context(env: Readonly<Record<string, string>> = {}): SetupContext {
  return {
    home: temporary.home,
    env,
    platform: "linux",
    program: `${temporary.home}/bin/harness-tracing`,
    version: async (command) => (command === "omp" ? "omp/18.2.3" : undefined),
  };
}

const ledger = () => `${temporary.home}/ledger`;

function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

async function install(kind: Kind, env?: Readonly<Record<string, string>>): Promise<readonly string[]> {
  const changes = await setupOf(kind).register(context(env));
  if ("reason" in changes) throw new Error(changes.reason);
  applyChanges(changes, ledger());
  return changes.map(({ path }) => path.slice(temporary.home.length + 1));
}

async function uninstall(kind: Kind, env?: Readonly<Record<string, string>>): Promise<void> {
  const changes = await setupOf(kind).unregister(context(env));
  if ("reason" in changes) throw new Error(changes.reason);
  undoChanges(withExactUndo(changes, ledger()), ledger());
}

const messages = async (kind: Kind, env?: Readonly<Record<string, string>>) =>
  (await setupOf(kind).check(context(env))).map(({ level, message }) => `${level}: ${message}`).join("\n");

test("each registers one extension file in its own folder, and twice is once", async () => {
  expect(await install(OMP)).toEqual([".omp/agent/extensions/harness-tracing.js"]);
  expect(await install(PI)).toEqual([".pi/agent/extensions/harness-tracing.js"]);
  expect(await install(OMP)).toEqual([]);
  expect(await install(PI)).toEqual([]);
  const text = readFileSync(`${temporary.home}/.omp/agent/extensions/harness-tracing.js`, "utf8");
  expect(text).toBe(extensionFor(context().program));
  expect(text).not.toContain("{{");
});

test("every profile of Oh My Pi is registered, and its folder moves as it does for Oh My Pi", async () => {
  mkdirSync(`${temporary.home}/.omp/profiles/work/agent`, { recursive: true });
  mkdirSync(`${temporary.home}/.omp/profiles/play`, { recursive: true });
  expect(await install(OMP)).toEqual([
    ".omp/agent/extensions/harness-tracing.js",
    ".omp/profiles/play/agent/extensions/harness-tracing.js",
    ".omp/profiles/work/agent/extensions/harness-tracing.js",
  ]);
  expect(await install(OMP, { PI_CONFIG_DIR: ".elsewhere" })).toEqual([
    ".elsewhere/agent/extensions/harness-tracing.js",
  ]);
  expect(await install(OMP, { PI_CONFIG_DIR: ".elsewhere", PI_CODING_AGENT_DIR: `${temporary.home}/mine/` })).toEqual([
    "mine/extensions/harness-tracing.js",
  ]);
});

test("a folder that both are told to use gets one file for both", async () => {
  const env = { PI_CODING_AGENT_DIR: "~/both" };
  expect(await install(OMP, env)).toEqual(["both/extensions/harness-tracing.js"]);
  expect(await install(PI, env)).toEqual([]);
  expect(await messages(PI, env)).toStartWith("ok: ");
});

test("uninstalling leaves the folders as they were and other extensions alone", async () => {
  put(`${temporary.home}/.omp/agent/extensions/mine.ts`, "export default () => {};");
  await install(OMP);
  await install(PI);
  await uninstall(OMP);
  await uninstall(PI);
  expect(readdirSync(`${temporary.home}/.omp/agent/extensions`)).toEqual(["mine.ts"]);
  expect(existsSync(`${temporary.home}/.pi`)).toBe(false);
});

test("the Python toolkit's extension is replaced", async () => {
  const old = `${temporary.home}/.omp/agent/extensions/arize.ts`;
  put(old, "arize-hook-omp");
  expect(await messages(OMP)).toContain("the Python toolkit's plugin is still there");
  await install(OMP);
  expect(existsSync(old)).toBe(false);
  expect(await messages(OMP)).toStartWith("ok: ");
});

test("check names the profile that is not registered", async () => {
  await install(OMP);
  mkdirSync(`${temporary.home}/.omp/profiles/late/agent`, { recursive: true });
  expect(await messages(OMP)).toBe(
    `error: not registered: there is no ${temporary.home}/.omp/profiles/late/agent/extensions/harness-tracing.js`,
  );
});

test("each is found by its own program or its own folder", async () => {
  expect(await setupOf(OMP).detect(context())).toMatchObject({ installed: true, version: "18.2.3" });
  expect(await setupOf(PI).detect(context())).toMatchObject({ installed: false });
  mkdirSync(`${temporary.home}/.pi/agent`, { recursive: true });
  expect(await setupOf(PI).detect(context())).toMatchObject({ installed: true });
});
