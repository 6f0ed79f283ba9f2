/** All files of a release in one folder. */

import type { KeyObject } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { type Asset, manifestText } from "../src/update/manifest.ts";
import { MANIFEST_FILE, SIGNATURE_FILE, SSH_SIGNATURE_FILE, SUMS_FILE } from "../src/update/release.ts";
import { type Effort, pack, sha256 } from "./release-assets.ts";
import { signature, sshSignature } from "./release-sign.ts";
import type { Target } from "./targets.ts";

/** What to publish. */
export interface ReleaseInput {
  readonly version: string;
  readonly targets: readonly Target[];
  /** The compiled program of a target. */
  readonly program: (target: Target) => Promise<Uint8Array<ArrayBuffer>>;
  /** Absent: no signatures are made, and no installer takes the result. */
  readonly key: KeyObject | undefined;
  readonly effort: Effort;
  /** Told after each asset. */
  readonly done?: (asset: Asset) => void;
}

/** Writes a release into a folder, which is emptied first. Equal input makes equal bytes. @returns its assets */
export async function writeRelease(input: ReleaseInput, folder: string): Promise<readonly Asset[]> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const assets: Asset[] = [];
  for (const target of input.targets) {
    for (const { asset, content } of await pack(target, await input.program(target), input.effort)) {
      writeFileSync(`${folder}/${asset.file}`, content);
      assets.push(asset);
      input.done?.(asset);
    }
  }
  const manifest = manifestText({ version: input.version, assets });
  const sums = [...assets, { file: MANIFEST_FILE, sha256: sha256(manifest) }];
  writeFileSync(`${folder}/${MANIFEST_FILE}`, manifest);
  writeFileSync(`${folder}/${SUMS_FILE}`, sums.map(({ file, sha256: sum }) => `${sum}  ${file}\n`).join(""));
  if (input.key) {
    writeFileSync(`${folder}/${SIGNATURE_FILE}`, signature(manifest, input.key));
    writeFileSync(`${folder}/${SSH_SIGNATURE_FILE}`, sshSignature(manifest, input.key));
  }
  return assets;
}
