/** What an exchange means for the batch: law 4 as one table. */

import { errorText, MAX_QUOTE_CHARS, readPartialSuccess, tidy, withoutSecrets } from "./answer.ts";
import { retryAfterMs } from "./retryAfter.ts";
import type { DeliveryReport } from "./sink.ts";
import type { Answer, Exchange, Failure } from "./transport.ts";

/** What the verdict needs to know about the request. */
export interface Sent {
  readonly url: URL;
  readonly spans: number;
  /** False for sinks whose 2xx bodies mean nothing (Phoenix). */
  readonly readsPartialSuccess: boolean;
  /** Values that no reason may contain. */
  readonly secrets: readonly string[];
  /** Files that should have added to the trusted certificates and did not. */
  readonly trustProblems: readonly string[];
  /** Epoch ms. */
  readonly now: number;
}

/**
 * Outcome of a status code. Of the 4xx only 400 and 422 judge the spans; 408 and 425 ask for another try; every other one
 * speaks about the request as such (who asks, where, how), so it would meet every batch: the sink pauses and keeps them.
 */
export function outcomeOf(status: number): DeliveryReport["outcome"] {
  if (status >= 200 && status < 300) return "accepted";
  if (status >= 500 || status === 429 || status === 408 || status === 425) return "retry";
  if (status === 413) return "split";
  if (status === 400 || status === 422) return "refused";
  return "pause";
}

/** Translates an exchange into a report. */
export function verdictOf(exchange: Exchange, sent: Sent): DeliveryReport {
  return exchange.type === "answer" ? ofAnswer(exchange, sent) : ofFailure(exchange, sent);
}

function ofAnswer(answer: Answer, sent: Sent): DeliveryReport {
  const outcome = outcomeOf(answer.status);
  if (outcome === "accepted") {
    if (!sent.readsPartialSuccess) return { outcome, rejected: 0 };
    const { rejected, message } = readPartialSuccess(answer.body, sent.spans);
    return { outcome, rejected, ...(message === undefined ? {} : { message: quote(message, sent) }) };
  }
  const title = quote(tidy(`HTTP ${answer.status} ${answer.statusText}`), sent);
  if (answer.status >= 300 && answer.status < 400) {
    return {
      outcome: "pause",
      reason: `${title}: redirected to ${quote(hostOf(answer, sent.url), sent)}, not followed`,
    };
  }
  const text = quote(errorText(answer.body, answer.headers.get("content-type")), sent);
  // Many servers only repeat the status line.
  const reason = `${title}${text === "" || title.endsWith(` ${text}`) ? "" : `: ${text}`}`;
  if (outcome !== "retry") return { outcome, reason };
  const wait = retryAfterMs(answer.headers, sent.now);
  return wait === undefined ? { outcome, reason } : { outcome, reason, retryAfterMs: wait };
}

/** Host of a redirect; its path and query may hold what should stay private. */
function hostOf(answer: Answer, base: URL): string {
  const location = answer.headers.get("location");
  if (!location) return "nowhere";
  try {
    const url = new URL(location, base);
    return `${url.protocol}//${url.host}`;
  } catch {
    return "a malformed location";
  }
}

const UNTRUSTED = new Set([
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "CERT_UNTRUSTED",
]);
const TLS =
  /^(CERT_|ERR_TLS_|ERR_SSL_|UNABLE_TO_|HOSTNAME_MISMATCH|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH|EPROTO|UNKNOWN_CERTIFICATE)/;

function ofFailure(failure: Failure, sent: Sent): DeliveryReport {
  const { code } = failure;
  const host = sent.url.host;
  if (code === "TIMEOUT" || code === "ABORTED") {
    return { outcome: "retry", reason: `${host}: ${failure.message}` };
  }
  if (UNTRUSTED.has(code)) {
    const hint = sent.trustProblems[0] ?? "a private CA can be added with NODE_EXTRA_CA_CERTS";
    return { outcome: "pause", reason: `TLS: the certificate of ${host} is not trusted (${code}); ${hint}` };
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return { outcome: "pause", reason: `TLS: the certificate is not for ${sent.url.hostname} (${code})` };
  }
  if (TLS.test(code)) return { outcome: "pause", reason: `TLS: no secure connection to ${host} (${code})` };
  if (code === "ERR_PROXY_TUNNEL") {
    // The runtime passes the proxy's answer on in the message alone.
    const status = Number(/\b([1-5]\d\d)\b/.exec(failure.message)?.[1] ?? 502);
    const outcome = outcomeOf(status) === "retry" ? "retry" : "pause";
    return { outcome, reason: `the proxy refused to connect to ${host}: HTTP ${status}` };
  }
  if (code === "PROXY_URL") return { outcome: "pause", reason: `the proxy's URL is wrong: ${failure.message}` };
  return { outcome: "retry", reason: `no answer from ${host} (${code})` };
}

function quote(text: string, sent: Sent): string {
  const clean = withoutSecrets(text, sent.secrets);
  return clean.length > MAX_QUOTE_CHARS ? `${clean.slice(0, MAX_QUOTE_CHARS - 1).toWellFormed()}…` : clean;
}
