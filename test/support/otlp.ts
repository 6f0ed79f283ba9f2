/**
 * A decoder of OTLP trace requests that shares nothing with the encoder under test: protobufjs over a schema written from
 * the public specification (opentelemetry-proto: trace_service, trace, resource, common), and plain JSON for OTLP/JSON.
 */

import { gunzipSync } from "node:zlib";
import protobuf from "protobufjs";

const SCHEMA = `
syntax = "proto3";
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
}
message ArrayValue { repeated AnyValue values = 1; }
message KeyValueList { repeated KeyValue values = 1; }
message KeyValue { string key = 1; AnyValue value = 2; }
message InstrumentationScope {
  string name = 1;
  string version = 2;
  repeated KeyValue attributes = 3;
  uint32 dropped_attributes_count = 4;
}
message Resource { repeated KeyValue attributes = 1; uint32 dropped_attributes_count = 2; }
message Status { string message = 2; int32 code = 3; }
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
}
message ScopeSpans { InstrumentationScope scope = 1; repeated Span spans = 2; string schema_url = 3; }
message ResourceSpans { Resource resource = 1; repeated ScopeSpans scope_spans = 2; string schema_url = 3; }
message ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1; }
message ExportTracePartialSuccess { int64 rejected_spans = 1; string error_message = 2; }
message ExportTraceServiceResponse { ExportTracePartialSuccess partial_success = 1; }
message RpcStatus { int32 code = 1; string message = 2; }
`;

const root = protobuf.parse(SCHEMA).root;
const Request = root.lookupType("ExportTraceServiceRequest");
const ExportResponse = root.lookupType("ExportTraceServiceResponse");
const RpcStatus = root.lookupType("RpcStatus");

/** A value with its OTLP type: `int` and `double` differ on the wire. Integers are decimal strings. */
export type Value =
  | { readonly type: "string"; readonly value: string }
  | { readonly type: "bool"; readonly value: boolean }
  | { readonly type: "int"; readonly value: string }
  | { readonly type: "double"; readonly value: number }
  | { readonly type: "array"; readonly value: readonly Value[] };

export type Values = Readonly<Record<string, Value>>;

export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId: string;
  readonly name: string;
  readonly kind: number;
  readonly start: string;
  readonly end: string;
  readonly status: { readonly code: number; readonly message: string };
  readonly attributes: Values;
  readonly events: readonly { readonly name: string; readonly time: string; readonly attributes: Values }[];
  readonly links: readonly { readonly traceId: string; readonly spanId: string; readonly attributes: Values }[];
}

/** One resource with one scope and its spans. */
export interface Received {
  readonly resource: Values;
  readonly scope: { readonly name: string; readonly version: string };
  readonly spans: readonly ReceivedSpan[];
}

type Json = Record<string, unknown>;

const object = (value: unknown): Json => (value ?? {}) as Json;
const list = (value: unknown): Json[] => (value ?? []) as Json[];
const text = (value: unknown): string => (value === undefined || value === null ? "" : String(value));
// OTLP/JSON writes ids in hex; protobufjs gives bytes.
const hex = (value: unknown): string =>
  value instanceof Uint8Array ? Buffer.from(value).toString("hex") : text(value);

// OTLP/JSON allows an int64 as a number or as text.
const integer = (value: unknown): string => BigInt(typeof value === "number" ? value : String(value)).toString();

function valueIn(any: Json): Value {
  if (any.stringValue !== undefined) return { type: "string", value: String(any.stringValue) };
  if (any.boolValue !== undefined) return { type: "bool", value: Boolean(any.boolValue) };
  if (any.intValue !== undefined) return { type: "int", value: integer(any.intValue) };
  if (any.doubleValue !== undefined) return { type: "double", value: Number(any.doubleValue) };
  if (any.arrayValue !== undefined) {
    return { type: "array", value: list(object(any.arrayValue).values).map(valueIn) };
  }
  throw new Error(`a value without a type: ${JSON.stringify(any)}`);
}

function values(attributes: unknown): Values {
  const pairs = list(attributes).map((pair): [string, Value] => [text(pair.key), valueIn(object(pair.value))]);
  const result = Object.fromEntries(pairs);
  if (Object.keys(result).length !== pairs.length) throw new Error("an attribute occurs twice");
  return result;
}

function span(raw: Json): ReceivedSpan {
  const status = object(raw.status);
  return {
    traceId: hex(raw.traceId),
    spanId: hex(raw.spanId),
    parentId: hex(raw.parentSpanId),
    name: text(raw.name),
    kind: Number(raw.kind ?? 0),
    start: text(raw.startTimeUnixNano),
    end: text(raw.endTimeUnixNano),
    status: { code: Number(status.code ?? 0), message: text(status.message) },
    attributes: values(raw.attributes),
    events: list(raw.events).map((event) => ({
      name: text(event.name),
      time: text(event.timeUnixNano),
      attributes: values(event.attributes),
    })),
    links: list(raw.links).map((link) => ({
      traceId: hex(link.traceId),
      spanId: hex(link.spanId),
      attributes: values(link.attributes),
    })),
  };
}

/** Decodes a request body as its headers describe it. Throws on anything malformed. */
export function decodeRequest(body: Uint8Array, headers: Headers): Received[] {
  const plain = headers.get("content-encoding") === "gzip" ? gunzipSync(body) : body;
  const type = headers.get("content-type");
  if (type !== "application/json" && type !== "application/x-protobuf") throw new Error(`content type ${type}`);
  const request =
    type === "application/json"
      ? object(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(plain)))
      : object(Request.toObject(Request.decode(plain), { longs: String }));
  return list(request.resourceSpans).flatMap((group) =>
    list(group.scopeSpans).map((scoped) => ({
      resource: values(object(group.resource).attributes),
      scope: { name: text(object(scoped.scope).name), version: text(object(scoped.scope).version) },
      spans: list(scoped.spans).map(span),
    })),
  );
}

/** Body of a protobuf answer with partial success. */
export function encodeResponse(rejectedSpans: number, errorMessage: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(
    ExportResponse.encode(ExportResponse.fromObject({ partialSuccess: { rejectedSpans, errorMessage } })).finish(),
  );
}

/** Body of a protobuf error answer. */
export function encodeStatus(code: number, message: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(RpcStatus.encode(RpcStatus.fromObject({ code, message })).finish());
}
