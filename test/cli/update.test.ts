import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ownTargetName } from "../../build/compile.ts";
import { signature } from "../../build/release-sign.ts";
import { pathsIn } from "../../src/paths.ts";
import { type CliOptions, cli, program, temporaryHome } from "../support/cli.ts";
import { releasedProgram } from "../support/program.ts";
import {
  type ReleaseServer,
  scriptProgram,
  serveRelease,
  writeInstaller,
  writeTestRelease,
} from "../support/release.ts";

const OLD = "0.2.0";
const NEW = "0.3.0";
const SETUP_MS = 120_000;

/** Real programs and their releases, made once. */
let releases = "";
beforeAll(async () => {
  releases = mkdtempSync(join(tmpdir(), "harness-tracing-releases-"));
  for (const version of [OLD, NEW]) {
    const content = new Uint8Array(readFileSync(await releasedProgram(version)));
    await writeTestRelease(join(releases, version), version, content, { targets: [ownTargetName()] });
  }
}, SETUP_MS);
afterAll(() => rmSync(releases, { recursive: true, force: true }));

let temporary: ReturnType<typeof temporaryHome>;
let server: ReleaseServer;
beforeEach(async () => {
  temporary = temporaryHome();
  await writeTestRelease(release(), NEW, scriptProgram(NEW), { targets: [ownTargetName()] });
  server = serveRelease(release());
  mkdirSync(join(home(), ".claude"));
  mkdirSync(join(home(), "fakes"));
  writeFileSync(join(home(), "fakes/claude"), '#!/bin/sh\necho "2.1.330 (Claude Code)"\n', { mode: 0o755 });
});
afterEach(async () => {
  await server.stop();
  temporary.remove();
});

const home = () => temporary.home;
const release = () => join(home(), "release");
const paths = () => pathsIn(home());
const installed = () => `${paths().bin}/harness-tracing`;
const env = () => ({ PATH: `${home()}/fakes:/usr/bin:/bin` });

/** The installed program, which is the old version until it is updated. */
const run = (line: string, options: Pick<CliOptions, "env"> = {}) =>
  program(installed(), home(), line.split(" "), { env: { ...env(), ...options.env } });

const update = (line = "") => run(`update --from ${server.url}${line === "" ? "" : ` ${line}`}`);

async function installOld(): Promise<void> {
  mkdirSync(paths().bin, { recursive: true, mode: 0o700 });
  const old = await releasedProgram(OLD);
  try {
    // Never written to, only replaced.
    linkSync(old, installed());
  } catch {
    copyFileSync(old, installed());
    chmodSync(installed(), 0o755);
  }
}

const version = async () => (await run("--version")).out.trim();

/** Whatever an update leaves beside programs and data. */
function litter(): readonly string[] {
  const names = [...readdirSync(paths().root), ...readdirSync(paths().bin)];
  return names.filter((name) => !/^(bin|state|logs|config\.json|harness-tracing(\.previous)?)$/.test(name));
}

test(
  "installed by the documented line, used, updated, rolled back and removed",
  async () => {
    const script = join(home(), "install.sh");
    writeInstaller(script);
    const install = Bun.spawn(["bash", "-s", "--", "claude", "--yes", "--from", join(releases, OLD)], {
      cwd: home(),
      env: { ...env(), HOME: home() },
      stdin: Bun.file(script),
      stdout: "pipe",
      stderr: "pipe",
    });
    const [out, err, code] = await Promise.all([install.stdout.text(), install.stderr.text(), install.exited]);
    expect({ code, err }).toMatchObject({ code: 0 });
    expect(out).toContain("a test hook of Claude Code was recorded");
    expect(await version()).toBe(OLD);

    // A recorded session through the installed program's hooks, its spans in the store.
    expect((await run("demo")).out).toContain("npm test --silent");
    expect(JSON.parse((await run("sessions --json")).out)).toHaveLength(1);

    const settings = readFileSync(join(home(), ".claude/settings.json"), "utf8");
    const newer = join(releases, NEW);
    const updated = await run(`update --from ${newer}`);
    expect(updated).toMatchObject({ code: 0, err: "" });
    expect(updated.out).toContain(`${NEW} has replaced ${OLD}; back: harness-tracing update --rollback`);
    expect(updated.out).not.toContain("registered again");
    expect(await version()).toBe(NEW);
    expect(readFileSync(join(home(), ".claude/settings.json"), "utf8")).toBe(settings);
    expect((await run(`update --from ${newer}`)).out).toBe(`harness-tracing ${NEW} is the latest.\n`);
    expect(JSON.parse((await run("sessions --json")).out)).toHaveLength(1);

    expect((await run("update --rollback")).out).toContain(`${OLD} is back`);
    expect(await version()).toBe(OLD);
    expect((await run("update --rollback")).out).toContain(`${NEW} is back`);
    expect(litter()).toEqual([]);

    const removed = Bun.spawn(["bash", "-s", "--", "uninstall", "--yes"], {
      cwd: home(),
      env: { ...env(), HOME: home() },
      stdin: Bun.file(script),
      stdout: "ignore",
      stderr: "ignore",
    });
    expect(await removed.exited).toBe(0);
    expect(existsSync(paths().root)).toBe(false);
    expect(existsSync(join(home(), ".claude/settings.json"))).toBe(false);
  },
  SETUP_MS,
);

test("a registration that this version wants otherwise is renewed, and only those that are ours", async () => {
  await installOld();
  await run("update --refresh");
  expect(existsSync(join(home(), ".claude/settings.json"))).toBe(false);
  await run("install claude");
  const file = join(home(), ".claude/settings.json");
  const wanted = JSON.parse(readFileSync(file, "utf8"));
  const poorer = structuredClone(wanted);
  delete poorer.hooks.Stop;
  writeFileSync(file, JSON.stringify(poorer));
  const { out } = await run("update --refresh");
  expect(out).toContain("Claude Code registered again: ~/.claude/settings.json");
  expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(wanted);
  expect((await run("update --refresh")).out).toBe("");
});

describe("when something is wrong, the installed program stays", () => {
  beforeEach(installOld);

  async function fails(line: string, message: string): Promise<void> {
    const before = readFileSync(installed());
    const { code, out, err } = await update(line);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining(message) });
    expect(out).not.toContain("replaced");
    expect(readFileSync(installed()).equals(before)).toBe(true);
    expect(litter()).toEqual([]);
  }
  const manifest = () => join(release(), "release.json");
  /** The one that is fetched. */
  const asset = () => {
    const { assets } = JSON.parse(readFileSync(manifest(), "utf8")) as { assets: { file: string; size: number }[] };
    return join(release(), assets.sort((a, b) => a.size - b.size)[0]?.file ?? "");
  };

  test("a changed manifest", async () => {
    writeFileSync(manifest(), readFileSync(manifest(), "utf8").replace(NEW, "0.3.1"));
    await fails("", `the signature of the release at ${server.url} is wrong\nTo fix: nothing was changed`);
  });

  test("another maker's signature", async () => {
    const stranger = generateKeyPairSync("ed25519").privateKey;
    writeFileSync(join(release(), "release.json.sig"), signature(readFileSync(manifest(), "utf8"), stranger));
    await fails("", "the signature of the release at");
  });

  test("a tampered asset", async () => {
    const content = readFileSync(asset());
    content[1000] = (content[1000] ?? 0) ^ 1;
    writeFileSync(asset(), content);
    await fails("", "does not have the hash that the release names");
  });

  test("a truncated asset", async () => {
    truncateSync(asset(), 10_000);
    await fails("", "does not have the hash that the release names");
  });

  test("an asset that is missing", async () => {
    rmSync(asset());
    await fails("", "answered 404\nTo fix: see that this version exists, or give --from");
  });

  test("an older release, unless it is named", async () => {
    rmSync(release(), { recursive: true });
    mkdirSync(release());
    const older = new Uint8Array(Buffer.from("#!/bin/sh\necho 0.1.0\n"));
    await writeTestRelease(release(), "0.1.0", older, { targets: [ownTargetName()] });
    await fails("", `${OLD} is installed, and the release is 0.1.0, which is older`);
    expect((await update("--version v0.1.0")).out).toContain("0.1.0 has replaced 0.2.0");
  });

  test("another release than was asked for", async () => {
    await fails("--version 9.9.9", `this is release ${NEW}, not 9.9.9`);
  });

  test("a program that does not run, or says another version", async () => {
    const make = (text: string) =>
      writeTestRelease(release(), NEW, new Uint8Array(Buffer.from(text)), { targets: [ownTargetName()] });
    await make("#!/bin/sh\nexit 1\n");
    await fails("", `the program of release ${NEW} does not run here`);
    await make("#!/bin/sh\necho 0.2.9\n");
    await fails("", `the program of release ${NEW} says that it is 0.2.9`);
  });

  test("no release for this machine", async () => {
    const content = new Uint8Array(10);
    await writeTestRelease(release(), NEW, content, { targets: ["windows-arm64"] });
    await fails("", `release ${NEW} has no program for ${ownTargetName()}`);
  });

  test("nothing to go back to", async () => {
    const { code, err } = await run("update --rollback");
    expect({ code, err }).toEqual({
      code: 1,
      err: "harness-tracing update: there is no earlier program to go back to\n",
    });
  });

  test("three updates at once: the program is whole, and nothing is left over", async () => {
    const results = await Promise.all(Array.from({ length: 3 }, () => update()));
    expect(results.map(({ code }) => code)).toEqual([0, 0, 0]);
    expect(await version()).toBe(NEW);
    expect(litter()).toEqual([]);
  });

  test("leftovers of an update that was killed are removed by the next", async () => {
    const gone = Bun.spawn(["true"]);
    await gone.exited;
    mkdirSync(`${paths().root}/downloads/work.${gone.pid}`, { recursive: true });
    expect((await update()).code).toBe(0);
    expect(litter()).toEqual([]);
  });
});

test("--check only says what there is", async () => {
  await installOld();
  expect((await update("--check")).out).toBe(`${NEW} is out (this is ${OLD}).\n`);
  expect(await version()).toBe(OLD);
  await run(`config set update.from ${server.url}`);
  expect((await run("update --check")).out).toBe(`${NEW} is out (this is ${OLD}).\n`);
});

test("without an installed program it says how to get one", async () => {
  const { code, err } = await cli(home(), ["update"]);
  expect(code).toBe(1);
  expect(err).toContain("To install it: https://raw.githubusercontent.com/");
});

test("modes that exclude each other are wrong usage", async () => {
  expect((await cli(home(), ["update", "--check", "--rollback"])).code).toBe(2);
});
