import { describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import { ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import { startReceiver } from "./receiver.ts";

const context = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", traceFlags: 1 };

const sent: ReadableSpan = {
  name: "model-1",
  kind: 0,
  spanContext: () => context,
  parentSpanContext: { ...context, spanId: "00f067aa0ba902b7" },
  startTime: [1_795_000_000, 123_456_000],
  endTime: [1_795_000_001, 5_000],
  status: { code: 2, message: "refused" },
  attributes: { "openinference.span.kind": "LLM", count: 14_912, share: 0.5, yes: true, list: ["a", "b"] },
  links: [{ context }],
  events: [{ name: "retry", time: [1_795_000_000, 500_000_000], attributes: { attempt: 1 } }],
  duration: [0, 0],
  ended: true,
  resource: resourceFromAttributes({ "service.name": "made-up" }),
  instrumentationScope: { name: "made-up" },
  droppedAttributesCount: 0,
  droppedEventsCount: 0,
  droppedLinksCount: 0,
};

const body = ProtobufTraceSerializer.serializeRequest([sent]) ?? new Uint8Array(0);

function post(
  endpoint: string,
  bytes: Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${endpoint}/v1/traces`, {
    method: "POST",
    body: bytes,
    headers: { "content-type": "application/x-protobuf", ...headers },
  });
}

describe("the tests' receiver", () => {
  test("decodes what OpenTelemetry's own encoder sends, plain and with gzip", async () => {
    const receiver = startReceiver();
    expect((await post(receiver.endpoint, new Uint8Array(body))).status).toBe(200);
    const gzip = new Uint8Array(gzipSync(body));
    expect((await post(receiver.endpoint, gzip, { "content-encoding": "gzip" })).status).toBe(200);
    expect(receiver.spans).toHaveLength(2);
    for (const span of receiver.spans) {
      expect(span).toMatchObject({
        traceId: context.traceId,
        spanId: context.spanId,
        parentId: "00f067aa0ba902b7",
        name: "model-1",
        kind: "LLM",
        start: 1_795_000_000_123.456,
        end: 1_795_000_001_000.005,
        instant: false,
        status: "ERROR",
        statusMessage: "refused",
        attributes: { count: 14_912, share: 0.5, yes: true, list: ["a", "b"] },
        events: [{ name: "retry", time: 1_795_000_000_500, attributes: { attempt: 1 } }],
        links: 1,
        resource: { "service.name": "made-up" },
      });
    }
    await receiver.down();
  });

  test("refuses what is no OTLP protobuf and keeps nothing of it", async () => {
    const receiver = startReceiver();
    expect((await post(receiver.endpoint, new Uint8Array([255, 255, 255]))).status).toBe(400);
    const json = await post(receiver.endpoint, new Uint8Array(body), { "content-type": "application/json" });
    expect(json.status).toBe(415);
    expect(receiver.spans).toEqual([]);
    await receiver.down();
  });

  test("can refuse, go down and come up at the same address", async () => {
    const receiver = startReceiver();
    receiver.answer(503);
    expect((await post(receiver.endpoint, new Uint8Array(body))).status).toBe(503);
    receiver.answer(200);
    await receiver.down();
    expect(post(receiver.endpoint, new Uint8Array(body))).rejects.toThrow();
    receiver.up();
    expect((await post(receiver.endpoint, new Uint8Array(body))).status).toBe(200);
    expect(receiver.spans).toHaveLength(1);
    await receiver.down();
  });
});
