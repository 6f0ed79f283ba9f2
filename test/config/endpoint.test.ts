import { describe, expect, test } from "bun:test";
import { endpointOf } from "../../src/config/endpoint.ts";
import type { SinkKind } from "../../src/config/settings.ts";

const ROWS: readonly (readonly [SinkKind, string, string])[] = [
  ["arize", "otlp.arize.com:443", "https://otlp.arize.com/v1/traces"],
  ["arize", "otlp.arize.com", "https://otlp.arize.com/v1/traces"],
  ["arize", "https://otlp.arize.com/v1", "https://otlp.arize.com/v1/traces"],
  ["arize", "https://otlp.arize.com/v1/traces/", "https://otlp.arize.com/v1/traces"],
  ["arize", "http://localhost:8080", "http://localhost:8080/v1/traces"],
  ["phoenix", "http://localhost:6006", "http://localhost:6006/v1/traces"],
  ["phoenix", "http://localhost:6006/", "http://localhost:6006/v1/traces"],
  ["phoenix", "http://localhost:6006/v1/traces", "http://localhost:6006/v1/traces"],
  ["phoenix", "https://app.example.com/s/space", "https://app.example.com/s/space/v1/traces"],
  ["phoenix", "localhost:6006", "http://localhost:6006/v1/traces"],
  ["phoenix", "127.0.0.1:6006", "http://127.0.0.1:6006/v1/traces"],
  ["phoenix", "[::1]:6006", "http://[::1]:6006/v1/traces"],
  ["phoenix", "phoenix.corp", "https://phoenix.corp/v1/traces"],
  ["otlp", "http://collector:4318", "http://collector:4318/v1/traces"],
  ["otlp", "http://collector:4318/", "http://collector:4318/v1/traces"],
  ["otlp", "https://collector/ingest/traces", "https://collector/ingest/traces"],
  ["otlp", " https://collector/v1/traces#x ", "https://collector/v1/traces"],
];

describe("endpoints", () => {
  for (const [kind, written, url] of ROWS) {
    test(`${kind} ${JSON.stringify(written)} is posted to ${url}`, () => {
      expect(endpointOf(kind, written)).toMatchObject({ url });
    });
  }

  test("what is no HTTP URL is refused with a reason", () => {
    for (const written of ["grpc://localhost:4317", "http://", "ftp://host", "http://a b", "unix:///run/x.sock"]) {
      expect(typeof endpointOf("otlp", written)).toBe("string");
    }
  });
});
