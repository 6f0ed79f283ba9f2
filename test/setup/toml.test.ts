import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { tomlPlaces, withoutTables } from "../../src/setup/toml.ts";

const TRICKY = `# [not.a.table]
title = "a # b [x]" # comment
long = """
[inside]
text = 1
"""
literal = '''
[[also.inside]]
'''
list = [
  "one", # [no]
  ["two"],
]
"quoted key" = 1

[first] # note
a = 1

# about the second
[[second."x.y"]]
b = { c = [1, 2] }
`;

test("tables and entries are found where they are, whatever strings and comments look like", () => {
  const { entries, tables } = tomlPlaces(TRICKY);
  expect(entries.map(({ key }) => key)).toEqual(["title", "long", "literal", "list", "quoted key"]);
  expect(tables.map(({ name, array }) => [name, array])).toEqual([
    ["first", false],
    ['second."x.y"', true],
  ]);
  const list = entries.find(({ key }) => key === "list");
  expect(TRICKY.slice(list?.value.start, list?.value.end)).toBe('[\n  "one", # [no]\n  ["two"],\n]');
});

test("a removed table takes the blank line before it along, and leaves comments after it", () => {
  const { tables } = tomlPlaces(TRICKY);
  const text = withoutTables(TRICKY, tables.slice(0, 1));
  expect(text).toContain('"quoted key" = 1\n\n# about the second\n[[second');
  expect(text).not.toContain("[first]");
});

describe("on random documents", () => {
  const value = fc.constantFrom('"x"', "1", '["a", "b"]', '"""\n[t]\n"""', "{ a = 1 }", "'#'");
  const table = fc.tuple(fc.constantFrom("a", "b.c", '"q.r"'), fc.array(value, { maxLength: 3 }));
  const name = (base: string, index: number) => `t${index}.${base}`;

  test("tables that were appended the way TOML writers do are removed byte for byte", () => {
    fc.assert(
      fc.property(fc.array(table, { maxLength: 4 }), fc.array(table, { minLength: 1, maxLength: 4 }), (own, added) => {
        const block = ([base, values]: [string, string[]], index: number) =>
          `\n[${name(base, index)}]\n${values.map((one, i) => `k${i} = ${one}\n`).join("")}`;
        const before = `top = 1\n${own.map(block).join("")}`;
        const after = before + added.map((one, i) => block(one, own.length + i)).join("");
        const doomed = tomlPlaces(after).tables.slice(own.length);
        expect(doomed).toHaveLength(added.length);
        expect(withoutTables(after, doomed)).toBe(before);
      }),
    );
  });
});
