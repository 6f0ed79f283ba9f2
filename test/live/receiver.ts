/** An OTLP/HTTP endpoint for the tests: keeps every span that it acknowledged, and can be taken down and up again. */

import { gunzipSync } from "node:zlib";
import { decodeTraces } from "./otlp.ts";
import type { SeenSpan } from "./seen-span.ts";

/** One HTTP request, without its body. */
export interface ReceivedRequest {
  /** Epoch milliseconds. */
  readonly time: number;
  readonly method: string;
  readonly path: string;
  readonly contentType: string;
  readonly encoding: string;
  readonly bytes: number;
  readonly spans: number;
  readonly status: number;
  readonly error?: string;
}

export interface Receiver {
  /** `http://127.0.0.1:<port>`; stays the same over `down` and `up`. */
  readonly endpoint: string;
  /** In order of arrival, repeated deliveries included. */
  readonly spans: readonly SeenSpan[];
  readonly requests: readonly ReceivedRequest[];
  /** Stops listening: connections are refused. */
  readonly down: () => Promise<void>;
  readonly up: () => void;
  /** From now on answers this status and keeps nothing; 200 is normal again. */
  readonly answer: (status: number) => void;
}

/** @param port 0 picks a free one */
export function startReceiver(port = 0): Receiver {
  const spans: SeenSpan[] = [];
  const requests: ReceivedRequest[] = [];
  let refusal = 200;

  async function handle(request: Request): Promise<Response> {
    const time = Date.now();
    const raw = new Uint8Array(await request.arrayBuffer());
    const encoding = request.headers.get("content-encoding") ?? "";
    const contentType = request.headers.get("content-type") ?? "";
    const path = new URL(request.url).pathname;
    const note = (status: number, count: number, error?: string) => {
      requests.push({
        time,
        method: request.method,
        path,
        contentType,
        encoding,
        bytes: raw.length,
        spans: count,
        status,
        ...(error === undefined ? {} : { error }),
      });
      return new Response(status === 200 ? new Uint8Array(0) : (error ?? ""), {
        status,
        headers: { "content-type": status === 200 ? "application/x-protobuf" : "text/plain" },
      });
    };
    if (refusal !== 200) return note(refusal, 0, "refused by the test");
    if (path !== "/v1/traces") return note(404, 0, "no such path");
    if (contentType !== "application/x-protobuf") return note(415, 0, "protobuf only");
    try {
      const arrived = decodeTraces(encoding === "gzip" ? gunzipSync(raw) : raw, time);
      spans.push(...arrived);
      return note(200, arrived.length);
    } catch (error) {
      return note(400, 0, String(error));
    }
  }

  const listen = (on: number) => Bun.serve({ hostname: "127.0.0.1", port: on, fetch: handle });
  let server = listen(port);
  const fixed = server.port ?? port;
  return {
    endpoint: `http://127.0.0.1:${fixed}`,
    spans,
    requests,
    down: async () => {
      await server.stop(true);
    },
    up: () => {
      server = listen(fixed);
    },
    answer: (status) => {
      refusal = status;
    },
  };
}
