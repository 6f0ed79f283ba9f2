/** Our spans as OpenTelemetry's `ReadableSpan`, the input of its encoders: own ids, times exact to the nanosecond. */

import {
  type HrTime,
  type Attributes as OtelAttributes,
  type AttributeValue as OtelAttributeValue,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
} from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import type { SinkTarget } from "../config/settings.ts";
import type { Attributes, AttributeValue, Nanos, Span } from "../trace/span.ts";
import { VERSION } from "../version.ts";

/** Instrumentation scope of every span. */
export const SCOPE = { name: "coding-harness-tracing", version: VERSION } as const;

// One past the largest int64 (OTLP's only integer). Both encoders write what lies beyond as something receivers refuse.
const INT64_END = 2 ** 63;
const NANOS_PER_SECOND = 1_000_000_000n;
const HEX = { trace: /^(?!0{32})[0-9a-f]{32}$/, span: /^(?!0{16})[0-9a-f]{16}$/ };

/** Resource attributes: `service.name` is the agent key, the project goes where each backend looks for it. */
export function resourceAttributes(target: SinkTarget, agent: string): Record<string, string> {
  return {
    "service.name": agent,
    "openinference.project.name": target.project,
    ...(target.kind === "arize" ? { "arize.project.name": target.project } : {}),
  };
}

/**
 * Converts a batch for one sink. Throws on a span whose ids or times are malformed.
 * Attributes that are not finite numbers, strings, booleans or lists of these are left out.
 */
export function readableSpans(target: SinkTarget, agent: string, spans: readonly Span[]): ReadableSpan[] {
  // The encoders group by the identity of resource and scope: one object each per batch.
  const resource = resourceFromAttributes(resourceAttributes(target, agent));
  const extra: OtelAttributes = target.kind === "arize" ? { "arize.project.name": target.project } : {};
  return spans.map((span) => {
    const context = spanContext(span.traceId, span.spanId);
    const startTime = hrTime(span.start);
    const endTime = hrTime(span.end);
    return {
      name: wellFormed(span.name),
      kind: SpanKind.INTERNAL,
      spanContext: () => context,
      ...(span.parentId === undefined ? {} : { parentSpanContext: spanContext(span.traceId, span.parentId) }),
      startTime,
      endTime,
      duration: hrTime(String(BigInt(span.end) > BigInt(span.start) ? BigInt(span.end) - BigInt(span.start) : 0n)),
      status: {
        code: SpanStatusCode[span.status.code],
        ...(span.status.message === undefined ? {} : { message: wellFormed(span.status.message) }),
      },
      attributes: { ...attributesOf(span.attributes), ...extra },
      events: span.events.map((event) => ({
        name: wellFormed(event.name),
        time: hrTime(event.time),
        attributes: attributesOf(event.attributes),
      })),
      links: span.links.map((link) => ({
        context: spanContext(link.traceId, link.spanId),
        attributes: attributesOf(link.attributes),
      })),
      ended: true,
      resource,
      instrumentationScope: SCOPE,
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    };
  });
}

function spanContext(traceId: string, spanId: string): SpanContext {
  if (!HEX.trace.test(traceId) || !HEX.span.test(spanId)) throw new TypeError("malformed trace or span id");
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
}

function hrTime(nanos: Nanos): HrTime {
  if (!/^\d{1,20}$/.test(nanos)) throw new TypeError("malformed time");
  const total = BigInt(nanos);
  return [Number(total / NANOS_PER_SECOND), Number(total % NANOS_PER_SECOND)];
}

function attributesOf(attributes: Attributes): OtelAttributes {
  const kept: [string, OtelAttributeValue][] = [];
  for (const [key, value] of Object.entries(attributes)) {
    const converted = attributeValue(value);
    if (converted !== undefined) kept.push([wellFormed(key), converted]);
  }
  // Not assignment: a key `__proto__` must stay a key.
  return Object.fromEntries(kept);
}

function attributeValue(value: AttributeValue): OtelAttributeValue | undefined {
  if (!Array.isArray(value)) return scalarOf(value);
  const scalars = value.map(scalarOf).filter((item) => item !== undefined);
  return scalars as string[] | number[] | boolean[];
}

function scalarOf(value: unknown): string | number | boolean | undefined {
  if (typeof value === "string") return wellFormed(value);
  if (typeof value === "boolean") return value;
  if (typeof value !== "number" || !Number.isFinite(value)) return undefined;
  return Number.isInteger(value) && (value >= INT64_END || value < -INT64_END) ? String(value) : value;
}

/** A lone surrogate has no UTF-8 form, and one invalid string makes a receiver refuse the whole batch. */
function wellFormed(text: string): string {
  return text.isWellFormed() ? text : text.toWellFormed();
}
