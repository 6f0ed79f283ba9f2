/** Spans to rows and back, and filters to SQL. */

import type { Span } from "../trace/span.ts";
import type { SpanFilter, StoredSpan } from "./types.ts";

/** The columns that `toStored` needs, of `spans p` joined with `sessions s`. Nanoseconds travel as text: exact. */
export const SPAN_COLUMNS = `s.agent, s.session, p.id AS row, p.trace_id, p.span_id, p.parent_id, p.kind, p.name,
  CAST(p.start AS TEXT) AS start, CAST(p.end AS TEXT) AS end, p.status, p.bytes, p.body`;

export interface SpanRow {
  readonly agent: string;
  readonly session: string;
  readonly row: number;
  readonly trace_id: string;
  readonly span_id: string;
  readonly parent_id: string | null;
  readonly kind: Span["kind"];
  readonly name: string;
  readonly start: string;
  readonly end: string;
  readonly status: Span["status"]["code"];
  readonly bytes: number;
  readonly body: string;
}

type Body = Pick<Span, "attributes" | "events" | "links"> & { readonly message?: string };

/** What has no column of its own, as JSON. */
export function bodyOf(span: Span): string {
  const { attributes, events, links, status } = span;
  const body: Body = {
    attributes,
    events,
    links,
    ...(status.message === undefined ? {} : { message: status.message }),
  };
  return JSON.stringify(body);
}

/** A row as a span. */
export function toStored(row: SpanRow): StoredSpan {
  const { message, attributes, events, links } = JSON.parse(row.body) as Body;
  const span: Span = {
    traceId: row.trace_id,
    spanId: row.span_id,
    ...(row.parent_id === null ? {} : { parentId: row.parent_id }),
    name: row.name,
    kind: row.kind,
    start: row.start,
    end: row.end,
    status: { code: row.status, ...(message === undefined ? {} : { message }) },
    attributes,
    events,
    links,
  };
  return { agent: row.agent, session: row.session, span };
}

/** An attribute when it is a string. */
export function textAttribute(span: Span, key: string): string | undefined {
  const value = span.attributes[key];
  return typeof value === "string" ? value : undefined;
}

/** An attribute when it is a number. */
export function numberAttribute(span: Span, key: string): number | undefined {
  const value = span.attributes[key];
  return typeof value === "number" ? value : undefined;
}

function nanos(millis: number): bigint {
  return BigInt(Math.round(millis * 1000)) * 1000n;
}

/** A filter as a condition over `spans p` joined with `sessions s`, and its parameters in order. `limit` is not part. */
export function conditionOf(filter: SpanFilter): { readonly where: string; readonly values: (string | bigint)[] } {
  const parts: string[] = [];
  const values: (string | bigint)[] = [];
  const add = (condition: string, value: string | bigint | undefined) => {
    if (value === undefined) return;
    parts.push(condition);
    values.push(value);
  };
  add("s.agent = ?", filter.agent);
  add("s.session = ?", filter.session);
  add("p.trace_id = ?", filter.traceId);
  add("p.kind = ?", filter.kind);
  add("p.tool = ?", filter.tool);
  add("p.start >= ?", filter.since === undefined ? undefined : nanos(filter.since));
  add("p.start < ?", filter.until === undefined ? undefined : nanos(filter.until));
  return { where: parts.length === 0 ? "1" : parts.join(" AND "), values };
}
