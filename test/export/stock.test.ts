import { afterAll, beforeAll, expect, test } from "bun:test";
import type { ExportResult } from "@opentelemetry/core";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { encodeSpans } from "../../src/export/encode.ts";
import { readableSpans } from "../../src/export/readableSpan.ts";
import { type Seen, sampleSpan, startReceiver, targetAt } from "./sample.ts";

const SPANS = [
  sampleSpan(1),
  sampleSpan(2, {
    parentId: "0000000000000001",
    status: { code: "ERROR", message: "exit 3" },
    attributes: { "tool.name": "Bash", "tool.exit_code": 3, ratio: 0.5, flags: [true, false] },
    events: [{ name: "permission", time: "1761000000000000500", attributes: { waited: 12 } }],
    links: [{ traceId: "f".repeat(32), spanId: "e".repeat(16), attributes: { reason: "notification" } }],
  }),
];

let receiver: ReturnType<typeof startReceiver>;
beforeAll(() => {
  receiver = startReceiver();
});
afterAll(() => receiver.stop());

async function sentBy(exporter: JsonExporter | ProtobufExporter): Promise<Seen | undefined> {
  const target = targetAt(receiver.url);
  const result = await new Promise<ExportResult>((done) =>
    exporter.export(readableSpans(target, "agent", SPANS), done),
  );
  expect(result.code).toBe(0);
  await exporter.shutdown();
  return receiver.seen.at(-1);
}

test("our protobuf request is, byte for byte, what OpenTelemetry's own exporter sends", async () => {
  const stock = await sentBy(new ProtobufExporter({ url: receiver.url }));
  const ours = encodeSpans(targetAt(receiver.url, { encoding: "protobuf" }), "agent", SPANS);
  expect(Buffer.from(ours).equals(Buffer.from(stock?.body ?? []))).toBe(true);
});

test("our JSON request is, byte for byte, what OpenTelemetry's own exporter sends", async () => {
  const stock = await sentBy(new JsonExporter({ url: receiver.url }));
  const ours = encodeSpans(targetAt(receiver.url, { encoding: "json" }), "agent", SPANS);
  expect(Buffer.from(ours).toString()).toBe(Buffer.from(stock?.body ?? []).toString());
});
