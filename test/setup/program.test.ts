import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installProgram } from "../../src/setup/program.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "harness-tracing-program-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const install = (source: string, target: string) => installProgram(source, target, process.platform);

test("the copy is executable, its folder private, nothing else is left there", () => {
  const source = join(folder, "source");
  writeFileSync(source, "#!/bin/sh\necho one\n", { mode: 0o644 });
  const target = join(folder, "bin/harness-tracing");
  expect(install(source, target)).toBe("installed");
  expect(statSync(target).mode & 0o777).toBe(0o755);
  expect(statSync(join(folder, "bin")).mode & 0o777).toBe(0o700);
  expect(readdirSync(join(folder, "bin"))).toEqual(["harness-tracing"]);
});

test("the same program again is not written again", () => {
  const source = join(folder, "source");
  writeFileSync(source, "one");
  const target = join(folder, "bin/harness-tracing");
  install(source, target);
  const { ino } = statSync(target);
  expect(install(source, target)).toBe("unchanged");
  expect(install(target, target)).toBe("unchanged");
  expect(statSync(target).ino).toBe(ino);
});

test("another program of the same size replaces it, also while it runs", async () => {
  const source = join(folder, "source");
  const target = join(folder, "bin/harness-tracing");
  writeFileSync(source, "#!/bin/sh\necho ready\nread line\necho one\n");
  install(source, target);
  const running = Bun.spawn([target], { stdin: "pipe", stdout: "pipe" });
  const output = running.stdout.getReader();
  const read = async () => new TextDecoder().decode((await output.read()).value);
  expect(await read()).toBe("ready\n");
  writeFileSync(source, "#!/bin/sh\necho ready\nread line\necho two\n");
  expect(install(source, target)).toBe("replaced");
  expect(readFileSync(target, "utf8")).toContain("two");
  running.stdin.end();
  expect(await read()).toBe("one\n");
  await running.exited;
});
