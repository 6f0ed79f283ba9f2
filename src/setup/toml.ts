/** Where things stand in a TOML text, so that it can be edited without printing it anew. Reads structure only, not values. */

/** Characters `start` up to `end` (exclusive) of a text. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** A line `[name]` or `[[name]]` with what belongs to it: up to its last entry, without the blank lines and comments after. */
export interface TomlTable extends Range {
  /** What stands between the brackets, as written, blanks around it left out. */
  readonly name: string;
  readonly array: boolean;
}

/** A `key = value` before the first table, its line break included. */
export interface TomlEntry extends Range {
  readonly key: string;
  readonly value: Range;
}

/** The places of a TOML text. */
export interface TomlPlaces {
  readonly entries: readonly TomlEntry[];
  readonly tables: readonly TomlTable[];
}

const HEADER = /^[ \t]*(\[\[?)[ \t]*(.*?)[ \t]*\]\]?[ \t]*(?:#.*)?\r?$/;
const ENTRY = /^[ \t]*([A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')[ \t]*=[ \t]*/;

/** Finds the tables of a text and the entries before the first one. The text should be known to be valid TOML. */
export function tomlPlaces(text: string): TomlPlaces {
  const entries: TomlEntry[] = [];
  const tables: { name: string; array: boolean; start: number; end: number }[] = [];
  for (let at = 0; at < text.length; ) {
    const line = text.slice(at, lineEnd(text, at));
    const header = HEADER.exec(line.replace(/\n$/, ""));
    if (header) {
      at += line.length;
      tables.push({ name: header[2] ?? "", array: header[1] === "[[", start: at - line.length, end: at });
      continue;
    }
    const entry = ENTRY.exec(line);
    if (!entry) {
      at += line.length;
      continue;
    }
    const from = at + entry[0].length;
    const value = { start: from, end: valueEnd(text, from) };
    const end = lineEnd(text, value.end);
    const table = tables.at(-1);
    if (table) table.end = end;
    else entries.push({ key: (entry[1] ?? "").replace(/^["']|["']$/g, ""), start: at, end, value });
    at = end;
  }
  return { entries, tables };
}

function lineEnd(text: string, from: number): number {
  const found = text.indexOf("\n", from);
  return found < 0 ? text.length : found + 1;
}

/** Where a value ends: at a line break or a comment outside strings and brackets. */
function valueEnd(text: string, from: number): number {
  let depth = 0;
  let last = from;
  for (let at = from; at < text.length; ) {
    const char = text[at];
    if (char === "#") {
      if (depth === 0) return last;
      at = lineEnd(text, at);
      continue;
    }
    if (char === "\n" && depth === 0) return last;
    if (char === '"' || char === "'") {
      at = stringEnd(text, at, char);
      last = at;
      continue;
    }
    if (char === "[" || char === "{") depth += 1;
    if (char === "]" || char === "}") depth -= 1;
    at += 1;
    if (char !== " " && char !== "\t" && char !== "\r") last = at;
  }
  return last;
}

function stringEnd(text: string, from: number, quote: string): number {
  const long = quote.repeat(3);
  const delimiter = text.startsWith(long, from) ? long : quote;
  for (let at = from + delimiter.length; at < text.length; at++) {
    if (quote === '"' && text[at] === "\\") at += 1;
    else if (text.startsWith(delimiter, at)) {
      // A long string may end with up to two quotes of its own.
      let end = at + delimiter.length;
      while (delimiter === long && text[end] === quote && end < at + 5) end += 1;
      return end;
    } else if (delimiter === quote && text[at] === "\n") return at;
  }
  return text.length;
}

/** The text without these tables. The blank line before each goes with it: writers of TOML put one there. */
export function withoutTables(text: string, tables: readonly TomlTable[]): string {
  let edited = text;
  for (const { start, end } of [...tables].sort((a, b) => b.start - a.start)) {
    edited = edited.slice(0, start).replace(/(^|\n)[ \t]*\r?\n$/, "$1") + edited.slice(end);
  }
  return edited;
}
