/** Spans of trace requests as the scorer reads them, decoded by a decoder that is not the exporter's. */

import { decodeRequest, type ReceivedSpan, type Value, type Values } from "../support/otlp.ts";
import type { SeenAttributes, SeenSpan, SeenValue } from "./seen-span.ts";

const PROTOBUF = new Headers({ "content-type": "application/x-protobuf" });
const STATUSES = ["UNSET", "OK", "ERROR"] as const;
const NANOS_PER_MILLI = 1_000_000n;

function plain(value: Value): SeenValue {
  if (value.type === "array") return value.value.map(plain);
  return value.type === "int" ? Number(value.value) : value.value;
}

function attributesOf(values: Values): SeenAttributes {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, plain(value)]));
}

function millis(nanos: string): number {
  const exact = BigInt(nanos);
  return Number(exact / NANOS_PER_MILLI) + Number(exact % NANOS_PER_MILLI) / 1e6;
}

function seenSpan(span: ReceivedSpan, resource: SeenAttributes, received: number): SeenSpan {
  const attributes = attributesOf(span.attributes);
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    ...(/[1-9a-f]/.test(span.parentId) ? { parentId: span.parentId } : {}),
    name: span.name,
    kind: String(attributes["openinference.span.kind"] ?? ""),
    start: millis(span.start),
    end: millis(span.end),
    instant: span.start === span.end,
    status: STATUSES[span.status.code] ?? "UNSET",
    statusMessage: span.status.message,
    attributes,
    events: span.events.map((event) => ({
      name: event.name,
      time: millis(event.time),
      attributes: attributesOf(event.attributes),
    })),
    links: span.links.length,
    resource,
    received,
  };
}

/**
 * Spans of one export request.
 * @param body uncompressed protobuf
 * @param received epoch milliseconds to note on each span
 * @throws when the bytes are no such message
 */
export function decodeTraces(body: Uint8Array, received: number): readonly SeenSpan[] {
  return decodeRequest(body, PROTOBUF).flatMap((group) => {
    const resource = attributesOf(group.resource);
    return group.spans.map((span) => seenSpan(span, resource, received));
  });
}
