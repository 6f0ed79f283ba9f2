/**
 * `bun build/release.ts`: everything that a release publishes, in `dist/release`: each target's program compressed,
 * `SHA256SUMS`, the manifest and its signatures. The private key comes from HARNESS_TRACING_RELEASE_KEY.
 *
 *   --target <name>   only this target; may be given several times
 *   --quick           compress fast instead of small
 *   --unsigned        no signatures, for trying out: no installer takes the result
 */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { parseArgs } from "node:util";
import { RELEASE_PUBLIC_KEY } from "../src/update/release.ts";
import { VERSION } from "../src/version.ts";
import { compile } from "./compile.ts";
import { writeRelease } from "./release-files.ts";
import { KEY_VARIABLE, publicKeyOf, readPrivateKey } from "./release-sign.ts";
import { TARGETS, type Target } from "./targets.ts";

const ROOT = `${import.meta.dir}/..`;
const MEBIBYTE = 1024 * 1024;
const WRONG_USAGE = 2;

const { values } = parseArgs({
  options: {
    target: { type: "string", multiple: true },
    quick: { type: "boolean", default: false },
    unsigned: { type: "boolean", default: false },
  },
});

function fail(message: string, code: number): never {
  console.error(message);
  process.exit(code);
}

function releaseKey() {
  const text = process.env[KEY_VARIABLE];
  // What is started below must not inherit it.
  delete process.env[KEY_VARIABLE];
  if (values.unsigned) return undefined;
  if (!text) fail(`${KEY_VARIABLE} is not set; --unsigned builds without it`, WRONG_USAGE);
  try {
    const key = readPrivateKey(text);
    if (publicKeyOf(key) === RELEASE_PUBLIC_KEY) return key;
    fail(`${KEY_VARIABLE} is not the key whose public half is in src/update/release.ts`, WRONG_USAGE);
  } catch (error) {
    fail((error as Error).message, WRONG_USAGE);
  }
}

function wanted(): readonly Target[] {
  const names = values.target;
  if (!names) return TARGETS;
  const unknown = names.filter((name) => !TARGETS.some((target) => target.name === name));
  if (unknown.length > 0) {
    fail(`Unknown target ${unknown.join(", ")}. Targets: ${TARGETS.map(({ name }) => name).join(", ")}`, WRONG_USAGE);
  }
  return TARGETS.filter(({ name }) => names.includes(name));
}

const key = releaseKey();
const targets = wanted();
const work = mkdtempSync(`${tmpdir()}/harness-tracing-release-`);
try {
  await writeRelease(
    {
      version: VERSION,
      targets,
      key,
      effort: values.quick ? "quick" : "best",
      program: async (target) => {
        const outfile = `${work}/program${target.extension}`;
        await compile({ entry: `${ROOT}/src/main.ts`, outfile, target });
        const program = new Uint8Array(readFileSync(outfile));
        rmSync(outfile);
        return program;
      },
      done: ({ file, size, program_size }) => {
        const [small, large] = [size, program_size].map((bytes) => (bytes / MEBIBYTE).toFixed(1));
        console.log(`${file.padEnd(48)} ${small} MiB  (${large} MiB unpacked)`);
      },
    },
    `${ROOT}/dist/release`,
  );
  console.log(`Release ${VERSION} is in dist/release${key ? "" : ", unsigned"}.`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
