/**
 * Certificates that TLS connections trust: the runtime's own roots, the operating system's, and those of
 * `NODE_EXTRA_CA_CERTS`, `SSL_CERT_FILE` and `SSL_CERT_DIR`. Every source adds, none replaces: a company's CA must not
 * cut the connection to a public backend.
 */

import { X509Certificate } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { getCACertificates, rootCertificates } from "node:tls";

type Environment = Readonly<Record<string, string | undefined>>;

/** Roots as PEM, and which of the named files could not be used (variable and path, never content). */
export interface Trust {
  readonly roots: readonly string[];
  readonly problems: readonly string[];
}

// Larger than any CA bundle in use; a mistaken path must not be read into memory.
const MAX_FILE_BYTES = 8 * 1024 * 1024;
const MAX_DIRECTORY_FILES = 2000;
const CERTIFICATE = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[\s\S]*?-----END (?:TRUSTED )?CERTIFICATE-----/g;

function certificatesIn(path: string): string[] {
  const stat = statSync(path);
  if (!stat.isFile() || stat.size > MAX_FILE_BYTES) return [];
  return (readFileSync(path, "utf8").match(CERTIFICATE) ?? []).filter((pem) => {
    try {
      // One unreadable certificate in the list would fail every connection.
      return new X509Certificate(pem).raw.length > 0;
    } catch {
      return false;
    }
  });
}

function systemRoots(): readonly string[] {
  try {
    return getCACertificates("system");
  } catch {
    return [];
  }
}

/** Reads the trusted roots. Unreadable sources become problems, never errors. */
export function readTrust(env: Environment): Trust {
  const found: string[] = [];
  const problems: string[] = [];
  for (const name of ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"]) {
    const path = env[name];
    if (!path) continue;
    try {
      const certificates = certificatesIn(path);
      if (certificates.length === 0) problems.push(`${name}: no certificate in ${path}`);
      found.push(...certificates);
    } catch {
      problems.push(`${name}: cannot read ${path}`);
    }
  }
  for (const directory of (env.SSL_CERT_DIR ?? "").split(delimiter).filter((entry) => entry !== "")) {
    try {
      for (const file of readdirSync(directory).slice(0, MAX_DIRECTORY_FILES)) {
        try {
          found.push(...certificatesIn(join(directory, file)));
        } catch {
          // A dangling link in the folder: the other files still count.
        }
      }
    } catch {
      problems.push(`SSL_CERT_DIR: cannot read ${directory}`);
    }
  }
  // The same certificate often comes from several sources and with different line ends.
  const unique = new Map<string, string>();
  for (const pem of [...rootCertificates, ...systemRoots(), ...found]) unique.set(pem.replace(/\s/g, ""), pem);
  return { roots: [...unique.values()], problems };
}
