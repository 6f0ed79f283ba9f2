/** The release manifest: JSON with one asset a line, so that the installers read it without a JSON parser. */

import * as v from "valibot";
import { ReleaseProblem } from "./problem.ts";

const hash = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const size = v.pipe(v.number(), v.integer(), v.minValue(1));
// Names become paths and addresses.
const name = v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9.-]*$/));

const assetSchema = v.object({
  /** `linux-x64-musl` … */
  target: name,
  /** `gz`, `zst` or `tar.gz`. */
  format: v.picklist(["gz", "zst", "tar.gz"]),
  file: name,
  /** Bytes of the file. */
  size,
  /** SHA-256 of the file, hex. */
  sha256: hash,
  /** Bytes and SHA-256 of the program in it. */
  program_size: size,
  program_sha256: hash,
});

const manifestSchema = v.object({
  version: v.pipe(v.string(), v.regex(/^\d+\.\d+\.\d+(-[0-9a-z.-]+)?$/)),
  assets: v.array(assetSchema),
});

/** One file of a release. */
export type Asset = v.InferOutput<typeof assetSchema>;
/** What a release consists of. */
export type Manifest = v.InferOutput<typeof manifestSchema>;

/** The manifest as it is published and signed: the installers rely on its lines, and on the order of the fields in them. */
export function manifestText({ version, assets }: Manifest): string {
  const lines = assets.map((asset) => {
    const { target, format, file, size, sha256, program_size, program_sha256 } = asset;
    return `    ${JSON.stringify({ target, format, file, size, sha256, program_size, program_sha256 })}`;
  });
  return `{\n  "version": ${JSON.stringify(version)},\n  "assets": [\n${lines.join(",\n")}\n  ]\n}\n`;
}

/** Reads a manifest whose signature was checked. @throws ReleaseProblem when it is none */
export function parseManifest(text: string): Manifest {
  try {
    return v.parse(manifestSchema, JSON.parse(text));
  } catch {
    throw new ReleaseProblem("the release's manifest cannot be read by this version", "run the installer again");
  }
}
