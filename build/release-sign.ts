/** Signing the manifest: once as plain Ed25519 (OpenSSL, this program, Node), once as SSH does (`ssh-keygen -Y verify`). */

import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";
import { SIGNATURE_NAMESPACE } from "../src/update/release.ts";

/** Environment variable with the private key: PKCS#8, PEM or its base64 alone. */
export const KEY_VARIABLE = "HARNESS_TRACING_RELEASE_KEY";

const SSH_KEY_TYPE = "ssh-ed25519";
const SSH_HASH = "sha512";
const SSH_LINE = 70;

/** The key of the environment variable's text. @throws Error that does not quote it */
export function readPrivateKey(text: string): KeyObject {
  try {
    const base64 = text.replaceAll(/-----[A-Z ]+-----|\s|\\n/g, "");
    const key = createPrivateKey({ key: Buffer.from(base64, "base64"), format: "der", type: "pkcs8" });
    if (key.asymmetricKeyType === "ed25519") return key;
  } catch {
    // The cause may quote the key.
  }
  throw new Error(`${KEY_VARIABLE} is not an Ed25519 private key in PKCS#8 form`);
}

/** The 32 bytes of a key's public half, base64. */
export function publicKeyOf(key: KeyObject): string {
  const { x = "" } = createPublicKey(key).export({ format: "jwk" });
  return Buffer.from(x, "base64url").toString("base64");
}

/** The public key as SSH writes it: the part after `ssh-ed25519 `. @param publicKey 32 bytes, base64 */
export function sshPublicKey(publicKey: string): string {
  return Buffer.concat([text(SSH_KEY_TYPE), string(Buffer.from(publicKey, "base64"))]).toString("base64");
}

/** Ed25519 over the message: 64 bytes. */
export function signature(message: string, key: KeyObject): Buffer {
  return sign(null, Buffer.from(message), key);
}

/** The signature file that `ssh-keygen -Y sign` would make (OpenSSH's PROTOCOL.sshsig). */
export function sshSignature(message: string, key: KeyObject): string {
  const publicKey = Buffer.from(sshPublicKey(publicKeyOf(key)), "base64");
  const fields = [text(SIGNATURE_NAMESPACE), text(""), text(SSH_HASH)];
  const hash = createHash(SSH_HASH).update(message).digest();
  const signed = sign(null, Buffer.concat([Buffer.from("SSHSIG"), ...fields, string(hash)]), key);
  const version = Buffer.from([0, 0, 0, 1]);
  const whole = [Buffer.from("SSHSIG"), version, string(publicKey), ...fields];
  const blob = Buffer.concat([...whole, string(Buffer.concat([text(SSH_KEY_TYPE), string(signed)]))]);
  const lines = blob.toString("base64").match(new RegExp(`.{1,${SSH_LINE}}`, "g")) ?? [];
  return `-----BEGIN SSH SIGNATURE-----\n${lines.join("\n")}\n-----END SSH SIGNATURE-----\n`;
}

function text(value: string): Buffer {
  return string(Buffer.from(value));
}

/** SSH's `string`: its length in four bytes, then its bytes. */
function string(value: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(value.length);
  return Buffer.concat([length, value]);
}
