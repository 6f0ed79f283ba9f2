import { afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { program, temporaryHome } from "../support/cli.ts";
import { builtProgram } from "../support/program.ts";

const NAME = "claude-code-tracing@coding-harness-tracing";
const PLUGIN = join(import.meta.dir, "../../src/plugins/claude-code");

let binary = "";
beforeAll(async () => {
  binary = await builtProgram();
}, 120_000);

let temporary: ReturnType<typeof temporaryHome>;
beforeEach(() => {
  temporary = temporaryHome();
  // As Claude Code leaves its folder after `claude plugin install`.
  const folder = `${temporary.home}/.claude`;
  const installPath = `${folder}/plugins/cache/plugin`;
  mkdirSync(`${folder}/plugins/cache`, { recursive: true });
  cpSync(PLUGIN, installPath, { recursive: true });
  writeFileSync(`${folder}/settings.json`, JSON.stringify({ enabledPlugins: { [NAME]: true } }));
  writeFileSync(
    `${folder}/plugins/installed_plugins.json`,
    JSON.stringify({ version: 2, plugins: { [NAME]: [{ scope: "user", installPath }] } }),
  );
});
afterEach(() => temporary.remove());

const run = (line: string) => program(binary, temporary.home, line.split(" "));

test("whoever installs besides the plugin hears of it", async () => {
  const { code, err } = await run("install claude --yes");
  expect(code).toBe(0);
  expect(err).toBe(
    `Warning: the plugin ${NAME} is there too, so every hook runs twice. To remove it: claude plugin uninstall ${NAME}\n`,
  );
});

test("whoever uninstalls hears that the plugin stays, and how it goes", async () => {
  await run("install --program-only --yes");
  const { code, err } = await run("uninstall --yes");
  expect(code).toBe(0);
  expect(err).toBe(
    `Left alone: the plugin ${NAME}, whose hooks run harness-tracing. To remove it: claude plugin uninstall ${NAME}\n`,
  );
});
