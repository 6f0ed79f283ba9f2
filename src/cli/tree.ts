/** Spans as a tree, the way `show` and `demo` print them. */

import type { AttributeValue, Span } from "../trace/span.ts";
import { millisOf } from "../trace/span.ts";
import type { Style } from "./style.ts";
import { count, duration, oneLine, safeLines } from "./text.ts";

/** How much of inputs and outputs is shown. */
export interface TreeOptions {
  readonly style: Style;
  /** Display columns that a line may have. */
  readonly width: number;
  /** Inputs and outputs as a whole, below each span. */
  readonly full: boolean;
}

/** Shortest text that is still worth showing at the end of a line. */
const MIN_TEXT_WIDTH = 16;

/** Inputs of a tool that say at a glance what a call did, best first. */
const TELLING = ["tool.command", "tool.file_path", "tool.url", "tool.query", "tool.description"];

/** Attribute that names a tool which an answer calls. */
const CALLED_TOOL = /^llm\.output_messages\.\d+\.message\.tool_calls\.\d+\.tool_call\.function\.name$/;

interface Branch {
  readonly span: Span;
  readonly children: readonly Branch[];
}

/** Lines of all spans of one trace: its roots (and spans whose parent is not there) at the left. */
export function traceLines(spans: readonly Span[], options: TreeOptions): string[] {
  const start = Math.min(...spans.map((span) => millisOf(span.start)));
  return branches(spans).flatMap((root) => branchLines(root, start, "", "", options));
}

/** Parents before children, siblings by start. */
function branches(spans: readonly Span[]): readonly Branch[] {
  const known = new Set(spans.map(({ spanId }) => spanId));
  const byParent = Map.groupBy(
    spans.toSorted((a, b) => Number(BigInt(a.start) - BigInt(b.start)) || a.spanId.localeCompare(b.spanId)),
    ({ parentId }) => (parentId !== undefined && known.has(parentId) ? parentId : undefined),
  );
  const grow = (span: Span): Branch => ({ span, children: (byParent.get(span.spanId) ?? []).map(grow) });
  return (byParent.get(undefined) ?? []).map(grow);
}

function branchLines(branch: Branch, start: number, lead: string, below: string, options: TreeOptions): string[] {
  const { children } = branch;
  const lines = [spanLine(branch.span, start, lead, options)];
  const note = `${below}${children.length > 0 ? "│  " : "   "}`;
  lines.push(...noteLines(branch.span, options).map((line) => options.style.dim(note) + line));
  for (const [index, child] of children.entries()) {
    const last = index === children.length - 1;
    lines.push(
      ...branchLines(child, start, `${below}${last ? "└─ " : "├─ "}`, `${below}${last ? "   " : "│  "}`, options),
    );
  }
  return lines;
}

function spanLine(span: Span, start: number, lead: string, { style, width }: TreeOptions): string {
  const from = millisOf(span.start);
  const failed = span.status.code === "ERROR";
  const offset = lead === "" ? "" : `+${((from - start) / 1000).toFixed(3)}`;
  const parts = [
    `${kindLabel(span, style)} ${style.bold(oneLine(span.name, 60))}`,
    style.dim([offset, duration(millisOf(span.end) - from)].filter(Boolean).join("  ")),
    tokens(span),
    failed ? style.red(`✗ ${oneLine(span.status.message ?? "error", 60)}`) : "",
  ].filter(Boolean);
  const line = `${style.dim(lead)}${parts.join("  ")}`;
  const room = width - Bun.stringWidth(line) - 2;
  const text = headline(span);
  return text && room >= MIN_TEXT_WIDTH ? `${line}  ${style.dim(oneLine(text, room))}` : line;
}

function kindLabel(span: Span, style: Style): string {
  switch (span.kind) {
    case "LLM":
      return style.magenta("LLM");
    case "TOOL":
      return style.yellow("TOOL");
    case "AGENT":
      return style.cyan("AGENT");
    default:
      return style.blue(span.kind);
  }
}

/** `14,911 in (14,000 cached, 900 cache write), 90 out (20 reasoning)` */
function tokens({ kind, attributes }: Span): string {
  if (kind !== "LLM") return "";
  const number = (name: string) => {
    const value = attributes[`llm.token_count.${name}`];
    return typeof value === "number" ? value : undefined;
  };
  const side = (
    total: number | undefined,
    word: string,
    details: readonly (readonly [number | undefined, string])[],
  ) => {
    if (total === undefined) return [];
    const shown = details.flatMap(([value, name]) => (value ? [`${count(value)} ${name}`] : []));
    return [`${count(total)} ${word}${shown.length > 0 ? ` (${shown.join(", ")})` : ""}`];
  };
  return [
    ...side(number("prompt"), "in", [
      [number("prompt_details.cache_read"), "cached"],
      [number("prompt_details.cache_write"), "cache write"],
    ]),
    ...side(number("completion"), "out", [[number("completion_details.reasoning"), "reasoning"]]),
  ].join(", ");
}

/** What a span was about, for the end of its line. */
function headline(span: Span): string | undefined {
  const { kind, attributes } = span;
  if (kind === "TOOL") {
    const telling = TELLING.map((name) => attributes[name]).find((value) => typeof value === "string" && value !== "");
    return asText(telling ?? attributes["input.value"]);
  }
  if (kind === "LLM") return calledTools(span) ?? asText(attributes["output.value"]);
  return asText(attributes["input.value"]);
}

/** `→ Bash, Read` for an answer that only calls tools. */
function calledTools({ attributes }: Span): string | undefined {
  if (attributes["output.mime_type"] !== "application/json") return undefined;
  const names = Object.entries(attributes)
    .filter(([name]) => CALLED_TOOL.test(name))
    .map(([, value]) => String(value));
  return names.length > 0 ? `→ ${names.join(", ")}` : undefined;
}

function noteLines(span: Span, { full, style }: TreeOptions): string[] {
  const events = span.events
    .filter(({ name }) => name !== "exception")
    .map((event) => {
      const details = Object.entries(event.attributes).map(([name, value]) => `${name}=${asText(value)}`);
      return style.dim(oneLine(`• ${event.name} ${details.join(" ")}`, 120));
    });
  if (!full) return events;
  return [
    ...events,
    ...block("in", span.attributes["input.value"], style),
    ...block("out", span.attributes["output.value"], style),
  ];
}

function block(label: string, value: AttributeValue | undefined, style: Style): string[] {
  const text = asText(value);
  if (text === undefined || text === "") return [];
  return safeLines(text).map((line, index) => `${style.dim((index === 0 ? label : "").padEnd(4))}${line}`);
}

function asText(value: AttributeValue | undefined): string | undefined {
  return value === undefined || typeof value === "string" ? value : JSON.stringify(value);
}
