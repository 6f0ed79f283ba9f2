/** The npm packages: one that starts the program, and one for each kind of machine that holds it. */

import { chmodSync, copyFileSync, cpSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { TARGETS, type Target } from "./targets.ts";

/** The package that people name: `npx @arizeai/coding-harness-tracing install claude`. */
export const NPM_NAME = "@arizeai/coding-harness-tracing";

const ROOT = `${import.meta.dir}/..`;
const PROGRAM_MODE = 0o755;
const REPOSITORY = "https://github.com/Arize-ai/coding-harness-tracing";

/** A platform package, by npm's own words for machines. */
export interface Platform {
  /** What follows the name of the main package: `linux-x64-musl`. */
  readonly suffix: string;
  readonly os: string;
  readonly cpu: string;
  readonly libc?: "glibc" | "musl";
  /** The program that it holds. */
  readonly target: Target;
}

/**
 * Every platform. npm cannot tell processors with AVX2 from those without, so that x64 gets the program for all of them,
 * where there is one.
 */
export const PLATFORMS: readonly Platform[] = TARGETS.filter(
  ({ name }) => !TARGETS.some((other) => other.name === `${name}-baseline`),
).map((target) => {
  const [system = "", cpu = ""] = target.name.split("-");
  const os = system === "windows" ? "win32" : system;
  const musl = target.name.includes("-musl");
  const libc = os === "linux" ? ({ libc: musl ? "musl" : "glibc" } as const) : {};
  return { suffix: `${os}-${cpu}${musl ? "-musl" : ""}`, os, cpu, ...libc, target };
});

/** What to write. */
export interface NpmInput {
  readonly version: string;
  readonly platforms: readonly Platform[];
  /** Path of a target's compiled program, which is copied. */
  readonly program: (target: Target) => Promise<string>;
}

/**
 * Writes a folder per package, ready for `npm pack` or `npm publish`, into a folder that is emptied first.
 * The main package depends on all platforms, whichever of them are written.
 * @returns the folders, platforms first: the order in which they must be published
 */
export async function writeNpmPackages(input: NpmInput, folder: string): Promise<readonly string[]> {
  rmSync(folder, { recursive: true, force: true });
  const folders: string[] = [];
  for (const { suffix, os, cpu, libc, target } of input.platforms) {
    const place = `${folder}/${suffix}`;
    const file = `bin/harness-tracing${target.extension}`;
    mkdirSync(`${place}/bin`, { recursive: true });
    cpSync(await input.program(target), `${place}/${file}`);
    chmodSync(`${place}/${file}`, PROGRAM_MODE);
    describe(place, `The program of ${NPM_NAME} for ${suffix}. Install that package, not this one.`, {
      name: `${NPM_NAME}-${suffix}`,
      version: input.version,
      os: [os],
      cpu: [cpu],
      ...(libc === undefined ? {} : { libc: [libc] }),
      // Programs lie on disk: Yarn must not keep them in an archive.
      preferUnplugged: true,
    });
    folders.push(place);
  }
  const main = `${folder}/main`;
  mkdirSync(`${main}/bin`, { recursive: true });
  copyFileSync(`${ROOT}/build/npm/launcher.mjs`, `${main}/bin/harness-tracing.mjs`);
  chmodSync(`${main}/bin/harness-tracing.mjs`, PROGRAM_MODE);
  describe(main, "Turns the sessions of AI coding agents into OpenInference traces.", {
    name: NPM_NAME,
    version: input.version,
    type: "module",
    bin: { "harness-tracing": "bin/harness-tracing.mjs" },
    engines: { node: ">=18" },
    optionalDependencies: Object.fromEntries(PLATFORMS.map(({ suffix }) => [`${NPM_NAME}-${suffix}`, input.version])),
  });
  return [...folders, main];
}

/** `package.json`, licence and a word about the package. */
function describe(folder: string, description: string, fields: Readonly<Record<string, unknown>>): void {
  const { name, version, ...rest } = fields;
  const shared = { license: "Apache-2.0", repository: { type: "git", url: `git+${REPOSITORY}.git` }, files: ["bin"] };
  writeFileSync(
    `${folder}/package.json`,
    `${JSON.stringify({ name, version, description, ...shared, ...rest }, undefined, 2)}\n`,
  );
  writeFileSync(
    `${folder}/README.md`,
    `# ${name}\n\n${description}\n\n    npx ${NPM_NAME} install claude\n\nEverything else is in the [project's README](${REPOSITORY}#readme).\n`,
  );
  copyFileSync(`${ROOT}/LICENSE`, `${folder}/LICENSE`);
}
