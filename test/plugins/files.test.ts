import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pluginFiles } from "../../src/plugins/files.ts";
import { VERSION } from "../../src/version.ts";

const ROOT = join(import.meta.dir, "../..");
const files = pluginFiles();

/** Folders of the plugins, and the file of each that a person wrote. */
const PLUGINS = [...files.keys()].filter((path) => path.endsWith("plugin.json")).map((path) => join(path, "../.."));
const WRITTEN = "README.md";

const readJson = (path: string) => JSON.parse(readFileSync(join(ROOT, path), "utf8"));

test.each([...files])("%s is what `bun build/plugins.ts` writes", (path, text) => {
  expect(existsSync(join(ROOT, path)) && readFileSync(join(ROOT, path), "utf8")).toBe(text);
});

test.each(PLUGINS)("%s holds nothing else but its README", (folder) => {
  const there = readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1));
  expect(there.filter((path) => !files.has(path))).toEqual([join(folder, WRITTEN)]);
});

test.each([".claude-plugin/marketplace.json", ".cursor-plugin/marketplace.json"])(
  "%s names plugins that are there, by their names",
  (path) => {
    const { name, plugins } = readJson(path);
    expect(name).toBe("coding-harness-tracing");
    expect(plugins.length).toBe(1);
    for (const plugin of plugins) {
      expect(plugin.source).toStartWith("./");
      const folder = path.split("/")[0] ?? "";
      const manifest = readJson(join(plugin.source, folder, "plugin.json"));
      expect(manifest).toMatchObject({ name: plugin.name, description: plugin.description, version: VERSION });
      expect(existsSync(join(ROOT, plugin.source, "hooks/hooks.json"))).toBe(true);
    }
  },
);

test("the documented name of the Claude Code plugin stays", () => {
  const { name, plugins } = readJson(".claude-plugin/marketplace.json");
  expect(`${plugins[0].name}@${name}`).toBe("claude-code-tracing@coding-harness-tracing");
});

test("the documented name of the Cursor plugin stays, and its manifest has no field that the schema refuses", () => {
  const manifest = readJson("src/plugins/cursor/.cursor-plugin/plugin.json");
  expect(manifest.name).toBe("cursor-tracing");
  const known = ["name", "displayName", "description", "version", "author", "homepage", "repository", "license"];
  expect(Object.keys(manifest).filter((key) => !known.includes(key))).toEqual([]);
  expect(Object.keys(manifest.author)).toEqual(["name"]);
});

test("Cursor's hooks file says its version, which Cursor demands", () => {
  expect(readJson("src/plugins/cursor/hooks/hooks.json").version).toBe(1);
});

test("fetch.sh takes the installer from the address that the installer documents", () => {
  const [, address = ""] = /^installer=(\S+)$/m.exec(readFileSync(join(ROOT, "src/plugins/fetch.sh"), "utf8")) ?? [];
  expect(address).toBe("https://raw.githubusercontent.com/Arize-ai/coding-harness-tracing/main/install.sh");
});
