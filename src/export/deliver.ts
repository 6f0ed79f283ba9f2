/** Delivery of a batch as one OTLP/HTTP request. */

import type { Credentials, SinkTarget } from "../config/settings.ts";
import { isWebPage } from "./answer.ts";
import { compress, type Encoded, encodeProbe, encodeSpans, requestHeaders } from "./encode.ts";
import { proxyFor } from "./proxy.ts";
import type { Deliver, DeliveryReport } from "./sink.ts";
import { createTransport, type Exchange } from "./transport.ts";
import { verdictOf } from "./verdict.ts";

/**
 * Bytes of a request before compression. Receivers limit the decompressed body (the OpenTelemetry Collector to 20 MiB)
 * and some answer 400 rather than 413, so a batch beyond this is split before it is sent. A single span always goes out.
 */
export const MAX_REQUEST_BYTES = 16 * 1024 * 1024;

/** Time for the whole of a check, ms. */
const CHECK_TIMEOUT_MS = 10_000;

/** Asks a sink for a verdict on endpoint and credential, see `createDelivery`. */
export type CheckTarget = (
  target: SinkTarget,
  credentials: Credentials | undefined,
  limits?: { readonly timeoutMs: number; readonly signal?: AbortSignal },
) => Promise<DeliveryReport>;

/** Both ways to talk to a sink, over one transport. */
export interface Delivery {
  readonly deliver: Deliver;
  /**
   * One real request without any span. `accepted`: endpoint and credential work. `pause`: they do not, with the reason.
   * `retry`: the sink cannot be reached or is busy. `refused` and `split`: it was reached and knows the credential, but
   * does not take an empty request.
   *
   * Phoenix answers 200 (401 without its key) and creates nothing; the OpenTelemetry Collector answers 200. AX documents
   * no answer to an empty request; the project is named in it because AX answers 500 where none is. A 2xx with a web page
   * is no trace endpoint and reported as `pause`.
   */
  readonly checkTarget: CheckTarget;
}

/** A verdict, and the exchange that it comes from when there was one. */
interface Sending {
  readonly report: DeliveryReport;
  readonly exchange?: Exchange;
}

function unsent(outcome: "pause" | "split" | "refused", reason: string): Sending {
  return { report: { outcome, reason } };
}

/** Makes a delivery; `env` names proxies and certificates, `now` is epoch ms. */
export function createDelivery(
  env: Readonly<Record<string, string | undefined>>,
  now: () => number = Date.now,
): Delivery {
  const transport = createTransport(env);

  async function send(
    target: SinkTarget,
    credentials: Credentials | undefined,
    encode: () => Encoded,
    spans: number,
    limits: Parameters<Deliver>[4],
  ): Promise<Sending> {
    const url = parseUrl(target.url);
    if (url === undefined) return unsent("pause", "the sink's URL is not an http or https URL");
    let headers: Headers;
    try {
      headers = requestHeaders(target, credentials);
    } catch (error) {
      return unsent("pause", messageOf(error));
    }
    let body: Encoded;
    try {
      const encoded = encode();
      if (spans > 1 && encoded.length > MAX_REQUEST_BYTES) {
        return unsent("split", `${encoded.length} bytes, over the limit of ${MAX_REQUEST_BYTES}`);
      }
      body = compress(target, encoded);
    } catch (error) {
      return unsent("refused", `cannot be encoded: ${messageOf(error)}`);
    }
    const exchange = await transport.post(url, headers, body, limits);
    const report = verdictOf(exchange, {
      url,
      spans,
      readsPartialSuccess: target.kind !== "phoenix",
      secrets: [...Object.values(credentials ?? {}), ...proxySecrets(proxyFor(url, env))],
      trustProblems: url.protocol === "https:" ? transport.trust().problems : [],
      now: now(),
    });
    return { report, exchange };
  }

  return {
    deliver: async (target, credentials, agent, spans, limits) => {
      if (spans.length === 0) return { outcome: "accepted", rejected: 0 };
      const encode = (): Encoded => encodeSpans(target, agent, spans);
      return (await send(target, credentials, encode, spans.length, limits)).report;
    },
    checkTarget: async (target, credentials, limits = { timeoutMs: CHECK_TIMEOUT_MS }) => {
      const encode = (): Encoded => encodeProbe(target, target.project);
      const { report, exchange } = await send(target, credentials, encode, 0, limits);
      const isPage = exchange?.type === "answer" && isWebPage(exchange.body, exchange.headers.get("content-type"));
      if (report.outcome !== "accepted" || !isPage) return report;
      return { outcome: "pause", reason: "a web page answered: the URL is not a trace endpoint" };
    },
  };
}

function parseUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === "http:" || url?.protocol === "https:" ? url : undefined;
}

/** The proxy's password as the URL spells it and as it is. */
function proxySecrets(proxy: string | undefined): string[] {
  if (proxy === undefined || !URL.canParse(proxy)) return [];
  const { password } = new URL(proxy);
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return [password];
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const { deliver: deliverNow, checkTarget: checkNow } = createDelivery(process.env);

/** Delivers with this process's environment. */
export const deliver: Deliver = deliverNow;

/** Checks with this process's environment. */
export const checkTarget: CheckTarget = checkNow;
