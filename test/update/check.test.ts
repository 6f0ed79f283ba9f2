import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { pathsIn } from "../../src/paths.ts";
import { type CheckContext, isNewer, updateNotice, writeNote } from "../../src/update/check.ts";
import { temporaryHome } from "../support/cli.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const NOW = Date.UTC(2026, 10, 22);

let temporary: ReturnType<typeof temporaryHome>;
let started: (readonly string[])[] = [];
beforeEach(() => {
  temporary = temporaryHome();
  started = [];
  mkdirSync(paths().bin, { recursive: true });
  writeFileSync(program(), "");
});
afterEach(() => temporary.remove());

const paths = () => pathsIn(temporary.home);
const program = () => `${paths().bin}/harness-tracing`;

function notice(changed: Partial<CheckContext> = {}): string | undefined {
  return updateNotice({
    env: {},
    paths: paths(),
    now: () => NOW,
    version: "0.2.0",
    self: [program()],
    program: program(),
    start: (argv) => started.push(argv),
    ...changed,
  });
}

test("looks once a day, in a process of its own", () => {
  expect(notice()).toBeUndefined();
  expect(started).toEqual([[program(), "update", "--check"]]);
  notice({ now: () => NOW + DAY_MS });
  expect(started).toHaveLength(1);
  notice({ now: () => NOW + DAY_MS + 1 });
  expect(started).toHaveLength(2);
});

test("a clock that went back does not stop it", () => {
  writeNote(paths(), { checked: NOW + 5 * DAY_MS });
  notice();
  expect(started).toHaveLength(1);
});

test("says so when a newer release is known, and remembers it while it looks again", () => {
  writeNote(paths(), { checked: NOW - 2 * DAY_MS, latest: "0.10.0" });
  expect(notice()).toBe("harness-tracing 0.10.0 is out (this is 0.2.0): harness-tracing update");
  expect(JSON.parse(readFileSync(`${paths().state}/update.json`, "utf8"))).toEqual({ checked: NOW, latest: "0.10.0" });
  expect(notice({ version: "0.10.0" })).toBeUndefined();
  expect(notice({ version: "0.11.0" })).toBeUndefined();
});

test("a note that means nothing is looked up again", () => {
  mkdirSync(paths().state);
  writeFileSync(`${paths().state}/update.json`, "{");
  expect(notice()).toBeUndefined();
  expect(started).toHaveLength(1);
});

test.each([
  ["the environment", { env: { ARIZE_UPDATE_CHECK: "false" } }],
  ["a word that nobody knows", { env: { ARIZE_UPDATE_CHECK: "never" } }],
  ["CI", { env: { CI: "true" } }],
  ["running from somewhere else", { self: ["/bin/sh"] }],
  ["running from source", { self: ["bun", "src/main.ts"] }],
])("%s switches it off", (_title, changed: Partial<CheckContext>) => {
  writeNote(paths(), { checked: 0, latest: "9.0.0" });
  expect(notice(changed)).toBeUndefined();
  expect(started).toEqual([]);
});

test("the configuration switches it off, one that cannot be read too", () => {
  writeNote(paths(), { checked: 0, latest: "9.0.0" });
  for (const text of ['{"update":{"check":false}}', "{"]) {
    writeFileSync(paths().config, text);
    expect(notice()).toBeUndefined();
  }
  expect(started).toEqual([]);
});

test("versions are compared by their numbers", () => {
  expect(isNewer("0.10.0", "0.9.9")).toBe(true);
  expect(isNewer("1.0.0", "1.0.0")).toBe(false);
  expect(isNewer("1.0.0-rc.1", "1.0.0")).toBe(false);
});
