import { expect, test } from "bun:test";
import fc from "fast-check";
import { unifiedDiff } from "../../src/setup/diff.ts";

/** Applies a diff that was made with whole-file context lines, as `patch` does. */
function apply(before: string, diff: string): string {
  const old = before === "" ? [] : before.replace(/\n$/, "").split("\n");
  const out: string[] = [];
  let at = 0;
  for (const line of diff === "" ? [] : diff.split("\n")) {
    const hunk = /^@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@$/.exec(line);
    if (hunk) {
      const start = Number(hunk[1]) - (hunk[2] === "0" ? 0 : 1);
      while (at < start) out.push(old[at++] ?? "");
    } else if (line.startsWith("+")) out.push(line.slice(1));
    else {
      expect(line.slice(1)).toBe(old[at] ?? "(none)");
      if (line.startsWith(" ")) out.push(line.slice(1));
      at++;
    }
  }
  out.push(...old.slice(at));
  return out.length === 0 ? "" : `${out.join("\n")}\n`;
}

const texts = fc
  .array(fc.constantFrom("a", "b", "c", "{", "}", ""), { maxLength: 30 })
  .map((lines) => (lines.length === 0 ? "" : `${lines.join("\n")}\n`));

test("applying a diff to the old text gives the new one", () => {
  fc.assert(
    fc.property(texts, texts, (before, after) => {
      expect(apply(before, unifiedDiff(before, after))).toBe(after);
    }),
    { numRuns: 500 },
  );
});

test("equal texts have no diff", () => {
  expect(unifiedDiff("a\nb\n", "a\nb\n")).toBe("");
});

test("three lines around a change are shown, distant changes get hunks of their own", () => {
  const before = Array.from({ length: 20 }, (_, index) => `line ${index + 1}\n`).join("");
  const after = before.replace("line 2\n", "").replace("line 18\n", "line 18\nnew\n");
  expect(unifiedDiff(before, after)).toBe(
    [
      "@@ -1,5 +1,4 @@",
      " line 1",
      "-line 2",
      " line 3",
      " line 4",
      " line 5",
      "@@ -16,5 +15,6 @@",
      " line 16",
      " line 17",
      " line 18",
      "+new",
      " line 19",
      " line 20",
    ].join("\n"),
  );
});

test("a new file starts at line 0, as in every diff", () => {
  expect(unifiedDiff("", "a\n")).toBe("@@ -0,0 +1 @@\n+a");
});

test("a last line that loses its newline shows", () => {
  expect(unifiedDiff("a\n", "a")).toContain("+\\ no newline at the end of the file");
});
