#!/usr/bin/env node
// @ts-check
// Starts the program of this machine's platform package. Node's part ends here: what `install` registers is the program.

import { spawn } from "node:child_process";
import { createRequire } from "node:module";

const NAME = "@arizeai/coding-harness-tracing";

/** Packages that may hold this machine's program, the likeliest first. */
function candidates() {
  const base = `${NAME}-${process.platform}-${process.arch}`;
  if (process.platform !== "linux") return [base];
  const { header } = /** @type {any} */ (process.report.getReport());
  return header.glibcVersionRuntime ? [base, `${base}-musl`] : [`${base}-musl`, base];
}

function findProgram() {
  const require = createRequire(import.meta.url);
  const file = process.platform === "win32" ? "harness-tracing.exe" : "harness-tracing";
  for (const name of candidates()) {
    try {
      return require.resolve(`${name}/bin/${file}`);
    } catch {
      // Not installed: the package of another machine.
    }
  }
  return undefined;
}

const program = findProgram();
if (program === undefined) {
  console.error(`harness-tracing: the package ${candidates()[0]} is missing.`);
  console.error(
    "It comes as an optional dependency: install again without --omit=optional, on the machine that runs it.",
  );
  process.exit(1);
}
const child = spawn(program, process.argv.slice(2), {
  stdio: "inherit",
  env: { ...process.env, HARNESS_TRACING_INSTALLER: `npx ${NAME}` },
});
// A terminal sends Ctrl-C to both; the program decides what it means.
process.on("SIGINT", () => {});
for (const signal of /** @type {const} */ (["SIGTERM", "SIGHUP"])) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  console.error(`harness-tracing: ${program} does not start: ${error.message}`);
  process.exit(1);
});
child.on("exit", (code, signal) => {
  if (signal === null) process.exit(code ?? 1);
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
});
