import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { SinkTarget } from "../../src/config/settings.ts";
import { compress, encodeProbe, encodeSpans, requestHeaders } from "../../src/export/encode.ts";
import type { Attributes, AttributeValue, Span } from "../../src/trace/span.ts";
import { decodeRequest, type ReceivedSpan, type Value, type Values } from "../support/otlp.ts";
import { sampleSpan, targetAt } from "./sample.ts";

const STATUS = { UNSET: 0, OK: 1, ERROR: 2 } as const;
const INTERNAL = 1;

/** The wire value that the specification asks for. */
function wireValue(value: AttributeValue): Value {
  if (typeof value === "string") return { type: "string", value: value.toWellFormed() };
  if (typeof value === "boolean") return { type: "bool", value };
  if (typeof value === "number") {
    return Number.isInteger(value) ? { type: "int", value: BigInt(value).toString() } : { type: "double", value };
  }
  return { type: "array", value: value.map(wireValue) };
}

function wireValues(attributes: Attributes): Values {
  return Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key.toWellFormed(), wireValue(value)]));
}

function wireSpan(span: Span): ReceivedSpan {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    parentId: span.parentId ?? "",
    name: span.name.toWellFormed(),
    kind: INTERNAL,
    start: span.start,
    end: span.end,
    status: { code: STATUS[span.status.code], message: (span.status.message ?? "").toWellFormed() },
    attributes: wireValues(span.attributes),
    events: span.events.map((event) => ({
      name: event.name.toWellFormed(),
      time: event.time,
      attributes: wireValues(event.attributes),
    })),
    links: span.links.map((link) => ({ ...link, attributes: wireValues(link.attributes) })),
  };
}

function hexId(digits: number): fc.Arbitrary<string> {
  return fc.bigInt({ min: 1n, max: 16n ** BigInt(digits) - 1n }).map((id) => id.toString(16).padStart(digits, "0"));
}

// Any UTF-16, lone surrogates and NUL included: captured text is whatever a tool printed.
const text = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 }).map((units) => String.fromCharCode(...units)),
);
const number = fc.oneof(
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => Math.abs(value) < 2 ** 63),
);
const value: fc.Arbitrary<AttributeValue> = fc.oneof(
  text,
  number,
  fc.boolean(),
  fc.array(text, { maxLength: 4 }),
  fc.array(number, { maxLength: 4 }),
  fc.array(fc.boolean(), { maxLength: 4 }),
);
const attributes: fc.Arbitrary<Attributes> = fc
  .array(fc.tuple(fc.oneof(text, fc.constantFrom("__proto__", "constructor", "")), value), { maxLength: 6 })
  // Keys that become equal once they are well-formed are one attribute.
  .map((pairs) => Object.fromEntries(pairs.map(([key, one]) => [key.toWellFormed(), one])));
const nanos = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String);
const span: fc.Arbitrary<Span> = fc.record(
  {
    traceId: hexId(32),
    spanId: hexId(16),
    parentId: hexId(16),
    name: text,
    kind: fc.constantFrom("AGENT" as const, "LLM" as const, "TOOL" as const, "CHAIN" as const),
    start: nanos,
    end: nanos,
    status: fc.record(
      { code: fc.constantFrom("UNSET" as const, "OK" as const, "ERROR" as const), message: text },
      { requiredKeys: ["code"] },
    ),
    attributes,
    events: fc.array(fc.record({ name: text, time: nanos, attributes }), { maxLength: 3 }),
    links: fc.array(fc.record({ traceId: hexId(32), spanId: hexId(16), attributes }), { maxLength: 3 }),
  },
  {
    requiredKeys: ["traceId", "spanId", "name", "kind", "start", "end", "status", "attributes", "events", "links"],
  },
);

function roundTrip(target: SinkTarget, spans: readonly Span[]): ReturnType<typeof decodeRequest> {
  return decodeRequest(compress(target, encodeSpans(target, "claude-code", spans)), requestHeaders(target, undefined));
}

describe("encoding", () => {
  for (const encoding of ["protobuf", "json"] as const) {
    for (const compression of ["gzip", "none"] as const) {
      test(`any batch of spans arrives as it was in ${encoding} with ${compression} compression`, () => {
        const target = targetAt("http://127.0.0.1/", { encoding, compression });
        fc.assert(
          fc.property(fc.array(span, { minLength: 1, maxLength: 5 }), (spans) => {
            const [group, ...others] = roundTrip(target, spans);
            expect(others).toEqual([]);
            expect(group?.spans).toEqual(spans.map(wireSpan));
          }),
          { numRuns: 150 },
        );
      });
    }
  }

  test("resource and scope name the agent, the project and this program", () => {
    const [group] = roundTrip(targetAt("http://127.0.0.1/"), [sampleSpan()]);
    expect(group?.resource).toEqual({
      "service.name": { type: "string", value: "claude-code" },
      "openinference.project.name": { type: "string", value: "my project" },
    });
    expect(group?.scope.name).toBe("coding-harness-tracing");
    expect(group?.scope.version).toMatch(/^\d+\.\d+\.\d+/);
  });

  test("AX gets its own project attribute on the resource and on every span, always in gzipped protobuf", () => {
    const target = targetAt("http://127.0.0.1/", { kind: "arize", encoding: "json", compression: "none" });
    const [group] = roundTrip(target, [sampleSpan(1), sampleSpan(2)]);
    const project = { type: "string", value: "my project" } as const;
    expect(group?.resource["arize.project.name"]).toEqual(project);
    expect(group?.spans.map((one) => one.attributes["arize.project.name"])).toEqual([project, project]);
    expect(requestHeaders(target, {}).get("content-type")).toBe("application/x-protobuf");
    expect(requestHeaders(target, {}).get("content-encoding")).toBe("gzip");
  });

  test("Phoenix always gets gzipped protobuf, whatever the target says", () => {
    const target = targetAt("http://127.0.0.1/", { kind: "phoenix", encoding: "json", compression: "none" });
    expect(roundTrip(target, [sampleSpan()])[0]?.spans).toHaveLength(1);
    expect(requestHeaders(target, {}).get("content-type")).toBe("application/x-protobuf");
  });

  test("integers beyond int64 travel as text, since no receiver takes them as numbers", () => {
    for (const encoding of ["protobuf", "json"] as const) {
      const spans = [sampleSpan(1, { attributes: { big: 1e21, least: -(2 ** 63), list: [1, 2 ** 64] } })];
      const [group] = roundTrip(targetAt("http://127.0.0.1/", { encoding }), spans);
      expect(group?.spans[0]?.attributes).toEqual({
        big: { type: "string", value: "1e+21" },
        least: { type: "int", value: "-9223372036854775808" },
        list: {
          type: "array",
          value: [
            { type: "int", value: "1" },
            { type: "string", value: String(2 ** 64) },
          ],
        },
      });
    }
  });

  test("what is no attribute value is left out", () => {
    const odd = { nan: Number.NaN, infinite: Number.POSITIVE_INFINITY, nothing: null, object: {}, ok: 1 };
    const spans = [sampleSpan(1, { attributes: odd as unknown as Attributes })];
    for (const encoding of ["protobuf", "json"] as const) {
      const [group] = roundTrip(targetAt("http://127.0.0.1/", { encoding }), spans);
      expect(group?.spans[0]?.attributes).toEqual({ ok: { type: "int", value: "1" } });
    }
  });

  test("a malformed span is an error, not a malformed request", () => {
    const target = targetAt("http://127.0.0.1/");
    for (const broken of [
      { traceId: "xyz" },
      { spanId: "0000000000000000" },
      { parentId: "ABCDEF0123456789" },
      { start: "1e9" },
      { end: "-5" },
    ]) {
      expect(() => encodeSpans(target, "claude-code", [sampleSpan(1, broken)])).toThrow("malformed");
    }
  });

  test("a probe names resource and scope and holds no span", () => {
    for (const kind of ["otlp", "phoenix", "arize"] as const) {
      for (const encoding of ["protobuf", "json"] as const) {
        const target = targetAt("http://127.0.0.1/", { kind, encoding, project: `ünï ${"x".repeat(200)}` });
        const groups = decodeRequest(compress(target, encodeProbe(target, "codex")), requestHeaders(target, undefined));
        expect(groups).toHaveLength(1);
        expect(groups[0]?.spans).toEqual([]);
        expect(groups[0]?.scope.name).toBe("coding-harness-tracing");
        expect(groups[0]?.resource["openinference.project.name"]).toEqual({ type: "string", value: target.project });
        expect(groups[0]?.resource["service.name"]).toEqual({ type: "string", value: "codex" });
      }
    }
  });
});

describe("request headers", () => {
  test("secret headers win over configured ones, and neither over those that describe the body", () => {
    const headers = requestHeaders(
      targetAt("http://127.0.0.1/", { headers: { "X-Team": "a", "X-Key": "file", "Content-Type": "text/plain" } }),
      { "x-key": "secret", "Content-Encoding": "br" },
    );
    expect(headers.get("x-team")).toBe("a");
    expect(headers.get("x-key")).toBe("secret");
    expect(headers.get("content-type")).toBe("application/x-protobuf");
    expect(headers.get("content-encoding")).toBe("gzip");
    expect(headers.get("accept-encoding")).toBe("identity");
  });

  test("without compression no header claims one", () => {
    const target = targetAt("http://127.0.0.1/", { compression: "none", headers: { "content-encoding": "gzip" } });
    expect(requestHeaders(target, undefined).has("content-encoding")).toBe(false);
  });

  test("a value that HTTP cannot carry is named by its header, never quoted", () => {
    expect(() => requestHeaders(targetAt("http://127.0.0.1/"), { api_key: "sec\nret" })).toThrow(/^header "api_key"/);
    expect(() => requestHeaders(targetAt("http://127.0.0.1/"), { api_key: "sec\nret" })).not.toThrow(/sec/);
  });
});
