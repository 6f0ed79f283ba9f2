/**
 * `bun build/build.ts`: this machine's program at `dist/harness-tracing`.
 * `--all`: every target at `dist/harness-tracing-<os>-<arch>[-musl][-baseline][.exe]`.
 * `--target <name>`: only that one, named likewise.
 */

import { mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { compile } from "./compile.ts";
import { TARGETS, type Target } from "./targets.ts";

const ROOT = `${import.meta.dir}/..`;
const ENTRY = `${ROOT}/src/main.ts`;
const DIST = `${ROOT}/dist`;
const NAME = "harness-tracing";

const MEBIBYTE = 1024 * 1024;

function wantedTargets(argv: readonly string[]): readonly (Target | undefined)[] {
  if (argv.includes("--all")) return TARGETS;
  const name = argv.includes("--target") ? argv[argv.indexOf("--target") + 1] : undefined;
  if (!argv.includes("--target")) return [undefined];
  const found = TARGETS.find((target) => target.name === name);
  if (found === undefined) {
    console.error(`Unknown target ${name ?? ""}. Targets: ${TARGETS.map((target) => target.name).join(", ")}`);
    process.exit(2);
  }
  return [found];
}

/** Builds beside the final place and moves it there, so that nobody ever starts half a program. */
async function build(target: Target | undefined): Promise<string> {
  const extension = target?.extension ?? (process.platform === "win32" ? ".exe" : "");
  const file = target === undefined ? `${NAME}${extension}` : `${NAME}-${target.name}${extension}`;
  const fresh = `${DIST}/.${process.pid}-${file}`;
  try {
    await compile({ entry: ENTRY, outfile: fresh, ...(target === undefined ? {} : { target }) });
    renameSync(fresh, `${DIST}/${file}`);
  } finally {
    rmSync(fresh, { force: true });
  }
  return file;
}

mkdirSync(DIST, { recursive: true });
let failures = 0;
for (const target of wantedTargets(process.argv.slice(2))) {
  try {
    const file = await build(target);
    console.log(`dist/${file}  ${(statSync(`${DIST}/${file}`).size / MEBIBYTE).toFixed(1)} MiB`);
  } catch (error) {
    failures++;
    const messages = error instanceof AggregateError ? error.errors : [error];
    console.error(`${target?.name ?? "this machine"}: ${messages.map(String).join("\n")}`);
  }
}
process.exitCode = failures === 0 ? 0 : 1;
