/**
 * A strict stand-in for Arize AX, which tests cannot reach: the documented headers, content type and attributes, decoded
 * by code that is not the encoder's. What it rejects, AX would reject, drop or show wrongly.
 */

import {
  decodeRequest,
  encodeResponse,
  encodeStatus,
  type Received,
  type ReceivedSpan,
  type Values,
} from "../support/otlp.ts";

const KINDS = ["AGENT", "LLM", "TOOL", "CHAIN"];
// gRPC status codes, as OTLP error bodies carry them.
const INVALID_ARGUMENT = 3;
const PERMISSION_DENIED = 7;
const INTERNAL = 13;
const UNAUTHENTICATED = 16;

function textOf(values: Values, key: string): string {
  const value = values[key];
  return value?.type === "string" ? value.value : "";
}

/** What is wrong with a span for AX; undefined when nothing is. */
export function flawOf(span: ReceivedSpan, project: string): string | undefined {
  const { attributes } = span;
  const kind = textOf(attributes, "openinference.span.kind");
  if (!/^[0-9a-f]{32}$/.test(span.traceId) || !/^[0-9a-f]{16}$/.test(span.spanId)) return "malformed id";
  if (BigInt(span.start) > BigInt(span.end)) return "ends before it starts";
  if (!KINDS.includes(kind)) return "openinference.span.kind";
  if (textOf(attributes, "session.id") === "") return "session.id";
  if (textOf(attributes, "arize.project.name") !== project) return "arize.project.name";
  if (kind === "LLM" && textOf(attributes, "llm.model_name") === "") return "llm.model_name";
  if (kind === "TOOL" && textOf(attributes, "tool.name") === "") return "tool.name";
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("llm.token_count.") && value.type !== "int") return `${key} is no integer`;
    if (/\.(messages|tool_calls)$/.test(key)) return `${key} is not flattened`;
  }
  return undefined;
}

/** A running stand-in. */
export interface Ax {
  readonly url: string;
  /** Spans by id, as a backend without dedupe would hold them. */
  readonly accepted: ReceivedSpan[];
  readonly stop: () => Promise<void>;
}

function refusal(status: number, code: number, message: string): Response {
  const headers = { "content-type": "application/x-protobuf" };
  return new Response(encodeStatus(code, message), { status, headers });
}

/** Starts the stand-in for one space and key. */
export function startAx(spaceId: string, apiKey: string): Ax {
  const accepted: ReceivedSpan[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      const { headers } = request;
      if (new URL(request.url).pathname !== "/v1/traces") return refusal(404, INVALID_ARGUMENT, "no such path");
      if (request.method !== "POST") return refusal(405, INVALID_ARGUMENT, "POST only");
      const key = headers.get("api_key") ?? headers.get("authorization")?.replace(/^Bearer /, "");
      if (!key || !headers.get("space_id")) return refusal(401, UNAUTHENTICATED, "space_id and api_key are required");
      if (key !== apiKey) return refusal(401, UNAUTHENTICATED, "unknown api_key");
      if (headers.get("space_id") !== spaceId) return refusal(403, PERMISSION_DENIED, "no access to this space");
      if (headers.get("content-type") !== "application/x-protobuf") return refusal(415, INVALID_ARGUMENT, "protobuf");
      if (headers.get("content-encoding") !== "gzip") return refusal(415, INVALID_ARGUMENT, "gzip");
      let groups: Received[];
      try {
        groups = decodeRequest(new Uint8Array(await request.arrayBuffer()), headers);
      } catch (error) {
        return refusal(400, INVALID_ARGUMENT, String(error));
      }
      const flaws: string[] = [];
      for (const { resource, spans } of groups) {
        const project = textOf(resource, "openinference.project.name");
        if (project === "") return refusal(500, INTERNAL, "no project");
        for (const span of spans) {
          const flaw = flawOf(span, project);
          if (flaw === undefined) accepted.push(span);
          else flaws.push(`${span.spanId}: ${flaw}`);
        }
      }
      const answer = flaws.length > 0 ? encodeResponse(flaws.length, flaws.join("; ")) : new Uint8Array();
      return new Response(answer, { headers: { "content-type": "application/x-protobuf" } });
    },
  });
  return { url: `http://127.0.0.1:${server.port}/v1/traces`, accepted, stop: () => server.stop(true) };
}
