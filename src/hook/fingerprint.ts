/** Fingerprints of credentials: enough to tell whether two are the same, useless without this machine's salt. */

/** Hex digits of a fingerprint. */
const DIGITS = 32;

/**
 * HMAC-SHA-256 of a credential under the local salt, first 32 hex digits.
 * @param salt the bytes of `paths.salt`
 */
export function fingerprint(salt: Uint8Array, value: string): string {
  return new Bun.CryptoHasher("sha256", salt).update(value).digest("hex").slice(0, DIGITS);
}
