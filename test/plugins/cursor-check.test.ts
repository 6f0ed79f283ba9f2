import { afterEach, beforeEach, expect, test } from "bun:test";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SetupContext } from "../../src/agents/agent.ts";
import { cursorSetup } from "../../src/agents/cursor/setup.ts";
import { temporaryHome } from "../support/cli.ts";

const PLUGIN = join(import.meta.dir, "../../src/plugins/cursor");

let temporary: ReturnType<typeof temporaryHome>;
beforeEach(() => {
  temporary = temporaryHome();
  mkdirSync(`${temporary.home}/.cursor`);
  mkdirSync(`${temporary.home}/bin`);
  writeFileSync(`${temporary.home}/bin/harness-tracing`, "");
});
afterEach(() => temporary.remove());

const context = (): SetupContext => ({
  home: temporary.home,
  env: {},
  platform: "linux",
  program: `${temporary.home}/bin/harness-tracing`,
  version: async (command) => (command === "cursor" ? "3.9.16\nabc\nx64" : undefined),
});

/** Puts our plugin where Cursor keeps plugins, and somebody else's beside it. */
function addPlugin(): void {
  const cache = `${temporary.home}/.cursor/plugins/cache`;
  cpSync(PLUGIN, `${cache}/Arize-ai/cursor-tracing/0.1.0`, { recursive: true });
  mkdirSync(`${cache}/else/where/1.0.0/hooks`, { recursive: true });
  writeFileSync(`${cache}/else/where/1.0.0/hooks/hooks.json`, "{}");
}

async function register(): Promise<void> {
  const changes = await cursorSetup.register(context());
  if ("reason" in changes) throw new Error(changes.reason);
  for (const { path, after } of changes) writeFileSync(path, after ?? "");
}

const messages = async () =>
  (await cursorSetup.check(context())).map(({ level, message }) => `${level}: ${message}`).join("\n");

test("the plugin alone is a registration", async () => {
  expect(await messages()).toContain("error: not registered");
  addPlugin();
  expect(await messages()).toBe("ok: registered by the plugin cursor-tracing");
});

test("the plugin besides the user's file costs time, and is named with the way out", async () => {
  await register();
  expect(await messages()).toStartWith("ok: registered for");
  addPlugin();
  expect(await messages()).toBe("warning: the plugin cursor-tracing is there too: every hook runs twice");
  expect(cursorSetup.plugins?.(context())).toEqual([
    { name: "cursor-tracing", remove: "uninstall cursor-tracing in Cursor's settings, under Plugins" },
  ]);
});
