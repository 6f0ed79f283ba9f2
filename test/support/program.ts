/** The compiled program for tests: built at most once for the current sources, shared by every test file and run. */

import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { compile } from "../../build/compile.ts";
import { releaseSourceWith, TEST_KEY } from "./release-key.ts";

const ROOT = join(import.meta.dir, "../..");

/** Hash of the paths and contents of everything that the program is made of. */
function sourcesHash(): string {
  const hash = new Bun.CryptoHasher("sha256");
  const sources = readdirSync(join(ROOT, "src"), { recursive: true, encoding: "utf8" })
    .map((path) => join("src", path))
    .filter((path) => statSync(join(ROOT, path)).isFile())
    .sort();
  for (const path of [...sources, "build/compile.ts", "build/targets.ts", "package.json", "package-lock.json"]) {
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(ROOT, path)))
      .update("\0");
  }
  return hash.digest("hex").slice(0, 16);
}

/** Programs of earlier sources are removed when they are older than this, in ms: another run may still use a young one. */
const STALE_MS = 3_600_000;

const FOLDER = join(ROOT, "dist/test");

let building: Promise<string> | undefined;

/**
 * Path of the compiled program (in `dist/test`). Compiles it unless one of exactly these sources is there. Several test
 * processes may ask at once: each builds under a name of its own and moves it into place.
 */
export function builtProgram(): Promise<string> {
  building ??= build("src/main.ts", sourcesHash());
  return building;
}

/**
 * The program as a release of another version, which trusts the tests' release key; kept likewise. Apart from that it is
 * the program.
 */
export function releasedProgram(version: string): Promise<string> {
  const replaced = {
    [join(ROOT, "src/update/release.ts")]: releaseSourceWith(TEST_KEY),
    [join(ROOT, "src/version.ts")]: `export const VERSION: string = ${JSON.stringify(version)};`,
  };
  return build("src/main.ts", `${sourcesHash()}-${version}`, replaced);
}

async function build(entry: string, key: string, replaced: Readonly<Record<string, string>> = {}): Promise<string> {
  const program = join(FOLDER, `harness-tracing-${key}${process.platform === "win32" ? ".exe" : ""}`);
  if (existsSync(program)) return program;
  mkdirSync(FOLDER, { recursive: true });
  const fresh = `${program}.${process.pid}`;
  try {
    await compile({ entry: join(ROOT, entry), outfile: fresh, replaced });
    renameSync(fresh, program);
  } finally {
    rmSync(fresh, { force: true });
  }
  for (const file of readdirSync(FOLDER)) {
    const path = join(FOLDER, file);
    const changed = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Number.POSITIVE_INFINITY;
    if (path !== program && Date.now() - changed > STALE_MS) rmSync(path, { force: true });
  }
  return program;
}
