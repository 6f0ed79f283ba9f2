/**
 * Edits of JSON texts that touch nothing but the members they add or take away: comments, order, indentation, line
 * endings and trailing commas of everything else stay as they are. Each returns a new text; offsets of the old one are
 * void after it.
 */

import { createScanner, type Node } from "jsonc-parser";
import { indentAt, type Style, startsLine } from "./jsonc.ts";

interface TextEdit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** Adds `key: value` as the last property of an object node. */
export function addProperty(text: string, object: Node, key: string, value: unknown, style: Style): string {
  return addMember(text, object, style, (indent) =>
    indent === undefined
      ? `${JSON.stringify(key)}:${isSpaced(text, object) ? " " : ""}${JSON.stringify(value)}`
      : `${JSON.stringify(key)}: ${render(value, indent, style)}`,
  );
}

/** Adds a value as the last element of an array node. */
export function addElement(text: string, array: Node, value: unknown, style: Style): string {
  return addMember(text, array, style, (indent) =>
    indent === undefined ? JSON.stringify(value) : render(value, indent, style),
  );
}

/**
 * Removes a property node or an array element together with the comma that becomes superfluous and the line that
 * becomes empty. A container that is left with nothing inside closes up to `{}` or `[]`.
 */
export function removeMember(text: string, member: Node): string {
  const container = member.parent;
  if (!container?.children) return text;
  const from = member.offset;
  const to = member.offset + member.length;
  const previous = container.children[container.children.indexOf(member) - 1];
  const after = commaAfter(text, to);
  const edits: TextEdit[] = [];
  if (after !== undefined) {
    if (text.slice(to, after).trim() === "") edits.push(cut(text, from, after + 1));
    else edits.push({ from: after, to: after + 1, text: "" }, cut(text, from, to));
  } else {
    const before = previous && commaAfter(text, previous.offset + previous.length);
    if (before === undefined) edits.push(cut(text, from, to));
    else if (text.slice(before + 1, from).trim() === "") edits.push({ from: before, to, text: "" });
    else edits.push(cut(text, from, to), { from: before, to: before + 1, text: "" });
  }
  const edited = applyEdits(text, edits);
  const removed = text.length - edited.length;
  const open = container.offset + 1;
  const close = container.offset + container.length - 1 - removed;
  return edited.slice(open, close).trim() === "" ? edited.slice(0, open) + edited.slice(close) : edited;
}

/** The range of a member with the blanks around it that only it needed. */
function cut(text: string, from: number, to: number): TextEdit {
  const rest = /^[ \t]*/.exec(text.slice(to))?.[0] ?? "";
  const next = text[to + rest.length];
  const endsLine = next === undefined || next === "\n" || next === "\r";
  if (startsLine(text, from) && endsLine) {
    const lineStart = from - indentAt(text, from).length;
    const newline = text.slice(0, lineStart).endsWith("\r\n") ? 2 : Math.min(lineStart, 1);
    return { from: lineStart - newline, to, text: "" };
  }
  if (next !== "}" && next !== "]") return { from, to: endsLine ? to : to + rest.length, text: "" };
  const lead = /[ \t]*$/.exec(text.slice(0, from))?.[0] ?? "";
  return { from: from - lead.length, to, text: "" };
}

function addMember(
  text: string,
  container: Node,
  style: Style,
  member: (indent: string | undefined) => string,
): string {
  const open = container.offset + 1;
  const close = container.offset + container.length - 1;
  const outer = indentAt(text, container.offset);
  const first = container.children?.[0];
  const last = container.children?.at(-1);
  if (!first || !last) {
    const inner = text.slice(open, close).trimEnd();
    const indent = outer + style.unit;
    const body = `${inner.trim() === "" ? "" : inner}${style.eol}${indent}${member(indent)}${style.eol}${outer}`;
    return applyEdits(text, [{ from: open, to: close, text: body }]);
  }
  const end = last.offset + last.length;
  const tail = text.slice(end, close);
  const multiline = startsLine(text, first.offset) || tail.includes("\n");
  const indent = multiline
    ? startsLine(text, first.offset)
      ? indentAt(text, first.offset)
      : outer + style.unit
    : undefined;
  const separator = indent === undefined ? (isSpaced(text, container) ? " " : "") : `${style.eol}${indent}`;
  const trailing = commaAfter(text, end) !== undefined;
  const at = end + tail.trimEnd().length;
  const added = `${separator}${member(indent)}${trailing ? "," : ""}`;
  return applyEdits(
    text,
    trailing
      ? [{ from: at, to: at, text: added }]
      : [
          { from: at, to: at, text: added },
          { from: end, to: end, text: "," },
        ],
  );
}

/** Does a container on one line write blanks after its colons and commas? */
function isSpaced(text: string, container: Node): boolean {
  return /[:,]\s/.test(text.slice(container.offset, container.offset + container.length));
}

function render(value: unknown, indent: string, style: Style): string {
  return JSON.stringify(value, undefined, style.unit).replaceAll("\n", `${style.eol}${indent}`);
}

/** Offset of the comma that follows a member, if the next token is one. */
function commaAfter(text: string, offset: number): number | undefined {
  const scanner = createScanner(text, true);
  scanner.setPosition(offset);
  scanner.scan();
  const token = scanner.getTokenOffset();
  return text[token] === "," ? token : undefined;
}

/** Applies edits that do not overlap. At equal offsets the first in the list ends up last. */
function applyEdits(text: string, edits: readonly TextEdit[]): string {
  let result = text;
  for (const edit of edits.toSorted((a, b) => b.from - a.from)) {
    result = result.slice(0, edit.from) + edit.text + result.slice(edit.to);
  }
  return result;
}

/** Replaces a value node. */
export function replaceValue(text: string, node: Node, value: unknown, style: Style): string {
  const rendered = render(value, indentAt(text, node.offset), style);
  return applyEdits(text, [{ from: node.offset, to: node.offset + node.length, text: rendered }]);
}
