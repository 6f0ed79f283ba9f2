/** Ed25519 over the manifest. */

import { createPublicKey, verify } from "node:crypto";

/** Length of an Ed25519 signature, bytes. */
export const SIGNATURE_BYTES = 64;

/** True when the signature is the key's. @param publicKey 32 bytes, base64 */
export function isSigned(message: Uint8Array, signature: Uint8Array, publicKey: string): boolean {
  if (signature.length !== SIGNATURE_BYTES) return false;
  try {
    const x = Buffer.from(publicKey, "base64").toString("base64url");
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    return verify(null, message, key, signature);
  } catch {
    return false;
  }
}
