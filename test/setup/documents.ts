/** Random JSONC documents: every way to write the same value, with comments, trailing commas and odd blanks. */

import fc from "fast-check";

/** How a document is written. */
interface Layout {
  readonly eol: string;
  readonly unit: string;
  readonly trailingComma: boolean;
  readonly comment: "none" | "line" | "block";
  readonly oneLine: boolean;
  readonly spaced: boolean;
}

const layouts: fc.Arbitrary<Layout> = fc.record({
  eol: fc.constantFrom("\n", "\r\n"),
  unit: fc.constantFrom("  ", "    ", "\t"),
  trailingComma: fc.boolean(),
  comment: fc.constantFrom("none", "line", "block"),
  oneLine: fc.boolean(),
  spaced: fc.boolean(),
});

const foreignHook = fc.record({
  type: fc.constant("command"),
  command: fc.constantFrom("echo hi", "/opt/x/notify.sh"),
});
const group = fc.record(
  { matcher: fc.constantFrom("Bash", "*", "Edit|Write"), hooks: fc.array(foreignHook, { maxLength: 2 }) },
  { requiredKeys: ["hooks"] },
);
const hooks = fc.dictionary(
  fc.constantFrom("Stop", "PreToolUse", "SessionEnd", "Other"),
  fc.array(group, { maxLength: 2 }),
  {
    noNullPrototype: true,
  },
);

/** Settings objects with foreign keys and foreign hooks. */
const settings = fc
  .tuple(
    fc.dictionary(fc.constantFrom("model", "env", "permissions", "é", "a b"), fc.jsonValue({ maxDepth: 2 }), {
      noNullPrototype: true,
    }),
    fc.option(hooks, { nil: undefined }),
    fc.boolean(),
  )
  .map(([rest, known, first]) => {
    if (!known) return rest;
    return first ? { hooks: known, ...rest } : { ...rest, hooks: known };
  });

/** Texts of settings files. */
export const settingsTexts: fc.Arbitrary<string> = textsOf(settings);

/** Texts of files with hooks in plain lists. */
export const listTexts: fc.Arbitrary<string> = textsOf(
  fc
    .tuple(
      fc.dictionary(fc.constantFrom("$schema", "é", "a b"), fc.jsonValue({ maxDepth: 2 }), { noNullPrototype: true }),
      fc.option(fc.constant(1), { nil: undefined }),
      fc.option(
        fc.dictionary(
          fc.constantFrom("stop", "preToolUse", "sessionEnd", "other"),
          fc.array(
            fc.record(
              { command: fc.constantFrom("./x.sh", "echo hi"), matcher: fc.constant("Shell"), timeout: fc.nat() },
              { requiredKeys: ["command"] },
            ),
            { maxLength: 2 },
          ),
          { noNullPrototype: true },
        ),
        { nil: undefined },
      ),
    )
    .map(([rest, version, hooks]) => ({
      ...(version === undefined ? {} : { version }),
      ...rest,
      ...(hooks === undefined ? {} : { hooks }),
    })),
);

/** Every way to write these values. */
function textsOf(values: fc.Arbitrary<unknown>): fc.Arbitrary<string> {
  return fc
    .tuple(values, layouts, fc.constantFrom("", "\uFEFF"), fc.constantFrom("", "\n", "\r\n", "\n\n"))
    .map(([value, layout, mark, end]) => mark + write(value, layout, "") + end);
}

function write(value: unknown, layout: Layout, indent: string): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const isArray = Array.isArray(value);
  const colon = layout.spaced ? ": " : ":";
  const members = isArray
    ? value.map((item) => write(item, layout, indent + layout.unit))
    : Object.entries(value).map(
        ([key, item]) => `${JSON.stringify(key)}${colon}${write(item, layout, indent + layout.unit)}`,
      );
  const [open, close] = isArray ? "[]" : "{}";
  if (members.length === 0) return `${open}${layout.spaced && layout.oneLine ? " " : ""}${close}`;
  const end = layout.trailingComma ? "," : "";
  if (layout.oneLine) {
    const note = layout.comment === "block" ? " /* note, with [brackets] */" : "";
    return `${open}${members.join(layout.spaced ? ", " : ",")}${end}${note}${close}`;
  }
  const note = layout.comment === "line" ? " // it's a note, {really}" : layout.comment === "block" ? " /* n */" : "";
  const lines = members.map(
    (member, index) => `${indent}${layout.unit}${member}${index < members.length - 1 ? "," : end}${note}`,
  );
  return [open, ...lines, indent + close].join(layout.eol);
}
