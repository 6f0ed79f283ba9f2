import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryHome } from "../support/cli.ts";
import { scriptProgram, writeInstaller, writeTestRelease } from "../support/release.ts";

const FETCH = join(import.meta.dir, "../../src/plugins/fetch.sh");
const SHELLS = [["/bin/sh"], ["/bin/bash"], ["/bin/dash"], ["/usr/bin/busybox", "sh"]].filter(([shell = ""]) =>
  existsSync(shell),
);

/** Long enough for a background process on a busy machine, in ms. */
const PATIENCE_MS = 20_000;

setDefaultTimeout(2 * PATIENCE_MS);

let temporary: ReturnType<typeof temporaryHome>;
beforeEach(() => {
  temporary = temporaryHome();
  // Stands for the network: gives the file `installer`, or fails as curl does.
  tool(
    "curl",
    'printf "%s\\n" "$@" >"$ROOM/curl"; while [ "$1" != -o ]; do shift; done; cp "$ROOM/installer" "$2" || exit 22',
  );
});
afterEach(() => temporary.remove());

const room = () => temporary.home;
const harness = () => join(room(), ".arize/harness");
const made = (name: string) => join(room(), name);

function script(path: string, body: string): void {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
}

const tool = (name: string, body: string) => script(made(`tools/${name}`), body);

/** An installer that says how it was called, and ends when it may. */
function installer(): void {
  writeFileSync(
    made("installer"),
    `printf '%s\\n' "$@" >>"$ROOM/called"; echo $$ >"$ROOM/pid"; echo said; echo meant >&2
while [ ! -e "$ROOM/go" ]; do sleep 0.05; done; echo done >"$ROOM/finished"`,
  );
}

async function until(what: () => boolean): Promise<void> {
  for (const start = Date.now(); !what(); await Bun.sleep(10)) {
    if (Date.now() - start > PATIENCE_MS) throw new Error("it did not happen");
  }
}

async function fetch(shell: readonly string[] = ["/bin/sh"], env: Readonly<Record<string, string>> = {}) {
  const child = Bun.spawn([...shell, FETCH], {
    cwd: room(),
    env: { HOME: room(), ROOM: room(), TMPDIR: room(), PATH: `${made("tools")}:/usr/bin:/bin`, ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { out, err, code };
}

/** Session of a process, as Linux tells it. */
const sessionOf = (pid: string) => readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[3];

const SILENT = { out: "", err: "", code: 0 };
const log = () => readFileSync(join(harness(), "logs/fetch.log"), "utf8");

/** Nothing was started: there is no claim, and nobody called. */
const untouched = () => !existsSync(harness()) && !existsSync(made("curl")) && !existsSync(made("called"));

describe.each(SHELLS.map((shell) => ({ shell })))("in $shell", ({ shell }) => {
  test("returns while the installer runs, in a session of its own, for the program alone; its folder goes away", async () => {
    installer();
    expect(await fetch(shell)).toEqual(SILENT);
    await until(() => existsSync(made("pid")) && readFileSync(made("pid"), "utf8").includes("\n"));
    expect(existsSync(made("finished"))).toBe(false);
    // Without setsid (macOS) it only ignores the hangup.
    if (Bun.which("setsid")) expect(sessionOf(readFileSync(made("pid"), "utf8").trim())).not.toBe(sessionOf("self"));
    writeFileSync(made("go"), "");
    await until(() => existsSync(made("finished")));
    await until(() => !readdirSync(room()).some((name) => name.startsWith("harness-tracing.")));
    expect(readFileSync(made("called"), "utf8")).toBe("install\n--program-only\n--yes\n");
    expect(log()).toBe("said\nmeant\n");
    expect(statSync(join(harness(), "state")).mode & 0o777).toBe(0o700);
    expect(statSync(join(harness(), "logs/fetch.log")).mode & 0o777).toBe(0o600);
  });

  test("only HTTPS, with an end, and an answer that is an error is no installer", async () => {
    expect(await fetch(shell)).toEqual(SILENT);
    await until(() => existsSync(made("curl")));
    await until(() => !readdirSync(room()).some((name) => name.startsWith("harness-tracing.")));
    const words = readFileSync(made("curl"), "utf8").split("\n");
    expect(words).toContain("-fsSL");
    expect(words.slice(words.indexOf("--proto"), words.indexOf("--proto") + 2)).toEqual(["--proto", "=https"]);
    expect(words).toContain("--max-time");
    expect(existsSync(made("called"))).toBe(false);
  });
});

test("many hooks at once start one installer, and later ones of the hour none", async () => {
  installer();
  writeFileSync(made("go"), "");
  const results = await Promise.all(Array.from({ length: 8 }, () => fetch()));
  expect(results).toEqual(Array.from({ length: 8 }, () => SILENT));
  await until(() => existsSync(made("finished")));
  expect(await fetch()).toEqual(SILENT);
  const claims = readdirSync(join(harness(), "state"));
  // A run over the full hour may claim twice.
  expect(claims.length).toBe(1);
  expect(readFileSync(made("called"), "utf8").split("install\n").length - 1).toBeLessThanOrEqual(2);
});

test("an earlier hour's claim is no reason to wait, and is taken away", async () => {
  installer();
  writeFileSync(made("go"), "");
  mkdirSync(join(harness(), "state"), { recursive: true });
  writeFileSync(join(harness(), "state/fetch.1"), "");
  await fetch();
  await until(() => existsSync(made("finished")));
  expect(readdirSync(join(harness(), "state"))).not.toContain("fetch.1");
});

test("a program that is there is left alone", async () => {
  installer();
  script(join(harness(), "bin/harness-tracing"), "exit 1");
  expect(await fetch()).toEqual(SILENT);
  expect(existsSync(join(harness(), "state"))).toBe(false);
});

test.each(["false", "FALSE", "0", "no", "off"])("ARIZE_TRACE_ENABLED=%s fetches nothing", async (value) => {
  installer();
  expect(await fetch(["/bin/sh"], { ARIZE_TRACE_ENABLED: value })).toEqual(SILENT);
  expect(untouched()).toBe(true);
});

test("without curl wget does it", async () => {
  const path = made("few");
  for (const name of ["sh", "mkdir", "date", "mktemp", "rm", "cp", "ps", "sleep", "nohup", "printf"]) {
    const real = [`/usr/bin/${name}`, `/bin/${name}`].find(existsSync);
    script(join(path, name), `exec ${real} "$@"`);
  }
  script(join(path, "wget"), 'while [ "$1" != -O ]; do shift; done; cp "$ROOM/installer" "$2"');
  installer();
  writeFileSync(made("go"), "");
  expect(await fetch(["/bin/sh"], { PATH: path })).toEqual(SILENT);
  await until(() => existsSync(made("finished")));
});

describe("with the real installer", () => {
  const installed = () => join(harness(), "bin/harness-tracing");

  /** A release in a folder, as a mirror has it. */
  async function mirror(key?: KeyObject): Promise<Readonly<Record<string, string>>> {
    writeInstaller(made("installer"));
    const folder = made("release");
    await writeTestRelease(folder, "1.2.3", scriptProgram("1.2.3"), key === undefined ? {} : { key });
    return { HARNESS_TRACING_FROM: folder };
  }

  test("the program is verified and put in place, and nothing is registered", async () => {
    expect(await fetch(["/bin/sh"], await mirror())).toEqual(SILENT);
    await until(() => existsSync(installed()) && log().includes("1.2.3|"));
    expect(log()).toContain("1.2.3|install|--program-only|--yes|");
  });

  test("a release that somebody else signed is not run", async () => {
    const { privateKey } = generateKeyPairSync("ed25519");
    expect(await fetch(["/bin/sh"], await mirror(privateKey))).toEqual(SILENT);
    await until(() => existsSync(join(harness(), "logs/fetch.log")) && log().includes("Nothing was installed"));
    expect(log()).toContain("signature is wrong");
    expect(existsSync(installed())).toBe(false);
  });
});
