/**
 * Decodes OTLP trace requests with protobufjs from the message definitions below (the subset of
 * opentelemetry-proto 1.x that trace export uses), so that a mistake of the exporter's encoder cannot hide.
 */

import protobuf from "protobufjs";
import type { SeenAttributes, SeenEvent, SeenSpan, SeenValue } from "./seen-span.ts";

const PROTO = `
syntax = "proto3";
package opentelemetry;

message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; string schema_url = 3; }
message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
message ScopeSpans { InstrumentationScope scope = 1; repeated Span spans = 2; string schema_url = 3; }
message InstrumentationScope { string name = 1; string version = 2; repeated KeyValue attributes = 3; }
message Span {
  bytes trace_id = 1;
  bytes span_id = 2;
  string trace_state = 3;
  bytes parent_span_id = 4;
  string name = 5;
  int32 kind = 6;
  fixed64 start_time_unix_nano = 7;
  fixed64 end_time_unix_nano = 8;
  repeated KeyValue attributes = 9;
  uint32 dropped_attributes_count = 10;
  repeated Event events = 11;
  uint32 dropped_events_count = 12;
  repeated Link links = 13;
  uint32 dropped_links_count = 14;
  Status status = 15;
  fixed32 flags = 16;
  message Event {
    fixed64 time_unix_nano = 1;
    string name = 2;
    repeated KeyValue attributes = 3;
    uint32 dropped_attributes_count = 4;
  }
  message Link {
    bytes trace_id = 1;
    bytes span_id = 2;
    string trace_state = 3;
    repeated KeyValue attributes = 4;
    uint32 dropped_attributes_count = 5;
    fixed32 flags = 6;
  }
}
message Status { reserved 1; string message = 2; int32 code = 3; }
message KeyValue { string key = 1; AnyValue value = 2; }
message ArrayValue { repeated AnyValue values = 1; }
message KeyValueList { repeated KeyValue values = 1; }
message AnyValue {
  oneof value {
    string string_value = 1;
    bool bool_value = 2;
    int64 int_value = 3;
    double double_value = 4;
    ArrayValue array_value = 5;
    KeyValueList kvlist_value = 6;
    bytes bytes_value = 7;
  }
}`;

const REQUEST = protobuf.parse(PROTO).root.lookupType("opentelemetry.ExportTraceServiceRequest");
const STATUSES = ["UNSET", "OK", "ERROR"] as const;
const NANOS_PER_MILLI = 1_000_000n;

/** The JSON-ish object that protobufjs makes of a message: bytes in base64, 64-bit integers as decimal strings. */
type Decoded = Readonly<Record<string, unknown>>;

function list(value: unknown): readonly Decoded[] {
  return Array.isArray(value) ? (value as readonly Decoded[]) : [];
}

function record(value: unknown): Decoded {
  return typeof value === "object" && value !== null ? (value as Decoded) : {};
}

function hex(value: unknown): string {
  return Buffer.from(String(value ?? ""), "base64").toString("hex");
}

function anyValue(any: Decoded): SeenValue {
  if (typeof any["stringValue"] === "string") return any["stringValue"];
  if (typeof any["boolValue"] === "boolean") return any["boolValue"];
  if (any["intValue"] !== undefined) return Number(any["intValue"]);
  if (typeof any["doubleValue"] === "number") return any["doubleValue"];
  if (any["arrayValue"] !== undefined) return list(record(any["arrayValue"])["values"]).map(anyValue);
  if (any["kvlistValue"] !== undefined) return attributesOf(record(any["kvlistValue"])["values"]);
  return typeof any["bytesValue"] === "string" ? any["bytesValue"] : null;
}

function attributesOf(pairs: unknown): SeenAttributes {
  return Object.fromEntries(list(pairs).map((pair) => [String(pair["key"]), anyValue(record(pair["value"]))]));
}

function millis(nanos: bigint): number {
  return Number(nanos / NANOS_PER_MILLI) + Number(nanos % NANOS_PER_MILLI) / 1e6;
}

function eventOf(event: Decoded): SeenEvent {
  return {
    name: String(event["name"] ?? ""),
    time: millis(BigInt(String(event["timeUnixNano"] ?? "0"))),
    attributes: attributesOf(event["attributes"]),
  };
}

function spanOf(span: Decoded, resource: SeenAttributes, received: number): SeenSpan {
  const attributes = attributesOf(span["attributes"]);
  const start = BigInt(String(span["startTimeUnixNano"] ?? "0"));
  const end = BigInt(String(span["endTimeUnixNano"] ?? "0"));
  const parentId = hex(span["parentSpanId"]);
  const status = record(span["status"]);
  return {
    traceId: hex(span["traceId"]),
    spanId: hex(span["spanId"]),
    ...(/[1-9a-f]/.test(parentId) ? { parentId } : {}),
    name: String(span["name"] ?? ""),
    kind: String(attributes["openinference.span.kind"] ?? ""),
    start: millis(start),
    end: millis(end),
    instant: start === end,
    status: STATUSES[Number(status["code"] ?? 0)] ?? "UNSET",
    statusMessage: String(status["message"] ?? ""),
    attributes,
    events: list(span["events"]).map(eventOf),
    links: list(span["links"]).length,
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
  const request = REQUEST.toObject(REQUEST.decode(body), { longs: String, bytes: String });
  return list(request["resourceSpans"]).flatMap((group) => {
    const resource = attributesOf(record(group["resource"])["attributes"]);
    return list(group["scopeSpans"]).flatMap((scope) =>
      list(scope["spans"]).map((span) => spanOf(span, resource, received)),
    );
  });
}
