/** Spans, targets and a receiver for the tests of the sinks. */

import { createServer, type Socket } from "node:net";
import type { SinkTarget } from "../../src/config/settings.ts";
import type { Span } from "../../src/trace/span.ts";
import { decodeRequest, type Received } from "../support/otlp.ts";

/** A span of a small trace; `n` makes ids and times differ. */
export function sampleSpan(n = 1, overrides: Partial<Span> = {}): Span {
  return {
    traceId: "0af7651916cd43dd8448eb211c80319c",
    spanId: n.toString(16).padStart(16, "0"),
    name: "claude-sonnet-5",
    kind: "LLM",
    start: `17610000000000${String(n).padStart(5, "0")}`,
    end: `17610000010000${String(n).padStart(5, "0")}`,
    status: { code: "OK" },
    attributes: {
      "openinference.span.kind": "LLM",
      "session.id": "s-1",
      "llm.model_name": "claude-sonnet-5",
      "llm.token_count.prompt": 1200,
      "llm.cost.total": 0.0125,
    },
    events: [],
    links: [],
    ...overrides,
  };
}

/** A target of the given kind at a URL. */
export function targetAt(url: string, overrides: Partial<SinkTarget> = {}): SinkTarget {
  return {
    id: "sink-1",
    kind: "otlp",
    url,
    project: "my project",
    encoding: "protobuf",
    compression: "gzip",
    headers: {},
    layer: "file",
    ...overrides,
  };
}

/** A request as the receiver saw it. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
  readonly groups: readonly Received[];
}

/** A real HTTP server that decodes what it gets and answers as told. */
export function startReceiver(
  answer: (seen: Seen) => Response | Promise<Response> = () => new Response(),
  tls?: { readonly key: string; readonly cert: string },
): { readonly url: string; readonly port: number; readonly seen: Seen[]; readonly stop: () => Promise<void> } {
  const seen: Seen[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    ...(tls ? { tls: { key: tls.key, cert: tls.cert } } : {}),
    fetch: async (request) => {
      const body = new Uint8Array(await request.arrayBuffer());
      const { pathname } = new URL(request.url);
      const one: Seen = {
        method: request.method,
        path: pathname,
        headers: request.headers,
        body,
        groups: decodeRequest(body, request.headers),
      };
      seen.push(one);
      return answer(one);
    },
  });
  const port = server.port ?? 0;
  return {
    url: `${tls ? "https" : "http"}://127.0.0.1:${port}/v1/traces`,
    port,
    seen,
    stop: () => server.stop(true),
  };
}

/** A TCP server that speaks for itself: for answers that no HTTP library would give. */
export async function startRaw(
  onRequest: (socket: Socket) => void,
): Promise<{ readonly url: string; readonly port: number; readonly stop: () => void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    socket.once("data", () => onRequest(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/v1/traces`,
    port,
    stop: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
