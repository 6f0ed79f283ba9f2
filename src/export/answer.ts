/** Reading a sink's answer: partial success, and the first words of an error. Tolerant: nothing here throws. */

import { ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import { MAX_ANSWER_BYTES } from "./transport.ts";

/** Characters of a sink's own words that a reason quotes. */
export const MAX_QUOTE_CHARS = 300;

/** OTLP's partial success; `rejected` 0 with a message is a warning. */
export interface PartialSuccess {
  readonly rejected: number;
  readonly message?: string;
}

/**
 * Partial success of a 2xx answer, in protobuf or JSON whatever its content type says; an answer that is neither counts
 * as complete success. Source: OTLP specification, "Partial Success".
 */
export function readPartialSuccess(body: Uint8Array, sent: number): PartialSuccess {
  const json = parseJson(body);
  const partial = json === undefined ? fromProtobuf(body) : fromJson(json);
  const count = Number(partial.rejected);
  const rejected = Number.isFinite(count) ? Math.min(Math.max(Math.trunc(count), 0), sent) : 0;
  const message = typeof partial.message === "string" ? tidy(partial.message) : "";
  return message === "" ? { rejected } : { rejected, message };
}

function fromProtobuf(body: Uint8Array): { rejected?: unknown; message?: unknown } {
  try {
    const partial = ProtobufTraceSerializer.deserializeResponse(body).partialSuccess;
    return { rejected: partial?.rejectedSpans ?? 0, message: partial?.errorMessage };
  } catch {
    return {};
  }
}

function fromJson(json: unknown): { rejected?: unknown; message?: unknown } {
  const partial = member(json, "partialSuccess") ?? member(json, "partial_success");
  return {
    rejected: member(partial, "rejectedSpans") ?? member(partial, "rejected_spans") ?? 0,
    message: member(partial, "errorMessage") ?? member(partial, "error_message"),
  };
}

/**
 * First words of an error answer as one short line of printable text: the message of a JSON or protobuf `Status`
 * (OTLP's error body), the visible text of HTML, else the text itself.
 */
export function errorText(body: Uint8Array, contentType: string | null): string {
  const type = contentType?.toLowerCase() ?? "";
  const json = parseJson(body);
  if (json !== undefined) {
    const nested = member(json, "error");
    for (const candidate of [member(json, "message"), member(nested, "message"), nested, member(json, "detail")]) {
      if (typeof candidate === "string") return tidy(candidate);
    }
  }
  if (type.includes("protobuf")) return tidy(statusMessage(body) ?? "");
  const text = new TextDecoder().decode(body);
  return tidy(/^\s*</.test(text) ? text.replace(/<(style|script)[\s\S]*?<\/\1>|<[^>]*>/gi, " ") : text);
}

/** `google.rpc.Status`: 1 = code (varint), 2 = message (string). */
function statusMessage(body: Uint8Array): string | undefined {
  let at = 0;
  while (at < body.length) {
    const tag = body[at++] ?? 0;
    const start = at;
    while ((body[at] ?? 0) > 0x7f) at++;
    const value = body.subarray(start, ++at).reduce((sum, byte, index) => sum + (byte & 0x7f) * 2 ** (7 * index), 0);
    if ((tag & 7) === 0) continue;
    if ((tag & 7) !== 2 || value > MAX_ANSWER_BYTES) return undefined;
    if (tag >> 3 === 2) return new TextDecoder().decode(body.subarray(at, at + value));
    at += value;
  }
  return undefined;
}

function parseJson(body: Uint8Array): unknown {
  try {
    const text = new TextDecoder().decode(body).trim();
    return text.startsWith("{") ? JSON.parse(text) : undefined;
  } catch {
    return undefined;
  }
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** Control characters go (a terminal would obey them), white space shrinks. */
export function tidy(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\uFFFD]+/gu, " ")
    .replace(/\s+/g, " ")
    .trim();
}

/** True for a page made for people. */
export function isWebPage(body: Uint8Array, contentType: string | null): boolean {
  return (contentType?.toLowerCase() ?? "").includes("text/html") && /^\s*</.test(new TextDecoder().decode(body));
}

/** Secrets of a request as they could be echoed: whole header values and the token behind a scheme word. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  let clean = text;
  const parts = secrets.flatMap((secret) => [secret, secret.trim().replace(/^\S+\s+/, "")]);
  for (const part of [...new Set(parts)].sort((a, b) => b.length - a.length)) {
    // Shorter ones are no secrets, and masking them would only garble the text.
    if (part.length >= 4) clean = clean.replaceAll(part, "***");
  }
  return clean;
}
