/** Secrets that give themselves away by where they stand: authorization headers, URLs, command lines. */

import { isPlaceholder } from "./mask-values.ts";

const AUTHORIZATION =
  /(authorization\\*["']?[ \t]{0,4}[:=][ \t]{0,4}\\*["']?(?:bearer|basic|token|apikey|digest)[ \t]{1,4})([^\s"'`\\<>$({][^\s"'`\\<>(){}]{5,})/gi;
const BEARER = /(\bbearer[ \t]{1,4})([A-Za-z0-9._~+/-]{16,}={0,2})/gi;
const BASIC = /(\bbasic[ \t]{1,4})([A-Za-z0-9+/]{8,2048}={0,2})(?![A-Za-z0-9+/=])/gi;
// Starts at the literal, and is bounded, so that long words cost nothing.
const URL_PASSWORD = /(:\/\/[^\s/:@"'`<>?#\\]{0,256}:)([^\s/@"'`<>\\]{1,512})(?=@)/g;
const URL_TOKEN = /(:\/\/)([A-Za-z0-9_.~%-]{20,512})(?=@)/g;
const CURL_USER =
  /(\bcurl\b[^\r\n]{0,512}?[ \t](?:-u|--user|--proxy-user)[ \t=]{0,2}["']?[^\s:"'`<>$]{1,128}:)([^\s"'`<>]{1,512})/g;
const SSHPASS = /(\bsshpass[ \t]+-p[ \t]{0,2}["']?)([^\s"'`<>$][^\s"'`<>]{2,512})/g;
const NETRC = /(\blogin[ \t\r\n]{1,4}[^\s]{1,128}[ \t\r\n]{1,4}password[ \t]{1,4})([^\s"'`<>$][^\s"'`<>]{2,512})/g;

interface ContextRule {
  readonly name: string;
  readonly hint: RegExp | string;
  readonly pattern: RegExp;
  readonly accepts: (secret: string) => boolean;
}

const notPlaceholder = (secret: string) => !isPlaceholder(secret);

// A password of a URL may be any word; only references and fillers are no password.
const urlPassword = (secret: string) => !/^(?:\$|%[A-Z_]+%$|[xX*.…]{2,}$|\{|\[)|\$\{|\{\{/.test(secret);

function isUserAndPassword(secret: string): boolean {
  const text = Buffer.from(secret, "base64").toString("latin1");
  return /^[\x20-\x7e]+$/.test(text) && text.includes(":");
}

const RULES: readonly ContextRule[] = [
  { name: "authorization", hint: /authorization/i, pattern: AUTHORIZATION, accepts: notPlaceholder },
  {
    name: "bearer-token",
    hint: /bearer/i,
    pattern: BEARER,
    accepts: (secret) => /[0-9]/.test(secret) && notPlaceholder(secret),
  },
  { name: "basic-credential", hint: /basic/i, pattern: BASIC, accepts: isUserAndPassword },
  { name: "url-password", hint: "://", pattern: URL_PASSWORD, accepts: urlPassword },
  {
    name: "url-token",
    hint: "://",
    pattern: URL_TOKEN,
    accepts: (secret) => /[0-9]/.test(secret) && notPlaceholder(secret),
  },
  { name: "password", hint: "curl", pattern: CURL_USER, accepts: urlPassword },
  { name: "password", hint: "sshpass", pattern: SSHPASS, accepts: notPlaceholder },
  { name: "password", hint: "login", pattern: NETRC, accepts: notPlaceholder },
];

/** Masks credentials by their surroundings. */
export function maskInContext(text: string): string {
  let masked = text;
  for (const { name, hint, pattern, accepts } of RULES) {
    if (typeof hint === "string" ? !masked.includes(hint) : !hint.test(masked)) continue;
    masked = masked.replace(pattern, (whole: string, before: string, secret: string) =>
      accepts(secret) ? `${before}<masked ${name}>` : whole,
    );
  }
  return masked;
}
