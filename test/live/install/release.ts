/** The release that the installation tests install: every target, two versions, signed with the tests' key. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile } from "../../../build/compile.ts";
import { sha256 } from "../../../build/release-assets.ts";
import { writeRelease } from "../../../build/release-files.ts";
import { TARGETS, type Target } from "../../../build/targets.ts";
import { releaseSourceWith, TEST_KEY } from "../../support/release-key.ts";

const ROOT = join(import.meta.dir, "../../..");

/** The versions: one to install, one to update to. */
export const VERSIONS = ["0.2.0", "0.3.0"] as const;

/** Compiles a target as the release of a version that trusts the tests' key. */
export async function releasedProgram(
  target: Target,
  version: string,
  folder: string,
): Promise<Uint8Array<ArrayBuffer>> {
  mkdirSync(folder, { recursive: true });
  const outfile = join(folder, `harness-tracing${target.extension}`);
  const replaced = {
    [join(ROOT, "src/update/release.ts")]: releaseSourceWith(TEST_KEY),
    [join(ROOT, "src/version.ts")]: `export const VERSION: string = ${JSON.stringify(version)};`,
  };
  await compile({ entry: join(ROOT, "src/main.ts"), outfile, target, replaced });
  const content = new Uint8Array(readFileSync(outfile));
  rmSync(outfile);
  return content;
}

/** A target by its name. */
export function targetNamed(name: string): Target {
  const target = TARGETS.find((one) => one.name === name);
  if (!target) throw new Error(`there is no target ${name}`);
  return target;
}

/** Writes `<folder>/<version>` for both versions with these targets. */
export async function writeReleases(folder: string, names: readonly string[]): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), "harness-tracing-build-"));
  try {
    for (const version of VERSIONS) {
      const input = {
        version,
        targets: names.map(targetNamed),
        program: (target: Target) => releasedProgram(target, version, work),
        key: TEST_KEY,
        effort: "quick" as const,
      };
      await writeRelease(input, join(folder, version));
    }
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Hashes of a target's program, built twice in different folders. */
export async function builtTwice(name: string): Promise<readonly [string, string]> {
  const work = mkdtempSync(join(tmpdir(), "harness-tracing-build-"));
  try {
    const build = async (folder: string) =>
      sha256(await releasedProgram(targetNamed(name), VERSIONS[0], join(work, folder)));
    return [await build("one"), await build("another")];
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
