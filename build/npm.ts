/**
 * `bun build/npm.ts`: the npm packages in `dist/npm`, a folder each, ready for `npm publish`; prints the folders in the
 * order in which they must be published. `--target <name>`, which may be given several times: only these platforms.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { parseArgs } from "node:util";
import { VERSION } from "../src/version.ts";
import { compile } from "./compile.ts";
import { PLATFORMS, writeNpmPackages } from "./npm-packages.ts";

const ROOT = `${import.meta.dir}/..`;
const WRONG_USAGE = 2;

const { values } = parseArgs({ options: { target: { type: "string", multiple: true } } });
const platforms = PLATFORMS.filter(({ suffix }) => values.target?.includes(suffix) ?? true);
const unknown = values.target?.filter((name) => !PLATFORMS.some(({ suffix }) => suffix === name)) ?? [];
if (unknown.length > 0) {
  console.error(`Unknown target ${unknown.join(", ")}. Targets: ${PLATFORMS.map(({ suffix }) => suffix).join(", ")}`);
  process.exit(WRONG_USAGE);
}
const work = mkdtempSync(`${tmpdir()}/harness-tracing-npm-`);
try {
  const folders = await writeNpmPackages(
    {
      version: VERSION,
      platforms,
      program: async (target) => {
        const outfile = `${work}/program${target.extension}`;
        await compile({ entry: `${ROOT}/src/main.ts`, outfile, target });
        return outfile;
      },
    },
    `${ROOT}/dist/npm`,
  );
  for (const folder of folders) console.log(folder.slice(folder.lastIndexOf("dist/npm")));
} finally {
  rmSync(work, { recursive: true, force: true });
}
