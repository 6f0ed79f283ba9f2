/** A certificate authority made at run time: X.509 v3 in DER, ECDSA P-256 with SHA-256. No key is ever written to disk. */

import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";

const DAY_MS = 24 * 60 * 60 * 1000;

// Object identifiers in DER content form.
const ECDSA_WITH_SHA256 = "2a8648ce3d040302";
const COMMON_NAME = "550403";
const BASIC_CONSTRAINTS = "551d13";
const KEY_USAGE = "551d0f";
const ALTERNATIVE_NAME = "551d11";

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const bytes: number[] = [];
  for (let rest = content.length; rest > 0; rest >>>= 8) bytes.unshift(rest & 0xff);
  const length = content.length < 0x80 ? [content.length] : [0x80 | bytes.length, ...bytes];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
}

const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
const oid = (content: string): Buffer => der(0x06, Buffer.from(content, "hex"));
const algorithm = sequence(oid(ECDSA_WITH_SHA256));

function name(common: string): Buffer {
  return sequence(der(0x31, sequence(oid(COMMON_NAME), der(0x0c, Buffer.from(common)))));
}

function time(at: number): Buffer {
  // UTCTime, YYMMDDHHMMSSZ.
  return der(0x17, Buffer.from(`${new Date(at).toISOString().slice(2, 19).replace(/[-T:]/g, "")}Z`));
}

function extension(id: string, critical: boolean, value: Uint8Array): Buffer {
  return sequence(oid(id), ...(critical ? [der(0x01, Buffer.from([0xff]))] : []), der(0x04, value));
}

interface Issuer {
  readonly common: string;
  readonly key: KeyObject;
}

function certificate(subject: string, publicKey: KeyObject, issuer: Issuer, extensions: readonly Buffer[]): string {
  const now = Date.now();
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    algorithm,
    name(issuer.common),
    sequence(time(now - DAY_MS), time(now + DAY_MS)),
    name(subject),
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign("sha256", body, issuer.key);
  const whole = sequence(body, algorithm, der(0x03, Buffer.from([0]), signature));
  const lines = whole.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}

/** A server's key and certificate, PEM. */
export interface ServerIdentity {
  readonly key: string;
  readonly cert: string;
}

/** Makes an authority: its certificate (PEM), and server certificates for DNS names and IPv4 addresses. */
export function createAuthority(common: string): {
  readonly cert: string;
  readonly issue: (names: readonly string[]) => ServerIdentity;
} {
  const own = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const issuer = { common, key: own.privateKey };
  const cert = certificate(common, own.publicKey, issuer, [
    extension(BASIC_CONSTRAINTS, true, sequence(der(0x01, Buffer.from([0xff])))),
    // keyCertSign and cRLSign.
    extension(KEY_USAGE, true, der(0x03, Buffer.from([1, 0x06]))),
  ]);
  const issue = (names: readonly string[]): ServerIdentity => {
    const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const alternatives = names.map((one) =>
      /^[\d.]+$/.test(one) ? der(0x87, Buffer.from(one.split(".").map(Number))) : der(0x82, Buffer.from(one)),
    );
    return {
      key: pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      cert: certificate(names[0] ?? "server", pair.publicKey, issuer, [
        extension(ALTERNATIVE_NAME, false, sequence(...alternatives)),
      ]),
    };
  };
  return { cert, issue };
}
