/** `bun run test:live install [case…]`: what needs full builds of other machines' programs, or other machines' systems. */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveRelease } from "../../support/release.ts";
import { arm64, busybox } from "./linux.ts";
import { signatureProblem } from "./macho.ts";
import { builtTwice, releasedProgram, targetNamed, VERSIONS, writeReleases } from "./release.ts";
import { windows } from "./windows.ts";

/** Where a case works, and where its releases are served (`<url>/<version>`). */
export interface Stage {
  readonly folder: string;
  readonly url: string;
}

type Case = (stage: Stage) => Promise<void>;

const CASES: Readonly<Record<string, { readonly targets: readonly string[]; readonly run: Case }>> = {
  reproducible: { targets: [], run: reproducible },
  macos: { targets: [], run: macos },
  busybox: { targets: ["linux-x64", "linux-x64-baseline"], run: busybox },
  arm64: { targets: ["linux-arm64"], run: arm64 },
  windows: { targets: ["windows-x64"], run: windows },
};

/** Runs the named cases, or all. What a case lacks on this machine fails it, by name. */
export async function runInstall(names: readonly string[]): Promise<{ passed: number; failed: number }> {
  const tally = { passed: 0, failed: 0 };
  for (const name of names.length > 0 ? names : Object.keys(CASES)) {
    const folder = mkdtempSync(join(tmpdir(), "harness-tracing-install-"));
    const server = serveRelease(join(folder, "releases"));
    const begun = Date.now();
    try {
      const one = CASES[name];
      if (!one) throw new Error(`there is no case ${name}; there are: ${Object.keys(CASES).join(", ")}`);
      if (one.targets.length > 0) await writeReleases(join(folder, "releases"), one.targets);
      await one.run({ folder, url: server.url });
      tally.passed++;
      console.log(`ok    ${name} (${Math.round((Date.now() - begun) / 1000)} s)`);
    } catch (error) {
      tally.failed++;
      console.log(`FAIL  ${name}: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  }
  return tally;
}

async function reproducible(): Promise<void> {
  for (const name of ["linux-x64", "linux-arm64-musl", "darwin-arm64", "windows-x64"]) {
    const [one, other] = await builtTwice(name);
    if (one !== other) throw new Error(`two builds of ${name} differ: ${one} ${other}`);
  }
}

async function macos({ folder }: Stage): Promise<void> {
  for (const name of ["darwin-x64", "darwin-arm64"]) {
    const program = Buffer.from(await releasedProgram(targetNamed(name), VERSIONS[0], folder));
    const problem = signatureProblem(program);
    if (problem !== undefined) throw new Error(`${name}: ${problem}`);
    // A check that takes everything proves nothing.
    program.writeUInt8(program.readUInt8(5000) ^ 1, 5000);
    if (signatureProblem(program) === undefined) throw new Error(`${name}: a changed page was not noticed`);
  }
}

/** Runs a command to its end. @throws with its output unless it ends with `code` and said all of `texts` */
export async function expectRun(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd: string,
  texts: readonly string[],
  code = 0,
): Promise<string> {
  const child = Bun.spawn([...command], { cwd, env: { ...env }, stdin: "ignore", stdout: "pipe", stderr: "pipe" });
  const [out, err, ended] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  const missing = texts.filter((text) => !`${out}${err}`.includes(text));
  if (ended === code && missing.length === 0) return out;
  const what = missing.length > 0 ? ` and did not say ${missing.map((text) => JSON.stringify(text)).join(", ")}` : "";
  throw new Error(`${command.join(" ")} ended with ${ended}${what}:\n${`${out}${err}`.slice(-3000)}`);
}

/** File of the repository, as text. */
export function repositoryFile(name: string): string {
  return readFileSync(new URL(`../../../${name}`, import.meta.url), "utf8");
}
