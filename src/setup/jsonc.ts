/** Reading JSON with comments as text with offsets, so that edits can leave every other byte alone. */

import { type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";

/** U+FEFF, which editors on Windows put in front; the parser does not know it. */
export const BOM = "\uFEFF";

/** A parsed text, or where and why it does not parse. */
export type ParsedJsonc = { readonly root: Node } | { readonly error: string };

/** Line ending and indentation step of a text. */
export interface Style {
  readonly eol: "\n" | "\r\n";
  readonly unit: string;
}

/**
 * Parses JSON with comments and trailing commas. Blank texts have no root and are an error like any other.
 * @param text without a byte order mark
 * @param strict takes plain JSON only
 */
export function parseJsonc(text: string, { strict }: { readonly strict: boolean } = { strict: false }): ParsedJsonc {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: !strict, disallowComments: strict });
  const error = errors[0];
  if (error) return { error: `${printParseErrorCode(error.error)} at ${positionOf(text, error.offset)}` };
  if (!root) return { error: "the file is empty" };
  return { root };
}

function positionOf(text: string, offset: number): string {
  const before = text.slice(0, offset).split("\n");
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
}

/** Style of an existing text; two spaces and `\n` where it shows none. */
export function styleOf(text: string, root: Node | undefined): Style {
  const eol = /\r?\n/.exec(text)?.[0] === "\r\n" ? "\r\n" : "\n";
  const first = root?.children?.[0];
  const indent = first && startsLine(text, first.offset) ? indentAt(text, first.offset) : "";
  return { eol, unit: indent || "  " };
}

/** True when only blanks stand between the start of the line and `offset`. */
export function startsLine(text: string, offset: number): boolean {
  return /(^|\n)[ \t]*$/.test(text.slice(0, offset));
}

/** Leading blanks of the line that holds `offset`. */
export function indentAt(text: string, offset: number): string {
  const line = text.slice(text.lastIndexOf("\n", offset - 1) + 1);
  return /^[ \t]*/.exec(line)?.[0] ?? "";
}

/** The property node of `key` in an object node: the last one, as JSON readers take it. */
export function propertyOf(object: Node | undefined, key: string): Node | undefined {
  if (object?.type !== "object") return undefined;
  return object.children?.findLast((property) => property.children?.[0]?.value === key);
}

/** The value node of `key` in an object node. */
export function memberOf(object: Node | undefined, key: string): Node | undefined {
  return propertyOf(object, key)?.children?.[1];
}

/** Keys that an object node holds more than once. */
export function duplicateKeys(object: Node): readonly string[] {
  const keys = (object.children ?? []).map((property) => String(property.children?.[0]?.value));
  return [...new Set(keys.filter((key, index) => keys.indexOf(key) !== index))];
}
