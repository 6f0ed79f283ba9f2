import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { FileChange } from "../../src/setup/change.ts";
import { readEditable, writeAtomically } from "../../src/setup/file.ts";
import { applyChanges, isUntouched, undoChanges, withExactUndo } from "../../src/setup/ledger.ts";

let folder = "";
let file = "";
let ledger = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "harness-tracing-file-"));
  file = join(folder, "settings.json");
  ledger = join(folder, "ledger");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const modeOf = (path: string) => statSync(path).mode & 0o777;

describe("readEditable", () => {
  test("a missing file has no text, which is no problem", () => {
    expect(readEditable(file)).toEqual({ text: undefined });
  });

  test("the byte order mark and line endings are part of the text", () => {
    writeFileSync(file, "\uFEFF{}\r\n");
    expect(readEditable(file)).toEqual({ text: "\uFEFF{}\r\n" });
  });

  test("bytes that are not UTF-8 are not touched", () => {
    writeFileSync(file, Buffer.from([0xff, 0xfe, 0x7b, 0x00]));
    expect(readEditable(file)).toEqual({ problem: "it is not UTF-8 text", fix: `save ${file} as UTF-8` });
  });

  test("a write-protected file is respected, even by root", () => {
    writeFileSync(file, "{}");
    chmodSync(file, 0o444);
    expect(readEditable(file)).toEqual({ problem: "it is write-protected", fix: `chmod u+w ${file}` });
  });

  test("a folder in the place of the file is said to be one", () => {
    mkdirSync(file);
    expect(readEditable(file)).toEqual({ problem: "it is not a file", fix: `move ${file} away` });
  });
});

describe("writeAtomically", () => {
  test("a new file has the given mode, its new folders are private", () => {
    const deep = join(folder, "a/b/settings.json");
    expect(writeAtomically(deep, "x", 0o600)).toBe(join(folder, "a"));
    expect(modeOf(deep)).toBe(0o600);
    expect(modeOf(join(folder, "a"))).toBe(0o700);
  });

  test("an existing file keeps its mode and no temporary file stays behind", () => {
    writeFileSync(file, "old");
    chmodSync(file, 0o640);
    writeAtomically(file, "new");
    expect(readFileSync(file, "utf8")).toBe("new");
    expect(modeOf(file)).toBe(0o640);
    expect(readdirSync(folder)).toEqual(["settings.json"]);
  });

  test("a symbolic link stays a link and its target is written", () => {
    const real = join(folder, "dotfiles.json");
    writeFileSync(real, "old");
    symlinkSync("dotfiles.json", file);
    writeAtomically(file, "new");
    expect(lstatSync(file).isSymbolicLink()).toBe(true);
    expect(readFileSync(real, "utf8")).toBe("new");
  });

  test("a link to nowhere yet gets its target made", () => {
    symlinkSync(join(folder, "later/settings.json"), file);
    writeAtomically(file, "new");
    expect(readFileSync(join(folder, "later/settings.json"), "utf8")).toBe("new");
  });

  test("a folder that cannot be written leaves the file as it was", () => {
    writeFileSync(join(folder, "blocker"), "");
    expect(() => writeAtomically(join(folder, "blocker/settings.json"), "new")).toThrow();
    expect(readdirSync(folder)).toEqual(["blocker"]);
  });
});

describe("ledger", () => {
  const change = (before: string | undefined, after: string | undefined): FileChange => ({ path: file, before, after });

  test("an untouched file gets its exact bytes back, whatever the text edit would have made", () => {
    writeFileSync(file, "{ }\r\n");
    applyChanges([change("{ }\r\n", "{ ours }")], ledger);
    expect(isUntouched(file, ledger)).toBe(true);
    undoChanges(withExactUndo([change("{ ours }", "{}")], ledger), ledger);
    expect(readFileSync(file, "utf8")).toBe("{ }\r\n");
    expect(isUntouched(file, ledger)).toBeUndefined();
  });

  test("a file that somebody changed since only loses our entries", () => {
    writeFileSync(file, "{ }");
    applyChanges([change("{ }", "{ ours }")], ledger);
    writeFileSync(file, "{ ours, theirs }");
    expect(isUntouched(file, ledger)).toBe(false);
    undoChanges(withExactUndo([change("{ ours, theirs }", "{ theirs }")], ledger), ledger);
    expect(readFileSync(file, "utf8")).toBe("{ theirs }");
  });

  test("a file and a folder that we made go again", () => {
    const made = join(folder, "new/deep/settings.json");
    applyChanges([{ path: made, before: undefined, after: "{ ours }" }], ledger);
    undoChanges(withExactUndo([{ path: made, before: "{ ours }", after: "{}" }], ledger), ledger);
    expect(readdirSync(folder).sort()).toEqual(["ledger"]);
  });

  test("a folder that we made stays when somebody else put something there", () => {
    const made = join(folder, "new/settings.json");
    applyChanges([{ path: made, before: undefined, after: "{ ours }" }], ledger);
    writeFileSync(join(folder, "new/other"), "");
    undoChanges(withExactUndo([{ path: made, before: "{ ours }", after: "{}" }], ledger), ledger);
    expect(readdirSync(join(folder, "new"))).toEqual(["other"]);
  });

  test("a second change of ours still leads back to the first original", () => {
    writeFileSync(file, "{ }");
    applyChanges([change("{ }", "{ one }")], ledger);
    applyChanges([change("{ one }", "{ two }")], ledger);
    undoChanges(withExactUndo([change("{ two }", "{}")], ledger), ledger);
    expect(readFileSync(file, "utf8")).toBe("{ }");
  });

  test("what a predecessor left is not brought back", () => {
    writeFileSync(file, "{ python, mine }");
    applyChanges([{ ...change("{ python, mine }", "{ mine, ours }"), undo: { content: "{ mine }" } }], ledger);
    undoChanges(withExactUndo([change("{ mine, ours }", "?")], ledger), ledger);
    expect(readFileSync(file, "utf8")).toBe("{ mine }");
  });

  test("no change writes nothing at all", () => {
    writeFileSync(file, "{ }");
    const { mtimeMs, ino } = statSync(file);
    applyChanges([change("{ }", "{ }")], ledger);
    expect(statSync(file)).toMatchObject({ mtimeMs, ino });
    expect(readdirSync(folder)).toEqual(["settings.json"]);
  });

  test("its files are private: they hold copies of settings", () => {
    writeFileSync(file, "{ }");
    applyChanges([change("{ }", "{ ours }")], ledger);
    expect(modeOf(ledger)).toBe(0o700);
    for (const name of readdirSync(ledger)) expect(modeOf(join(ledger, name))).toBe(0o600);
  });
});
