import { afterEach, describe, expect, test } from "bun:test";
import { gzipSync } from "node:zlib";
import type { SinkTarget } from "../../src/config/settings.ts";
import { createDelivery, MAX_REQUEST_BYTES } from "../../src/export/deliver.ts";
import type { DeliveryReport } from "../../src/export/sink.ts";
import { encodeResponse, encodeStatus } from "../support/otlp.ts";
import { sampleSpan, startRaw, startReceiver, targetAt } from "./sample.ts";

// Long enough for any answer on a busy machine, and the limit that a hanging server meets.
const PATIENT = { timeoutMs: 20_000 };
const SHORT = { timeoutMs: 150 };
// For answers that must arrive in part before the time is over.
const UNHURRIED = { timeoutMs: 1_500 };
const NOW = Date.parse("2026-08-01T12:00:00Z");
const { deliver, checkTarget } = createDelivery({}, () => NOW);

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const SPANS = [sampleSpan(1), sampleSpan(2), sampleSpan(3)];

async function answered(answer: Response, overrides: Partial<SinkTarget> = {}): Promise<DeliveryReport> {
  const receiver = startReceiver(() => answer);
  stops.push(receiver.stop);
  const report = await deliver(targetAt(receiver.url, overrides), { api_key: "sk-secret-1" }, "a", SPANS, PATIENT);
  expect(receiver.seen).toHaveLength(1);
  return report;
}

describe("a 2xx answer", () => {
  test("accepts the batch, and the request was a POST of all spans with the headers of the sink", async () => {
    const receiver = startReceiver();
    stops.push(receiver.stop);
    const target = targetAt(receiver.url, { headers: { "x-team": "a" } });
    expect(await deliver(target, { authorization: "Bearer k" }, "claude-code", SPANS, PATIENT)).toEqual({
      outcome: "accepted",
      rejected: 0,
    });
    const [seen] = receiver.seen;
    expect([seen?.method, seen?.path]).toEqual(["POST", "/v1/traces"]);
    expect(seen?.headers.get("authorization")).toBe("Bearer k");
    expect(seen?.headers.get("x-team")).toBe("a");
    expect(seen?.headers.get("user-agent")).toMatch(/^coding-harness-tracing\//);
    expect(seen?.groups[0]?.spans.map((span) => span.spanId)).toEqual(SPANS.map((span) => span.spanId));
  });

  test("counts every 2xx as accepted, with or without a body", async () => {
    for (const status of [200, 201, 202, 204]) {
      expect(await answered(new Response(null, { status }))).toEqual({ outcome: "accepted", rejected: 0 });
    }
  });

  test("reports partial success in protobuf with the rejected count and the reason", async () => {
    const headers = { "content-type": "application/x-protobuf" };
    expect(await answered(new Response(encodeResponse(2, "no room"), { headers }))).toEqual({
      outcome: "accepted",
      rejected: 2,
      message: "no room",
    });
  });

  test("reports partial success in JSON, whatever was sent, as number or text, in either spelling", async () => {
    const bodies = [
      `{"partialSuccess":{"rejectedSpans":"1","errorMessage":"odd span"}}`,
      `{"partialSuccess":{"rejectedSpans":1,"errorMessage":"odd span"}}`,
      `  {"partial_success":{"rejected_spans":1,"error_message":"odd span"}}`,
    ];
    for (const body of bodies) {
      for (const encoding of ["protobuf", "json"] as const) {
        const report = await answered(new Response(body, { headers: { "content-type": "application/json" } }), {
          encoding,
        });
        expect(report).toEqual({ outcome: "accepted", rejected: 1, message: "odd span" });
      }
    }
  });

  test("reads partial success without a content type and through an unasked compression", async () => {
    const bare = new Response(encodeResponse(1, "x"));
    bare.headers.delete("content-type");
    expect(await answered(bare)).toMatchObject({ outcome: "accepted", rejected: 1 });
    const zipped = new Response(gzipSync(encodeResponse(3, "x")), { headers: { "content-encoding": "gzip" } });
    expect(await answered(zipped)).toMatchObject({ outcome: "accepted", rejected: 3 });
  });

  test("keeps a warning without rejected spans as a message", async () => {
    expect(await answered(new Response(encodeResponse(0, "old schema")))).toEqual({
      outcome: "accepted",
      rejected: 0,
      message: "old schema",
    });
  });

  test("never counts more rejected spans than were sent, nor fewer than none", async () => {
    const json = (rejectedSpans: unknown): Response => Response.json({ partialSuccess: { rejectedSpans } });
    expect(await answered(json(99))).toEqual({ outcome: "accepted", rejected: 3 });
    expect(await answered(json(-1))).toEqual({ outcome: "accepted", rejected: 0 });
    expect(await answered(json("many"))).toEqual({ outcome: "accepted", rejected: 0 });
  });

  test("stays accepted when the body is anything else", async () => {
    const bodies = ["", "OK", "{", "[]", "null", `{"partialSuccess":null}`, new Uint8Array([0x0a, 0xff, 0x01])];
    for (const body of bodies) {
      expect(await answered(new Response(body))).toMatchObject({ outcome: "accepted", rejected: 0 });
    }
    const broken = new Response("no gzip", { headers: { "content-encoding": "gzip" } });
    expect(await answered(broken)).toEqual({ outcome: "accepted", rejected: 0 });
  });

  test("from Phoenix is accepted whatever its body holds", async () => {
    for (const body of [encodeResponse(2, "x"), `{"partialSuccess":{"rejectedSpans":2}}`, "\u0000garbage"]) {
      expect(await answered(new Response(body), { kind: "phoenix" })).toEqual({ outcome: "accepted", rejected: 0 });
    }
  });

  test("is the answer even when its body breaks off, hangs or never ends", async () => {
    const ends: ((socket: import("node:net").Socket) => void)[] = [
      (socket) => socket.resetAndDestroy(),
      () => undefined,
      (socket) => {
        const drip = setInterval(() => socket.write("x"), 10);
        socket.on("close", () => clearInterval(drip));
      },
    ];
    for (const end of ends) {
      const server = await startRaw((socket) =>
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nab", () => end(socket)),
      );
      stops.push(server.stop);
      expect(await deliver(targetAt(server.url), undefined, "a", SPANS, UNHURRIED)).toEqual({
        outcome: "accepted",
        rejected: 0,
      });
    }
  });

  test("is read only up to a bound", async () => {
    const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(16_384).fill(120)) });
    expect(await answered(new Response(endless))).toEqual({ outcome: "accepted", rejected: 0 });
  });
});

describe("an answer that asks for another try", () => {
  for (const status of [408, 425, 429, 500, 501, 502, 503, 504, 520, 599]) {
    test(`HTTP ${status} is retried`, async () => {
      const report = await answered(new Response("busy", { status }));
      expect(report.outcome).toBe("retry");
      expect(report).not.toHaveProperty("retryAfterMs");
      expect("reason" in report && report.reason).toMatch(new RegExp(`^HTTP ${status}.*: busy$`));
    });
  }

  const waits: readonly [string, Record<string, string>, number | undefined][] = [
    ["seconds", { "retry-after": "7" }, 7000],
    ["decimal seconds", { "retry-after": "1.5" }, 1500],
    ["zero", { "retry-after": "0" }, 0],
    [
      "a date, by the sink's own clock",
      { "retry-after": "Sat, 01 Aug 2026 10:00:30 GMT", date: "Sat, 01 Aug 2026 10:00:00 GMT" },
      30_000,
    ],
    ["a date in the past", { "retry-after": "Sat, 01 Aug 2020 10:00:30 GMT" }, 0],
    ["more than an hour", { "retry-after": "86400" }, 3_600_000],
    ["a date in years", { "retry-after": "Sat, 01 Aug 2099 10:00:00 GMT" }, 3_600_000],
    ["nonsense", { "retry-after": "soon" }, undefined],
    ["a negative number", { "retry-after": "-5" }, undefined],
  ];
  for (const [name, headers, expected] of waits) {
    test(`Retry-After with ${name} is honoured as ${expected} ms`, async () => {
      for (const status of [429, 503]) {
        const report = await answered(new Response("", { status, headers }));
        expect(report.outcome).toBe("retry");
        expect("retryAfterMs" in report ? report.retryAfterMs : undefined).toBe(expected);
      }
    });
  }

  test("Retry-After with a date and no clock of the sink counts from now", async () => {
    const server = await startRaw((socket) =>
      socket.end("HTTP/1.1 503 Busy\r\nRetry-After: Sat, 01 Aug 2026 12:00:10 GMT\r\nContent-Length: 0\r\n\r\n"),
    );
    stops.push(server.stop);
    expect(await deliver(targetAt(server.url), undefined, "a", SPANS, PATIENT)).toMatchObject({
      outcome: "retry",
      retryAfterMs: 10_000,
    });
  });
});

describe("an answer that speaks about the request, not the spans", () => {
  for (const status of [401, 402, 403, 404, 405, 406, 407, 409, 410, 411, 415, 421, 426, 431, 451]) {
    test(`HTTP ${status} pauses the sink`, async () => {
      const report = await answered(new Response("no", { status }));
      expect(report.outcome).toBe("pause");
      expect("reason" in report && report.reason).toMatch(new RegExp(`^HTTP ${status}.*: no$`));
    });
  }

  for (const status of [300, 301, 302, 303, 304, 307, 308]) {
    test(`HTTP ${status} is not followed`, async () => {
      const other = startReceiver();
      stops.push(other.stop);
      const location = `${other.url}?token=hidden`;
      const report = await answered(new Response(null, { status, headers: { location } }));
      expect(report.outcome).toBe("pause");
      const reason = "reason" in report ? report.reason : "";
      expect(reason).toContain(`127.0.0.1:${other.port}`);
      expect(reason).not.toContain("hidden");
      expect(other.seen).toHaveLength(0);
    });
  }

  test("a redirect without a usable location pauses all the same", async () => {
    expect(await answered(new Response(null, { status: 302 }))).toMatchObject({ outcome: "pause" });
    const location = "http://[broken";
    expect(await answered(new Response(null, { status: 302, headers: { location } }))).toMatchObject({
      outcome: "pause",
    });
  });
});

describe("an answer about the batch", () => {
  test("HTTP 413 splits it", async () => {
    expect(await answered(new Response("too big", { status: 413 }))).toMatchObject({ outcome: "split" });
  });

  for (const status of [400, 422]) {
    test(`HTTP ${status} refuses it, with the sink's own words`, async () => {
      const report = await answered(new Response(`{"detail":"bad span"}`, { status }));
      expect(report.outcome).toBe("refused");
      expect("reason" in report && report.reason).toEndWith(": bad span");
    });
  }

  test("a batch over the size limit is split before it is sent; a single span is the sink's to judge", async () => {
    const receiver = startReceiver();
    stops.push(receiver.stop);
    const target = targetAt(receiver.url);
    const big = sampleSpan(1, { attributes: { "input.value": "x".repeat(MAX_REQUEST_BYTES) } });
    expect((await deliver(target, undefined, "a", [big, sampleSpan(2)], PATIENT)).outcome).toBe("split");
    expect(receiver.seen).toHaveLength(0);
    expect((await deliver(target, undefined, "a", [big], PATIENT)).outcome).toBe("accepted");
    expect(receiver.seen).toHaveLength(1);
  });

  test("a span that cannot be encoded is refused and nothing is sent", async () => {
    const receiver = startReceiver();
    stops.push(receiver.stop);
    const report = await deliver(targetAt(receiver.url), undefined, "a", [sampleSpan(1, { start: "x" })], PATIENT);
    expect(report.outcome).toBe("refused");
    expect(receiver.seen).toHaveLength(0);
  });

  test("an empty batch is accepted without a request", async () => {
    expect(await deliver(targetAt("http://127.0.0.1:1/"), undefined, "a", [], SHORT)).toEqual({
      outcome: "accepted",
      rejected: 0,
    });
  });
});

describe("the reason", () => {
  async function reasonOf(body: string | Uint8Array<ArrayBuffer>, type?: string): Promise<string> {
    const report = await answered(new Response(body, { status: 400, headers: type ? { "content-type": type } : {} }));
    return "reason" in report ? report.reason : "";
  }

  test("quotes a protobuf status, nested JSON, HTML without its tags", async () => {
    const long = `span 7: ${"y".repeat(150)}`;
    expect(await reasonOf(encodeStatus(3, long), "application/x-protobuf")).toEndWith(`: ${long}`);
    expect(await reasonOf(`{"error":{"message":"deep"}}`)).toEndWith(": deep");
    expect(await reasonOf(`{"error":"flat"}`)).toEndWith(": flat");
    expect(await reasonOf(`{"message":"top","code":3}`)).toEndWith(": top");
    const page = "<html><style>p{}</style><body><h1>413</h1>\n<p>Too   Large</p></body></html>";
    expect(await reasonOf(page, "text/html")).toEndWith(": 413 Too Large");
  });

  test("shows only a part of a long status line or redirect, and masks what it echoes", async () => {
    const lines = [
      `403 ${"n".repeat(2000)}`,
      `302 Found\r\nLocation: https://${"h".repeat(2000)}.example/`,
      "403 bad sk-secret-1",
    ];
    for (const line of lines) {
      const server = await startRaw((socket) => socket.end(`HTTP/1.1 ${line}\r\nContent-Length: 0\r\n\r\n`));
      stops.push(server.stop);
      const report = await deliver(targetAt(server.url), { api_key: "sk-secret-1" }, "a", SPANS, PATIENT);
      expect(report.outcome).toBe("pause");
      const reason = "reason" in report ? report.reason : "";
      expect(reason).not.toContain("sk-secret-1");
      expect(reason.length).toBeLessThan(700);
    }
  });

  test("does not repeat the status line", async () => {
    const report = await answered(new Response("Not Found", { status: 404, statusText: "Not Found" }));
    expect(report).toEqual({ outcome: "pause", reason: "HTTP 404 Not Found" });
  });

  test("is empty rather than wrong for a broken protobuf status", async () => {
    for (const bytes of [[0x12, 0xff], [0x12, 0xff, 0xff, 0xff, 0xff, 0xff], [0xff], [0x0d, 1, 2]]) {
      expect(await reasonOf(new Uint8Array(bytes), "application/x-protobuf")).toMatch(/^HTTP 400[^:]*(: )?[^:]*$/);
    }
  });

  test("is short, of one line and free of control characters", async () => {
    const reason = await reasonOf(`first\r\n\u001b[31mred\u001b[0m\u202e${"z".repeat(5000)}`);
    expect(reason).toContain("first [31mred");
    expect(reason).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(reason.length).toBeLessThan(340);
  });

  test("never holds a credential that the sink echoes, whole or without its scheme", async () => {
    const receiver = startReceiver(
      () => new Response("bad sk-secret-1 or Bearer tok-2-abc or just tok-2-abc", { status: 403 }),
    );
    stops.push(receiver.stop);
    const credentials = { api_key: "sk-secret-1", authorization: "Bearer tok-2-abc" };
    const report = await deliver(targetAt(receiver.url), credentials, "a", SPANS, PATIENT);
    expect(report).toMatchObject({ outcome: "pause" });
    expect(JSON.stringify(report)).not.toMatch(/sk-secret-1|tok-2-abc/);
    expect("reason" in report && report.reason).toContain("bad *** or *** or just ***");
  });
});

describe("a connection that fails", () => {
  test("refused is retried", async () => {
    const server = await startRaw(() => undefined);
    server.stop();
    const report = await deliver(targetAt(server.url), undefined, "a", SPANS, PATIENT);
    expect(report).toMatchObject({ outcome: "retry" });
    expect("reason" in report && report.reason).toContain("ECONNREFUSED");
  });

  test("a name that does not resolve is retried", async () => {
    const report = await deliver(targetAt("http://sink.invalid/v1/traces"), undefined, "a", SPANS, PATIENT);
    expect(report).toMatchObject({ outcome: "retry" });
  });

  test("reset before, within and closed without a status line are retried", async () => {
    const ends: ((socket: import("node:net").Socket) => void)[] = [
      (socket) => socket.resetAndDestroy(),
      (socket) => socket.write("HTTP/1.1 200 O", () => socket.resetAndDestroy()),
      (socket) => socket.end(),
      (socket) => socket.end("this is not HTTP\r\n\r\n"),
    ];
    for (const end of ends) {
      const server = await startRaw(end);
      stops.push(server.stop);
      expect((await deliver(targetAt(server.url), undefined, "a", SPANS, PATIENT)).outcome).toBe("retry");
    }
  });

  test("a server that hangs before, within or between its headers ends at the timeout and is retried", async () => {
    const hangs: ((socket: import("node:net").Socket) => void)[] = [
      () => undefined,
      (socket) => socket.write("HTTP/1.1 200 OK\r\nX-Slow: "),
      (socket) => {
        socket.write("HTTP/1.1 200 OK\r\n");
        const drip = setInterval(() => socket.write("X-Drip: 1\r\n"), 10);
        socket.on("close", () => clearInterval(drip));
      },
    ];
    for (const hang of hangs) {
      const server = await startRaw(hang);
      stops.push(server.stop);
      const report = await deliver(targetAt(server.url), undefined, "a", SPANS, SHORT);
      expect(report).toMatchObject({ outcome: "retry" });
      expect("reason" in report && report.reason).toContain("150 ms");
    }
  });

  test("an error answer whose body hangs keeps its meaning", async () => {
    const server = await startRaw((socket) => socket.write("HTTP/1.1 403 No\r\nContent-Length: 100\r\n\r\nbad key"));
    stops.push(server.stop);
    expect(await deliver(targetAt(server.url), undefined, "a", SPANS, UNHURRIED)).toEqual({
      outcome: "pause",
      reason: "HTTP 403 No: bad key",
    });
  });

  test("the caller's signal ends a request at once, before and after it began", async () => {
    const server = await startRaw(() => controller.abort());
    stops.push(server.stop);
    const controller = new AbortController();
    const limits = { ...PATIENT, signal: controller.signal };
    expect((await deliver(targetAt(server.url), undefined, "a", SPANS, limits)).outcome).toBe("retry");
    expect((await deliver(targetAt(server.url), undefined, "a", SPANS, limits)).outcome).toBe("retry");
  });
});

describe("a target that cannot work", () => {
  test("pauses on a URL that is none, or not of the web", async () => {
    for (const url of ["", "otlp.arize.com:443", "ftp://a.example/", "http://"]) {
      expect((await deliver(targetAt(url), undefined, "a", SPANS, SHORT)).outcome).toBe("pause");
    }
  });

  test("pauses on a credential that no header can hold, without quoting it", async () => {
    const report = await deliver(targetAt("http://127.0.0.1:1/"), { api_key: "sk\nsecret" }, "a", SPANS, SHORT);
    expect(report).toMatchObject({ outcome: "pause" });
    expect(JSON.stringify(report)).not.toContain("secret");
  });
});

describe("checking a target", () => {
  test("sends one request without spans and with the credential", async () => {
    for (const kind of ["otlp", "phoenix", "arize"] as const) {
      const receiver = startReceiver();
      stops.push(receiver.stop);
      const report = await checkTarget(targetAt(receiver.url, { kind }), { api_key: "k" }, PATIENT);
      expect(report).toEqual({ outcome: "accepted", rejected: 0 });
      expect(receiver.seen).toHaveLength(1);
      expect(receiver.seen[0]?.headers.get("api_key")).toBe("k");
      expect(receiver.seen[0]?.groups[0]?.spans).toEqual([]);
    }
  });

  test("tells a wrong key, a wrong path, a dead host and a web page apart from success", async () => {
    const check = async (answer: Response): Promise<DeliveryReport> => {
      const receiver = startReceiver(() => answer);
      stops.push(receiver.stop);
      return checkTarget(targetAt(receiver.url), undefined, PATIENT);
    };
    expect(await check(new Response("", { status: 401 }))).toMatchObject({ outcome: "pause" });
    expect(await check(new Response("", { status: 404 }))).toMatchObject({ outcome: "pause" });
    expect(await check(new Response("", { status: 503 }))).toMatchObject({ outcome: "retry" });
    const page = new Response("<html>", { headers: { "content-type": "text/html; charset=utf-8" } });
    expect(await check(page)).toMatchObject({ outcome: "pause" });
    const bare = new Response("OK", { headers: { "content-type": "text/html; charset=utf-8" } });
    expect(await check(bare)).toMatchObject({ outcome: "accepted" });
    expect(await checkTarget(targetAt("http://127.0.0.1:1/"), undefined, PATIENT)).toMatchObject({ outcome: "retry" });
  });
});
