/** The secrets of a sink, their joint fingerprint, and the headers that they become. */

import { fingerprint } from "../hook/fingerprint.ts";
import type { Credentials, SinkKind } from "./settings.ts";

/** What a sink may need to be let in. The parts are always used together. */
export interface Secrets {
  readonly key?: string;
  readonly space?: string;
  /** `user:password` of the endpoint. */
  readonly userInfo?: string;
  /** Custom headers, lower-case names. Any of them may be a secret, so all of them are treated as one. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** Salted fingerprints of the parts. */
export interface SecretPrints {
  readonly key?: string;
  readonly space?: string;
  readonly userInfo?: string;
  readonly headers?: string;
}

/** Fingerprints each part of a sink's secrets. */
export function printsOf(salt: Uint8Array, secrets: Secrets): SecretPrints {
  const print = (value: string | undefined) => (value ? fingerprint(salt, value) : undefined);
  const headers = Object.entries(secrets.headers ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return definedOnly({
    key: print(secrets.key),
    space: print(secrets.space),
    userInfo: print(secrets.userInfo),
    headers: headers.length === 0 ? undefined : print(JSON.stringify(headers)),
  });
}

function definedOnly(prints: { [Part in keyof SecretPrints]: string | undefined }): SecretPrints {
  return Object.fromEntries(Object.entries(prints).filter(([, value]) => value !== undefined));
}

/** One text that is equal exactly when all parts are equal; undefined when a sink needs no secret. */
export function credentialOf(prints: SecretPrints): string | undefined {
  const parts = Object.entries(prints).filter(([, value]) => value !== undefined);
  if (parts.length === 0) return undefined;
  return parts
    .map(([part, value]) => `${part}:${value}`)
    .sort()
    .join(";");
}

/** The headers that carry the secrets. Custom headers win over the ones made here. */
export function headersOf(kind: SinkKind, secrets: Secrets): Credentials {
  const { key, space, userInfo } = secrets;
  const headers: Record<string, string> = {};
  if (userInfo) headers.authorization = `Basic ${Buffer.from(userInfo, "utf8").toString("base64")}`;
  if (key) headers.authorization = `Bearer ${key}`;
  if (kind === "arize") {
    // AX takes the key under either name; its SDKs send both.
    if (key) headers.api_key = key;
    if (space) {
      headers.space_id = space;
      headers["arize-space-id"] = space;
    }
    headers["arize-interface"] = "otel";
  }
  return { ...headers, ...secrets.headers };
}
