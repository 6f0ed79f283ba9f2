import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { SetupContext } from "../../src/agents/agent.ts";
import { isOffline } from "../../src/agents/opencode/seed.ts";
import { opencodeSetup, pluginFor, pluginPath } from "../../src/agents/opencode/setup.ts";
import { applyChanges, undoChanges, withExactUndo } from "../../src/setup/ledger.ts";
import { temporaryHome } from "../support/cli.ts";

let temporary: ReturnType<typeof temporaryHome>;
beforeEach(() => {
  temporary = temporaryHome();
  mkdirSync(`${temporary.home}/bin`);
  writeFileSync(`${temporary.home}/bin/harness-tracing`, "");
});
afterEach(() => temporary.remove());

/** A machine of which its user says whether it has a network. */
function context(more: Partial<SetupContext> = {}): SetupContext {
  return {
    home: temporary.home,
    env: {},
    platform: "linux",
    program: `${temporary.home}/bin/harness-tracing`,
    version: async (command) => (command === "opencode" ? "1.18.33" : undefined),
    ...more,
  };
}

const OFFLINE = { env: { npm_config_offline: "true" } };

const folder = () => `${temporary.home}/.config/opencode`;
const ledger = () => `${temporary.home}/ledger`;

function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

async function install(more: Partial<SetupContext> = {}): Promise<readonly string[]> {
  const changes = await opencodeSetup.register(context(more));
  if ("reason" in changes) throw new Error(changes.reason);
  applyChanges(changes, ledger());
  return changes.map(({ path }) => path.slice(folder().length + 1)).sort();
}

async function uninstall(more: Partial<SetupContext> = {}): Promise<void> {
  const changes = await opencodeSetup.unregister(context(more));
  if ("reason" in changes) throw new Error(changes.reason);
  undoChanges(withExactUndo(changes, ledger()), ledger());
}

/** Every file below the home, with its content. */
function files(): Record<string, string> {
  const all = readdirSync(temporary.home, { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    all
      .filter((entry) => entry.isFile() && !entry.parentPath.startsWith(ledger()))
      .map((entry) => [`${entry.parentPath}/${entry.name}`, readFileSync(`${entry.parentPath}/${entry.name}`, "utf8")]),
  );
}

const messages = async (more: Partial<SetupContext> = {}) =>
  (await opencodeSetup.check(context(more))).map(({ level, message }) => `${level}: ${message}`).join("\n");

describe("register", () => {
  test("is one plugin file that names the program, and twice is once", async () => {
    put(`${folder()}/node_modules/x`, "");
    expect(await install()).toEqual(["plugins/harness-tracing.js"]);
    const text = readFileSync(pluginPath(context()), "utf8");
    expect(text).toContain(`const PROGRAM = ${JSON.stringify(context().program)};`);
    expect(text).not.toContain("{{");
    expect(await install()).toEqual([]);
  });

  test("a program whose path has quotes and dollars is named as it is", () => {
    const program = '/home/o\'neil "x"/$HOME/`$&{{name}}`/bin/harness-tracing';
    expect(pluginFor(program)).toContain(`const PROGRAM = ${JSON.stringify(program)};`);
  });

  test("follows XDG_CONFIG_HOME", () => {
    expect(pluginPath(context({ env: { XDG_CONFIG_HOME: "/elsewhere/" } }))).toBe(
      "/elsewhere/opencode/plugins/harness-tracing.js",
    );
  });

  test("replaces an older version of the file and the Python toolkit's plugin, and leaves others alone", async () => {
    put(pluginPath(context()), pluginFor("/old/harness-tracing"));
    put(`${folder()}/plugin/arize.ts`, 'spawn("/home/dev/.arize/harness/venv/bin/arize-hook-opencode")');
    put(`${folder()}/plugin/mine.ts`, "export const Mine = async () => ({});");
    await install();
    expect(readFileSync(pluginPath(context()), "utf8")).toBe(pluginFor(context().program));
    expect(readdirSync(`${folder()}/plugin`)).toEqual(["mine.ts"]);
  });

  test("refuses to replace a stranger's file", async () => {
    put(pluginPath(context()), "export const Mine = async () => ({});");
    expect(await opencodeSetup.register(context())).toMatchObject({ reason: "it exists and is not ours" });
  });
});

describe("unregister", () => {
  test("leaves every file as it was, with and without a network", async () => {
    put(`${folder()}/opencode.jsonc`, "{ // mine\n}");
    const before = files();
    for (const more of [{}, OFFLINE]) {
      await install(more);
      expect(files()).not.toEqual(before);
      await uninstall(more);
      expect(files()).toEqual(before);
      expect(existsSync(`${folder()}/plugins`)).toBe(false);
      expect(existsSync(`${folder()}/node_modules`)).toBe(false);
    }
  });

  test("finds the file in either folder", async () => {
    put(`${folder()}/plugin/renamed.js`, pluginFor("/old/harness-tracing"));
    await uninstall();
    expect(existsSync(`${folder()}/plugin/renamed.js`)).toBe(false);
  });
});

describe("the package that OpenCode waits for", () => {
  const SEED = ["node_modules/.harness-tracing", "package-lock.json", "package.json", "plugins/harness-tracing.js"];

  test("is made believe to be there where there is no network", async () => {
    expect(await install(OFFLINE)).toEqual(SEED);
    const lock = JSON.parse(readFileSync(`${folder()}/package-lock.json`, "utf8"));
    expect(Object.keys(lock.packages[""].dependencies)).toEqual(["@opencode-ai/plugin"]);
    expect(await install(OFFLINE)).toEqual([]);
    expect(await messages(OFFLINE)).toStartWith("ok: ");
  });

  test("is left alone where another plugin or tool may need it, or where there is something of it", async () => {
    put(`${folder()}/tool/mine.ts`, "");
    expect(await install(OFFLINE)).toEqual(["plugins/harness-tracing.js"]);
    rmSync(folder(), { recursive: true });
    put(`${folder()}/package.json`, "{}");
    expect(await install(OFFLINE)).toEqual(["plugins/harness-tracing.js"]);
  });

  test("is given back when something comes to need it", async () => {
    await install(OFFLINE);
    put(`${folder()}/tool/mine.ts`, "");
    expect(await messages(OFFLINE)).toContain("cannot have the package");
    expect(await install(OFFLINE)).toEqual(SEED.slice(0, 3));
    expect(existsSync(`${folder()}/package.json`)).toBe(false);
  });

  test("a seed that somebody changed is nobody's to remove", async () => {
    await install(OFFLINE);
    writeFileSync(`${folder()}/package.json`, '{"dependencies":{"mine":"1"}}');
    await uninstall(OFFLINE);
    expect(readFileSync(`${folder()}/package.json`, "utf8")).toBe('{"dependencies":{"mine":"1"}}');
  });

  test("a machine is offline when npm is told so or when it has nothing but itself to talk to", () => {
    const address = { address: "127.0.0.1", netmask: "", family: "IPv4", mac: "", internal: true, cidr: null } as const;
    const lo = { lo: [address] };
    expect(isOffline({}, lo)).toBe(true);
    expect(isOffline({}, { ...lo, eth0: [{ ...address, address: "10.0.0.2", internal: false }] })).toBe(false);
    expect(isOffline({ npm_config_offline: "true" }, { eth0: [{ ...address, internal: false }] })).toBe(true);
  });
});

describe("check", () => {
  const ONLINE = { env: {} };

  test("says what is missing, double, old or dead", async () => {
    put(`${folder()}/node_modules/x`, "");
    expect(await messages(ONLINE)).toBe(`error: not registered: there is no ${pluginPath(context())}`);
    await install();
    expect(await messages(ONLINE)).toBe(`ok: registered in ${pluginPath(context())}`);
    put(`${folder()}/plugin/again.js`, pluginFor(context().program));
    expect(await messages(ONLINE)).toContain("error: registered twice");
    rmSync(`${folder()}/plugin`, { recursive: true });
    writeFileSync(pluginPath(context()), `${pluginFor(context().program)}// edited\n`);
    expect(await messages(ONLINE)).toContain("is of another version or was changed");
    writeFileSync(pluginPath(context()), pluginFor("/gone/harness-tracing"));
    expect(await messages(ONLINE)).toContain("registered program does not exist: /gone/harness-tracing");
    put(`${folder()}/plugin/arize.ts`, "arize-hook-opencode");
    expect(await messages(ONLINE)).toContain("the Python toolkit's plugin is still there");
  });

  test("says when OpenCode loads no plugins at all", async () => {
    await install();
    expect(await messages({ env: { OPENCODE_PURE: "1" } })).toContain("OPENCODE_PURE");
  });
});
