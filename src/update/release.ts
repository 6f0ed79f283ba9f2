/**
 * Where releases come from and who may make them. The installers carry the same constants (`build/release-key.ts` writes
 * the keys there, a test compares all of them).
 */

/** Repository whose releases hold the programs. */
export const REPOSITORY = "Arize-ai/coding-harness-tracing";

/** Address of `install.sh`. */
export const INSTALLER_URL = `https://raw.githubusercontent.com/${REPOSITORY}/main/install.sh`;

/** Address below which the files of all releases lie. */
const RELEASES_URL = `https://github.com/${REPOSITORY}/releases`;

/** Ed25519 public key that signs releases: the 32 bytes, base64. */
export const RELEASE_PUBLIC_KEY = "Jb2cAbS9Fb6Kh4Aa01mllujsvcYtrkDFmERwO71r/cs=";

/** Namespace of the release's SSH signature, so that it is worth nothing for anything else. */
export const SIGNATURE_NAMESPACE = "harness-tracing-release";

/** The manifest: what a release consists of. */
export const MANIFEST_FILE = "release.json";
/** 64 bytes: Ed25519 over the manifest. */
export const SIGNATURE_FILE = "release.json.sig";
/** The same key's signature over the manifest in the form that `ssh-keygen -Y verify` takes. */
export const SSH_SIGNATURE_FILE = "release.json.sshsig";
/** Hashes of every file, for people and `sha256sum -c`. */
export const SUMS_FILE = "SHA256SUMS";

/** Address of the folder that holds a release's files. @param version absent: the latest */
export function releaseUrl(version?: string): string {
  return version === undefined ? `${RELEASES_URL}/latest/download` : `${RELEASES_URL}/download/v${version}`;
}
