/** Endpoints as users write them → the URL that spans are posted to, without anything secret in it. */

import type { SinkKind } from "./settings.ts";

/** What an endpoint says. */
export interface Endpoint {
  /** URL to post to; no user info, no query, no fragment. */
  readonly url: string;
  /** Scheme, host and port: what a credential is bound to. */
  readonly origin: string;
  /** `user:password` of the URL, percent-decoded. */
  readonly userInfo?: string;
  /** Something in it that is not used. */
  readonly warning?: string;
}

/** Where a sink of each kind goes when nothing names an endpoint. */
export const DEFAULT_ENDPOINTS: Readonly<Record<SinkKind, string>> = {
  arize: "https://otlp.arize.com",
  phoenix: "http://localhost:6006",
  otlp: "http://localhost:4318",
};

const TRACES_PATH = "/v1/traces";
const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/i;

function schemeFor(kind: SinkKind, bare: string): string {
  if (kind === "arize") return "https://";
  const host = bare.replace(/^[^/@]*@/, "").replace(/(:\d+)?([/?#].*)?$/, "");
  return LOOPBACK.test(host) ? "http://" : "https://";
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function pathFor(kind: SinkKind, path: string): string {
  const base = path.replace(/\/+$/, "");
  if (base === "") return TRACES_PATH;
  if (base.endsWith(TRACES_PATH)) return base;
  // A collector may serve traces anywhere; for the others a path is the prefix under which the whole product is served.
  if (kind === "otlp") return base;
  return base.endsWith("/v1") ? `${base}/traces` : `${base}${TRACES_PATH}`;
}

/**
 * Normalises an endpoint: `host:port` means https (http for a Phoenix or collector on this machine), an explicit scheme is
 * kept; Phoenix and AX get `/v1/traces` appended, any other OTLP endpoint only when it has no path.
 * @returns what is wrong, as a sentence, when it is no HTTP URL
 */
export function endpointOf(kind: SinkKind, written: string): Endpoint | string {
  const text = written.trim();
  const full = SCHEME.test(text) ? text : `${schemeFor(kind, text)}${text}`;
  if (!/^https?:/i.test(full)) return "Expected an http:// or https:// URL (OTLP over HTTP)";
  let url: URL;
  try {
    url = new URL(full);
  } catch {
    return "Expected a URL such as https://host:port";
  }
  if (url.hostname === "") return "Expected a URL with a host";
  const userInfo = url.username || url.password ? `${decoded(url.username)}:${decoded(url.password)}` : undefined;
  return {
    url: `${url.origin}${pathFor(kind, url.pathname)}`,
    origin: url.origin,
    ...(userInfo === undefined ? {} : { userInfo }),
    ...(url.search === "" ? {} : { warning: "The query of an endpoint is not sent; use headers" }),
  };
}
