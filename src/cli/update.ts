/** `update`: a newer release in place of the installed program; `--rollback` the other way. */

import { existsSync } from "node:fs";
import { AGENTS } from "../agents/registry.ts";
import { readConfig } from "../config/read.ts";
import { applyChanges, isUntouched, ledgerFolder } from "../setup/ledger.ts";
import { previousProgram, rollBack } from "../setup/program.ts";
import { isNewer, writeNote } from "../update/check.ts";
import { assetFor, fetchManifest, fetchProgram } from "../update/fetch-release.ts";
import type { Manifest } from "../update/manifest.ts";
import { placeProgram, versionOf } from "../update/place.ts";
import { ReleaseProblem } from "../update/problem.ts";
import { INSTALLER_URL, RELEASE_PUBLIC_KEY, releaseUrl } from "../update/release.ts";
import { type ReleaseSource, releaseSource } from "../update/source.ts";
import { ownTarget } from "../update/target.ts";
import { VERSION } from "../version.ts";
import type { Input } from "./command.ts";
import { type CliContext, CliFailure, UsageError } from "./context.ts";
import { installedProgram, setupContext } from "./setup-context.ts";
import { bytes, shortPath } from "./text.ts";

/** Modes that exclude each other. */
const MODES = ["check", "rollback", "refresh"] as const;

export async function update(input: Input, context: CliContext): Promise<number> {
  const modes = MODES.filter((mode) => input.flag(mode));
  if (modes.length > 1) throw new UsageError(`--${modes.join(" and --")} exclude each other`);
  if (modes[0] === "refresh") return refresh(context);
  const program = installedProgram(context);
  if (!existsSync(program)) {
    throw new CliFailure(`harness-tracing is not installed for this user\nTo install it: ${INSTALLER_URL}`);
  }
  if (modes[0] === "rollback") return rollback(program, context);
  try {
    return await (modes[0] === "check" ? check(input, context) : fetchAndPlace(program, input, context));
  } catch (error) {
    if (error instanceof ReleaseProblem) throw new CliFailure(`${error.message}\nTo fix: ${error.fix}`);
    throw error;
  }
}

/** Where releases come from: the command line, the environment, the configuration, the project. */
function sourceFor(version: string | undefined, input: Input, context: CliContext): ReleaseSource {
  const { env, home, folder = home, paths } = context;
  const from = input.text("from") || env.HARNESS_TRACING_FROM || readConfig(paths.config).values.update?.from;
  return releaseSource(from || releaseUrl(version), env, folder);
}

async function check(input: Input, context: CliContext): Promise<number> {
  const manifest = await fetchManifest(sourceFor(undefined, input, context), RELEASE_PUBLIC_KEY);
  writeNote(context.paths, { checked: context.now(), latest: manifest.version });
  const newer = isNewer(manifest.version, VERSION);
  context.out(newer ? `${manifest.version} is out (this is ${VERSION}).\n` : `${VERSION} is the latest.\n`);
  return 0;
}

async function fetchAndPlace(program: string, input: Input, context: CliContext): Promise<number> {
  const target = ownTarget();
  if (target === undefined) throw new CliFailure("this is the program's source; update it with git pull");
  const wanted = input.text("version")?.replace(/^v/, "");
  const latest = sourceFor(wanted, input, context);
  const manifest = await fetchManifest(latest, RELEASE_PUBLIC_KEY);
  const installed = await versionOf(program, context.env);
  const refusal = refusalOf(manifest, wanted, installed);
  if (refusal !== undefined) throw new CliFailure(refusal);
  if (installed === manifest.version) {
    context.out(`harness-tracing ${installed} is ${wanted ? "installed already" : "the latest"}.\n`);
    return 0;
  }
  const asset = assetFor(manifest, target);
  // Of this very release, whatever is published meanwhile.
  const source = latest.name === releaseUrl() ? releaseSource(releaseUrl(manifest.version), context.env, "/") : latest;
  context.out(
    `Downloading harness-tracing ${manifest.version} for ${target} (${bytes(asset.size)}) from ${source.name}\n`,
  );
  const content = await fetchProgram(source, asset, progressOn(context, asset.size));
  const { paths, platform, env } = context;
  await placeProgram(content, manifest.version, { root: paths.root, program, platform, env });
  writeNote(paths, { checked: context.now(), latest: manifest.version });
  const before = installed === undefined ? "a program that did not run" : installed;
  context.out(
    `${context.style.green("✓")} ${manifest.version} has replaced ${before}; back: harness-tracing update --rollback\n`,
  );
  return refreshWith(program, context);
}

/** An older release than the installed one may have known holes: only who names it gets it. */
function refusalOf(
  { version }: Manifest,
  wanted: string | undefined,
  installed: string | undefined,
): string | undefined {
  if (wanted !== undefined && wanted !== version)
    return `this is release ${version}, not ${wanted}; correct --version or --from`;
  if (wanted !== undefined || installed === undefined || !isNewer(installed, version)) return undefined;
  return `${installed} is installed, and the release is ${version}, which is older\nTo install it all the same: --version ${version}`;
}

/** A line that counts, for people only. */
function progressOn(context: CliContext, size: number): ((received: number) => void) | undefined {
  if (!context.interactive) return undefined;
  let shown = -1;
  return (received) => {
    const percent = Math.floor((received / size) * 100);
    if (percent === shown) return;
    shown = percent;
    context.err(`\r${percent} %${received === size ? "\r     \r" : ""}`);
  };
}

async function rollback(program: string, context: CliContext): Promise<number> {
  const previous = previousProgram(program);
  if (!existsSync(previous)) throw new CliFailure("there is no earlier program to go back to");
  const version = await versionOf(previous, context.env);
  if (version === undefined)
    throw new CliFailure(`${shortPath(previous, context.home)} does not run; nothing was changed`);
  try {
    rollBack(program, context.platform);
  } catch (error) {
    throw new CliFailure(error instanceof Error ? error.message : String(error));
  }
  context.out(`${context.style.green("✓")} ${version} is back; forward again: harness-tracing update --rollback\n`);
  return refreshWith(program, context);
}

/** The program that is in place now knows best which registrations it wants. */
async function refreshWith(program: string, context: CliContext): Promise<number> {
  const child = Bun.spawn([program, "update", "--refresh"], {
    cwd: context.home,
    env: { ...context.env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    windowsHide: true,
  });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  context.out(out);
  context.err(err);
  return code;
}

/** Registers again where this version's registration differs from what is there. Says nothing when nothing does. */
async function refresh(context: CliContext): Promise<number> {
  const setup = setupContext(context);
  const folder = ledgerFolder(context.paths.state);
  let failed = false;
  for (const agent of AGENTS) {
    const { detect, register } = (await agent.load()).setup;
    const { files } = await detect(setup);
    // Only what was registered by us: the ledger remembers.
    if (!files.some((file) => isUntouched(file, folder) !== undefined)) continue;
    const changes = await register(setup);
    if ("reason" in changes) {
      context.err(
        `${agent.title} was not registered again: ${changes.file}: ${changes.reason}\nTo fix: ${changes.fix}\n`,
      );
      failed = true;
    } else if (changes.length > 0) {
      applyChanges(changes, folder);
      const paths = changes.map(({ path }) => shortPath(path, context.home)).join(", ");
      context.out(`${context.style.green("✓")} ${agent.title} registered again: ${paths}\n`);
    }
  }
  return failed ? 1 : 0;
}
