/**
 * One HTTP request, with everything that the runtime would decide by itself decided here: no redirect, no ambient proxy,
 * no relaxed certificate check, no request log, a bounded answer and one deadline over all of it. Never throws.
 */

import { gunzipSync, inflateSync } from "node:zlib";
import { proxyFor } from "./proxy.ts";
import { readTrust, type Trust } from "./trust.ts";

/** Bytes of an answer that are read; a sink's answer is a few hundred. */
export const MAX_ANSWER_BYTES = 64 * 1024;

/** What came back. */
export type Exchange = Answer | Failure;

/** A status line arrived. */
export interface Answer {
  readonly type: "answer";
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  /** At most `MAX_ANSWER_BYTES`, decompressed; cut short when the answer was longer or did not end in time. */
  readonly body: Uint8Array;
}

/** No status line arrived. */
export interface Failure {
  readonly type: "failure";
  /** Error code of the runtime (`ECONNREFUSED`, `ERR_TLS_CERT_ALTNAME_INVALID` …), `TIMEOUT`, `ABORTED`, `PROXY_URL`. */
  readonly code: string;
  readonly message: string;
}

/** Posts a body. */
export type Post = (
  url: URL,
  headers: Headers,
  body: Uint8Array<ArrayBuffer>,
  limits: { readonly timeoutMs: number; readonly signal?: AbortSignal },
) => Promise<Exchange>;

/** A transport bound to the proxies and certificates that an environment names. */
export interface Transport {
  readonly post: Post;
  /** Read once, at the first request over TLS. */
  readonly trust: () => Trust;
}

/** Makes a transport. `env` is read for proxies at each request, for certificates once. */
export function createTransport(env: Readonly<Record<string, string | undefined>>): Transport {
  let known: Trust | undefined;
  const trust = (): Trust => {
    known ??= readTrust(env);
    return known;
  };
  const post: Post = async (url, headers, body, limits) => {
    const proxy = proxyFor(url, env);
    if (proxy !== undefined && !isUsableProxy(proxy)) {
      return { type: "failure", code: "PROXY_URL", message: "only http and https proxies can be used" };
    }
    const controller = new AbortController();
    const { promise: stopped, resolve: stop } = Promise.withResolvers<Failure>();
    // The race, not only the signal, ends a wait: a connect or a name lookup under way does not always heed the signal.
    const end = (code: "TIMEOUT" | "ABORTED", message: string): void => {
      stop({ type: "failure", code, message });
      controller.abort();
    };
    const timer = setTimeout(() => end("TIMEOUT", `no answer within ${limits.timeoutMs} ms`), limits.timeoutMs);
    const abort = (): void => end("ABORTED", "stopped before an answer came");
    limits.signal?.addEventListener("abort", abort, { once: true });
    if (limits.signal?.aborted) abort();
    try {
      const options: BunFetchRequestInit = {
        method: "POST",
        headers,
        body,
        redirect: "manual",
        signal: controller.signal,
        decompress: false,
        // `BUN_CONFIG_VERBOSE_FETCH` would print the credentials otherwise.
        verbose: false,
        proxy: proxy === undefined ? false : { url: proxy, respectNoProxy: false },
      };
      if (url.protocol === "https:") {
        // Said explicitly, so that `NODE_TLS_REJECT_UNAUTHORIZED=0` cannot hand a credential to a stranger.
        options.tls = { ca: [...trust().roots], rejectUnauthorized: true };
      }
      const first = await Promise.race([fetch(url, options).catch(failureOf), stopped]);
      if (!(first instanceof Response)) return first;
      const { status, statusText, headers: answered } = first;
      const raw = await readBounded(first);
      return { type: "answer", status, statusText, headers: answered, body: decompressed(raw, answered) };
    } catch (error) {
      return failureOf(error);
    } finally {
      clearTimeout(timer);
      limits.signal?.removeEventListener("abort", abort);
    }
  };
  return { post, trust };
}

function isUsableProxy(proxy: string): boolean {
  return URL.canParse(proxy) && ["http:", "https:"].includes(new URL(proxy).protocol);
}

/** The status line is the answer: a body that breaks off or does not end leaves it as it is. */
async function readBounded(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = response.body?.getReader();
  if (!reader) return new Uint8Array();
  try {
    while (size < MAX_ANSWER_BYTES) {
      const step = await reader.read();
      if (step.done) break;
      chunks.push(step.value);
      size += step.value.length;
    }
  } catch {
    // Reset in the middle of the body, or out of time.
  }
  void reader.cancel().catch(() => undefined);
  return Buffer.concat(chunks).subarray(0, MAX_ANSWER_BYTES);
}

/** No encoding is asked for; some servers compress all the same. */
function decompressed(body: Uint8Array, headers: Headers): Uint8Array {
  const encoding = headers.get("content-encoding")?.toLowerCase();
  try {
    if (encoding === "gzip" || encoding === "x-gzip") return gunzipSync(body, { maxOutputLength: MAX_ANSWER_BYTES });
    if (encoding === "deflate") return inflateSync(body, { maxOutputLength: MAX_ANSWER_BYTES });
  } catch {
    return new Uint8Array();
  }
  return body;
}

function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { type: "failure", code: "UNKNOWN", message: "unknown error" };
  const code = (error as { code?: unknown }).code;
  return { type: "failure", code: typeof code === "string" ? code : error.name, message: error.message };
}
