/** Getting a release's manifest and program, believing nothing that the release key did not sign. */

import { createHash } from "node:crypto";
import { type Asset, type Manifest, parseManifest } from "./manifest.ts";
import { ReleaseProblem } from "./problem.ts";
import { MANIFEST_FILE, SIGNATURE_FILE } from "./release.ts";
import { isSigned, SIGNATURE_BYTES } from "./signature.ts";
import type { Progress, ReleaseSource } from "./source.ts";

/** A manifest has a few hundred bytes per asset. */
const MAX_MANIFEST_BYTES = 1024 * 1024;

const NEWS = "nothing was changed; try again later, from another network or mirror";

/** What the release's maker signed. @throws ReleaseProblem */
export async function fetchManifest(source: ReleaseSource, publicKey: string): Promise<Manifest> {
  const manifest = await source.read(MANIFEST_FILE, MAX_MANIFEST_BYTES);
  const signature = await source.read(SIGNATURE_FILE, SIGNATURE_BYTES);
  if (!isSigned(manifest, signature, publicKey)) {
    throw new ReleaseProblem(`the signature of the release at ${source.name} is wrong`, NEWS);
  }
  return parseManifest(new TextDecoder().decode(manifest));
}

/** The smallest asset of a target that this program can unpack. @throws ReleaseProblem when there is none */
export function assetFor({ version, assets }: Manifest, target: string): Asset {
  const fitting = assets.filter((asset) => asset.target === target && asset.format !== "tar.gz");
  const [smallest] = fitting.sort((a, b) => a.size - b.size);
  if (smallest) return smallest;
  throw new ReleaseProblem(`release ${version} has no program for ${target}`, "choose another with --version");
}

/** A program, exactly as the manifest names it. @throws ReleaseProblem */
export async function fetchProgram(
  source: ReleaseSource,
  asset: Asset,
  progress?: Progress,
): Promise<Uint8Array<ArrayBuffer>> {
  const packed = await source.read(asset.file, asset.size, progress);
  if (packed.length !== asset.size || sha256(packed) !== asset.sha256) {
    throw new ReleaseProblem(`${asset.file} does not have the hash that the release names`, NEWS);
  }
  const program = asset.format === "zst" ? new Uint8Array(await Bun.zstdDecompress(packed)) : Bun.gunzipSync(packed);
  if (sha256(program) !== asset.program_sha256) {
    throw new ReleaseProblem(`the program in ${asset.file} is damaged`, NEWS);
  }
  return program;
}

/** SHA-256, hex. */
export function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
