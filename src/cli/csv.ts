/** Spans as CSV (RFC 4180) for spreadsheets and data frames. */

import type { StoredSpan } from "../store/types.ts";
import { type AttributeValue, millisOf } from "../trace/span.ts";

/** A spreadsheet takes texts with these beginnings for formulas and would run them. */
const FORMULA = /^[=+\-@\t\r]/;

type Cell = string | number | undefined;

/** Attributes with a column of their own; everything else is in the last column as JSON. */
const ATTRIBUTE_COLUMNS: Readonly<Record<string, string>> = {
  model: "llm.model_name",
  provider: "llm.provider",
  prompt_tokens: "llm.token_count.prompt",
  completion_tokens: "llm.token_count.completion",
  total_tokens: "llm.token_count.total",
  cache_read_tokens: "llm.token_count.prompt_details.cache_read",
  cache_write_tokens: "llm.token_count.prompt_details.cache_write",
  reasoning_tokens: "llm.token_count.completion_details.reasoning",
  finish_reason: "llm.finish_reason",
  tool: "tool.name",
  tool_call_id: "tool.id",
  exit_code: "tool.exit_code",
  user_id: "user.id",
  input: "input.value",
  output: "output.value",
};

const COLUMNS: Readonly<Record<string, (stored: StoredSpan) => Cell>> = {
  agent: ({ agent }) => agent,
  session: ({ session }) => session,
  trace_id: ({ span }) => span.traceId,
  span_id: ({ span }) => span.spanId,
  parent_id: ({ span }) => span.parentId,
  kind: ({ span }) => span.kind,
  name: ({ span }) => span.name,
  start: ({ span }) => new Date(millisOf(span.start)).toISOString(),
  end: ({ span }) => new Date(millisOf(span.end)).toISOString(),
  duration_ms: ({ span }) => Number((millisOf(span.end) - millisOf(span.start)).toFixed(3)),
  status: ({ span }) => span.status.code,
  status_message: ({ span }) => span.status.message,
  ...Object.fromEntries(
    Object.entries(ATTRIBUTE_COLUMNS).map(([column, name]) => [
      column,
      ({ span }: StoredSpan) => cellOf(span.attributes[name]),
    ]),
  ),
  attributes: ({ span }) => {
    const named = new Set(Object.values(ATTRIBUTE_COLUMNS));
    return JSON.stringify(Object.fromEntries(Object.entries(span.attributes).filter(([name]) => !named.has(name))));
  },
};

/** The line of column names. */
export const CSV_HEAD = `${Object.keys(COLUMNS).join(",")}\r\n`;

/** The line of one span. */
export function csvLine(stored: StoredSpan): string {
  return `${Object.values(COLUMNS)
    .map((column) => csvCell(column(stored)))
    .join(",")}\r\n`;
}

/** A cell: quoted where needed, texts that look like formulas behind an apostrophe. Exported for its test. */
export function csvCell(value: Cell): string {
  if (value === undefined) return "";
  if (typeof value === "number") return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function cellOf(value: AttributeValue | undefined): Cell {
  if (value === undefined || typeof value === "string" || typeof value === "number") return value;
  return JSON.stringify(value);
}
