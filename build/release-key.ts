/**
 * `bun build/release-key.ts <file>`: a new release key. The private half goes into the given new file (0600; its text is
 * the value of HARNESS_TRACING_RELEASE_KEY), the public half into the program and the installers. Programs that are
 * installed already trust the old key only: release one more version with it that carries the new one.
 */

import { generateKeyPairSync } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { publicKeyOf, sshPublicKey } from "./release-sign.ts";

const ROOT = `${import.meta.dir}/..`;
const PRIVATE_FILE = 0o600;

const [file] = process.argv.slice(2);
if (!file) {
  console.error("usage: bun build/release-key.ts <file for the private key>");
  process.exit(2);
}
const { privateKey } = generateKeyPairSync("ed25519");
writeFileSync(file, privateKey.export({ format: "pem", type: "pkcs8" }), { mode: PRIVATE_FILE, flag: "wx" });

const publicKey = publicKeyOf(privateKey);
replace("src/update/release.ts", /(RELEASE_PUBLIC_KEY = ")[^"]*/, publicKey);
replace("install.sh", /(^public_key=).*/m, publicKey);
replace("install.sh", /(^ssh_public_key=).*/m, sshPublicKey(publicKey));
replace("install.bat", /(^set "PUBLIC_KEY=)[^"\r\n]*/m, publicKey);
replace("install.bat", /(^set "SSH_PUBLIC_KEY=)[^"\r\n]*/m, sshPublicKey(publicKey));
console.log(`Private key: ${file}\nPublic key:  ${publicKey}`);

function replace(name: string, place: RegExp, value: string): void {
  const text = readFileSync(`${ROOT}/${name}`, "utf8");
  if (!place.test(text)) throw new Error(`${name} has no place for the public key`);
  writeFileSync(`${ROOT}/${name}`, text.replace(place, `$1${value}`));
}
