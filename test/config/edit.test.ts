import { afterAll, describe, expect, test } from "bun:test";
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { getSetting, keyPath, parseValue, setSetting, unsetSetting } from "../../src/config/edit.ts";

const folder = mkdtempSync(join(tmpdir(), "config-edit-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
const fresh = () => join(folder, `home-${files++}`, ".arize", "harness", "config.json");
function written(value: unknown): string {
  const path = join(folder, `config-${files++}.json`);
  writeFileSync(path, typeof value === "string" ? value : JSON.stringify(value), { mode: 0o644 });
  return path;
}
const contents = (path: string) => JSON.parse(readFileSync(path, "utf8"));

describe("dotted edits", () => {
  test("the first one makes the file, 0600 in 0700", () => {
    const path = fresh();
    expect(setSetting(path, "harnesses.claude-code.target", "local").ok).toBe(true);
    expect(contents(path)).toEqual({ harnesses: { "claude-code": { target: "local" } } });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    expect(readdirSync(dirname(path))).toEqual(["config.json"]);
  });

  test("everything else stays, in its order, unknown keys included; a wide open file is closed", () => {
    const before = { z: [1, { a: null }], harnesses: { codex: { target: "local", x: 1 } }, logging: { prompts: true } };
    const path = written(before);
    setSetting(path, "harnesses.codex.target", "phoenix");
    setSetting(path, "harnesses.codex.user_id", "ada");
    expect(readFileSync(path, "utf8")).toBe(
      `${JSON.stringify({ ...before, harnesses: { codex: { target: "phoenix", x: 1, user_id: "ada" } } }, null, 2)}\n`,
    );
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("what was set can be got, and unset with the objects it leaves empty", () => {
    const path = written({ user_id: "ada" });
    setSetting(path, "capture.mask", false);
    expect(getSetting(path, "capture.mask")).toBe(false);
    expect(getSetting(path, "capture")).toEqual({ mask: false });
    expect(unsetSetting(path, "capture.mask").ok).toBe(true);
    expect(contents(path)).toEqual({ user_id: "ada" });
    expect(getSetting(path, "capture.mask")).toBeUndefined();
    expect(getSetting(path, "constructor")).toBeUndefined();
  });

  test("list items have numbers", () => {
    const path = written({ sinks: [{ target: "otlp" }] });
    setSetting(path, "sinks.0.endpoint", "http://localhost:4318");
    setSetting(path, "sinks.1.target", "phoenix");
    expect(contents(path)).toEqual({
      sinks: [{ target: "otlp", endpoint: "http://localhost:4318" }, { target: "phoenix" }],
    });
    unsetSetting(path, "sinks.0");
    expect(contents(path)).toEqual({ sinks: [{ target: "phoenix" }] });
  });

  test("a value of the wrong type is written, and its problem told", () => {
    const result = setSetting(written({}), "capture.messages", "everything");
    expect(result.ok && result.problems.map(({ field }) => field)).toEqual(["capture.messages"]);
  });

  test("a file that does not parse is left as it is", () => {
    const path = written("{ broken");
    expect(setSetting(path, "user_id", "ada").ok).toBe(false);
    expect(unsetSetting(path, "user_id").ok).toBe(false);
    expect(readFileSync(path, "utf8")).toBe("{ broken");
  });

  test("a symbolic link stays one", () => {
    const target = written({ a: 1 });
    const link = join(folder, `link-${files++}.json`);
    symlinkSync(target, link);
    setSetting(link, "b", 2);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(contents(target)).toEqual({ a: 1, b: 2 });
  });

  test("an old config.yaml is carried over into the new file", () => {
    const path = fresh().replace("/.arize/harness", "");
    setSetting(path, "x", 1);
    rmSync(path);
    writeFileSync(path.replace(".json", ".yaml"), "user_id: ada\n");
    setSetting(path, "flush", "sync");
    expect(contents(path)).toEqual({ user_id: "ada", flush: "sync" });
  });

  test("segments with dots are quoted; keys that are none are refused", () => {
    expect(keyPath('attributes."deployment.environment"')).toEqual(["attributes", "deployment.environment"]);
    expect(keyPath("a.b-c.0")).toEqual(["a", "b-c", "0"]);
    for (const bad of ["", ".", "a.", ".a", "a..b", 'a."b', "__proto__.x"]) expect(keyPath(bad)).toBeUndefined();
    expect(setSetting(fresh(), "__proto__.polluted", true).ok).toBe(false);
  });

  test("values are JSON where they parse, else text", () => {
    expect([
      parseValue("true"),
      parseValue("30"),
      parseValue('{"a":1}'),
      parseValue("hello"),
      parseValue('"30"'),
    ]).toEqual([true, 30, { a: 1 }, "hello", "30"]);
  });
});
