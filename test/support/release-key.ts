/** The release key of tests. Nothing outside the tests trusts it. */

import { createPrivateKey, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { publicKeyOf } from "../../build/release-sign.ts";

/** PKCS#8 of an Ed25519 key, up to its 32 bytes. */
const PKCS8_PREFIX = "302e020100300506032b657004220420";

/** Always the same, so that programs which trust it need not be compiled for every run. */
export const TEST_KEY: KeyObject = createPrivateKey({
  key: Buffer.from(`${PKCS8_PREFIX}${"42".repeat(32)}`, "hex"),
  format: "der",
  type: "pkcs8",
});

/** Text of `src/update/release.ts` with another key. */
export function releaseSourceWith(key: KeyObject): string {
  const text = readFileSync(join(import.meta.dir, "../../src/update/release.ts"), "utf8");
  return text.replace(/(RELEASE_PUBLIC_KEY = ")[^"]*/, `$1${publicKeyOf(key)}`);
}
