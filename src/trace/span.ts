/** A span as the store keeps it and the sinks send it: OpenTelemetry's data model with OpenInference attributes. */

import type { Scalar } from "./node.ts";

/** OpenTelemetry attribute value. */
export type AttributeValue = Scalar | readonly string[] | readonly number[] | readonly boolean[];

export type Attributes = Readonly<Record<string, AttributeValue>>;

/** OpenInference span kinds that this project produces. */
export type SpanKind = "AGENT" | "LLM" | "TOOL" | "CHAIN";

/** Nanoseconds since the epoch as a decimal string: exact in JSON and in SQLite. */
export type Nanos = string;

export interface SpanEvent {
  readonly name: string;
  readonly time: Nanos;
  readonly attributes: Attributes;
}

export interface SpanLink {
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: Attributes;
}

/** A final span. Ids are lower-case hex (32 and 16 digits). */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  /** Absent on roots, always. */
  readonly parentId?: string;
  readonly name: string;
  readonly kind: SpanKind;
  readonly start: Nanos;
  readonly end: Nanos;
  readonly status: { readonly code: "UNSET" | "OK" | "ERROR"; readonly message?: string };
  /** Includes `openinference.span.kind` and `session.id`. */
  readonly attributes: Attributes;
  readonly events: readonly SpanEvent[];
  readonly links: readonly SpanLink[];
}

/** Epoch milliseconds (fractions to the microsecond) as nanoseconds. */
export function nanosOf(millis: number): Nanos {
  // Whole microseconds first: a double holds them exactly until the year 2255, nanoseconds it does not.
  return `${Math.round(millis * 1000)}000`;
}

/** Nanoseconds as epoch milliseconds, for display. */
export function millisOf(nanos: Nanos): number {
  return Number(nanos.slice(0, -3)) / 1000;
}
