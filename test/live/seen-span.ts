/** A span as it arrived at the tests' receiver, decoded by code that is not the exporter's. */

/** Attribute values as decoded; integers become numbers. */
export type SeenValue = string | number | boolean | null | readonly SeenValue[] | { readonly [key: string]: SeenValue };

export type SeenAttributes = Readonly<Record<string, SeenValue>>;

export interface SeenEvent {
  readonly name: string;
  /** Epoch milliseconds. */
  readonly time: number;
  readonly attributes: SeenAttributes;
}

export interface SeenSpan {
  /** Lower-case hex. */
  readonly traceId: string;
  readonly spanId: string;
  /** Absent on roots. */
  readonly parentId?: string;
  readonly name: string;
  /** `openinference.span.kind`, or an empty string. */
  readonly kind: string;
  /** Epoch milliseconds with fractions. */
  readonly start: number;
  readonly end: number;
  /** True when start and end are equal to the nanosecond. */
  readonly instant: boolean;
  readonly status: "UNSET" | "OK" | "ERROR";
  readonly statusMessage: string;
  readonly attributes: SeenAttributes;
  readonly events: readonly SeenEvent[];
  readonly links: number;
  readonly resource: SeenAttributes;
  /** When it arrived, epoch milliseconds. */
  readonly received: number;
}
