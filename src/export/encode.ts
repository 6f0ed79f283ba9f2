/** Batches as OTLP/HTTP requests: OpenTelemetry's encoders, our headers. */

import { gzipSync } from "node:zlib";
import { JsonTraceSerializer, ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import type { Credentials, SinkTarget } from "../config/settings.ts";
import type { Span } from "../trace/span.ts";
import { readableSpans, resourceAttributes, SCOPE } from "./readableSpan.ts";

/** An encoded, not yet compressed request. */
export type Encoded = Uint8Array<ArrayBuffer>;

/** Phoenix takes protobuf alone and AX documents nothing else; `otlp` as configured. */
function encodingOf(target: SinkTarget): "protobuf" | "json" {
  return target.kind === "otlp" ? target.encoding : "protobuf";
}

/** An `ExportTraceServiceRequest` of the spans. Throws on a malformed span. */
export function encodeSpans(target: SinkTarget, agent: string, spans: readonly Span[]): Encoded {
  const serializer = encodingOf(target) === "json" ? JsonTraceSerializer : ProtobufTraceSerializer;
  const bytes = serializer.serializeRequest(readableSpans(target, agent, spans));
  if (bytes === undefined) throw new TypeError("nothing to encode");
  return owned(bytes);
}

/**
 * A request that names resource and scope but holds no span: it passes through a sink's endpoint, authentication and
 * decoding and leaves nothing behind. The serializers start from spans, so this one is written by hand.
 */
export function encodeProbe(target: SinkTarget, agent: string): Encoded {
  const attributes = Object.entries(resourceAttributes(target, agent));
  if (encodingOf(target) === "json") {
    const resource = { attributes: attributes.map(([key, value]) => ({ key, value: { stringValue: value } })) };
    return owned(
      new TextEncoder().encode(
        JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ scope: SCOPE, spans: [] }] }] }),
      ),
    );
  }
  // Field numbers: opentelemetry-proto, trace_service.proto, trace.proto, resource.proto and common.proto.
  const resource = Buffer.concat(attributes.map(([key, value]) => field(1, keyValue(key, value))));
  const scopeSpans = field(1, Buffer.concat([field(1, SCOPE.name), field(2, SCOPE.version)]));
  return owned(field(1, Buffer.concat([field(1, resource), field(2, scopeSpans)])));
}

function keyValue(key: string, value: string): Uint8Array {
  return Buffer.concat([field(1, key), field(2, field(1, value))]);
}

/** A length-delimited protobuf field. */
function field(number: number, content: Uint8Array | string): Uint8Array {
  const bytes = typeof content === "string" ? Buffer.from(content) : content;
  const head = [(number << 3) | 2];
  let length = bytes.length;
  for (; length > 0x7f; length >>>= 7) head.push((length & 0x7f) | 0x80);
  head.push(length);
  return Buffer.concat([Uint8Array.from(head), bytes]);
}

function owned(bytes: Uint8Array): Encoded {
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Encoded) : new Uint8Array(bytes);
}

/** Compresses as the target says; Phoenix and AX always gzip. */
export function compress(target: SinkTarget, body: Encoded): Encoded {
  return compressed(target) ? owned(gzipSync(body)) : body;
}

function compressed(target: SinkTarget): boolean {
  return target.kind !== "otlp" || target.compression === "gzip";
}

/**
 * Headers of a request. Configured headers first, then the secret ones, then those that describe the body, which nothing
 * can override. Throws on a name or value that HTTP cannot carry, naming the header but never its value.
 */
export function requestHeaders(target: SinkTarget, credentials: Credentials | undefined): Headers {
  const headers = new Headers();
  const described: Record<string, string> = {
    "content-type": encodingOf(target) === "json" ? "application/json" : "application/x-protobuf",
    // Answers are short: compressing them would only add a way to fail.
    "accept-encoding": "identity",
    ...(compressed(target) ? { "content-encoding": "gzip" } : {}),
  };
  const layers = [{ "user-agent": `${SCOPE.name}/${SCOPE.version}` }, target.headers, credentials ?? {}, described];
  for (const [name, value] of layers.flatMap((layer) => Object.entries(layer))) {
    try {
      headers.set(name, value);
    } catch {
      throw new TypeError(`header ${JSON.stringify(name.slice(0, 60))} has characters that HTTP does not allow`);
    }
  }
  if (!compressed(target)) headers.delete("content-encoding");
  return headers;
}
