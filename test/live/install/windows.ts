/** `install.bat` and the Windows program under Wine, as a user whose name and folders have blanks and umlauts. */

import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { publicKeyOf, sshPublicKey } from "../../../build/release-sign.ts";
import { TEST_KEY } from "../../support/release-key.ts";
import { expectRun, repositoryFile, type Stage } from "./main.ts";
import { VERSIONS } from "./release.ts";

const [OLD, NEW] = VERSIONS;
const HOME = "C:\\users\\Änne B";

/** Wine 8 lacks it, and the program's runtime asks it for random numbers. */
const RANDOM_C = `#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE p, SIZE_T n) { return SystemFunction036(p, (ULONG)n); }
`;

export async function windows({ folder, url }: Stage): Promise<void> {
  const drive = join(folder, "wine/drive_c");
  const env = {
    PATH: "/usr/bin:/bin",
    LC_ALL: "C.UTF-8",
    WINEPREFIX: join(folder, "wine"),
    WINEDEBUG: "-all",
    WINEARCH: "win64",
    WINEPATH: "C:\\tools",
    USER_HOME: HOME,
  };
  await expectRun(["wineboot", "-i"], env, folder, []);
  const system = join(drive, "windows/system32");
  writeFileSync(join(folder, "random.c"), RANDOM_C);
  const library = join(system, "bcryptprimitives.dll");
  await expectRun(
    ["x86_64-w64-mingw32-gcc", "-shared", "-o", library, join(folder, "random.c"), "-ladvapi32"],
    env,
    folder,
    [],
  );
  await placeTools(drive, system);

  const scripts = join(drive, "my files");
  for (const path of [scripts, join(drive, "users/Änne B")]) mkdirSync(path);
  const key = publicKeyOf(TEST_KEY);
  const installer = repositoryFile("install.bat")
    .replace(/^set "PUBLIC_KEY=[^"]*/m, `set "PUBLIC_KEY=${key}`)
    .replace(/^set "SSH_PUBLIC_KEY=[^"]*/m, `set "SSH_PUBLIC_KEY=${sshPublicKey(key)}`);
  writeFileSync(join(scripts, "install.bat"), installer);
  // Wine gives its own USERPROFILE and hides HOME.
  writeFileSync(
    join(scripts, "run.bat"),
    '@echo off\r\nset "HOME=%USER_HOME%"\r\ncall install.bat %*\r\nexit /b %errorlevel%\r\n',
  );
  const bat = (line: string, texts: readonly string[], code = 0) =>
    expectRun(["wine", "cmd", "/c", "run.bat", ...line.split(" ")], env, scripts, texts, code);

  await bat("status", ["harness-tracing is not installed for this user"], 1);
  await bat(`claude --yes --from ${url}/none`, ["does not have"], 1);
  await bat(`claude --yes --version 9.9.9 --from ${url}/${OLD}`, [`this is release ${OLD}, not 9.9.9`], 1);
  await tampered(folder, () => bat(`claude --yes --from ${url}/${OLD}`, ["does not have the hash"], 1));
  const target = "claude --yes --target otlp --endpoint http://127.0.0.1:9 --header a=b";
  await bat(`${target} --from ${url}/${OLD}`, [
    `Installed harness-tracing ${OLD}`,
    "test hook of Claude Code was recorded",
  ]);
  const home = join(drive, "users/Änne B/.arize/harness");
  const { harnesses } = JSON.parse(readFileSync(join(home, "config.json"), "utf8"));
  if (harnesses["claude-code"].headers?.a !== "b") throw new Error("the batch file lost an argument's =");
  await bat("demo", ["npm test --silent"]);
  await bat(`claude --yes --from ${url}/${OLD}`, ["is installed already"]);
  await bat(`claude --yes --from ${url}/${NEW}`, [`Installed harness-tracing ${NEW}`]);
  await bat("update --rollback", [`${OLD} is back`]);
  await bat(`update --from ${url}/${NEW}`, [`${NEW} has replaced ${OLD}`]);
  if (!existsSync(join(home, "bin/harness-tracing.previous.exe"))) throw new Error("the old program was not kept");
}

/** Serves a release whose asset was changed, for the time of `run`. */
async function tampered(folder: string, run: () => Promise<unknown>): Promise<void> {
  const asset = join(folder, "releases", OLD, "harness-tracing-windows-x64.tar.gz");
  const content = readFileSync(asset);
  writeFileSync(asset, content.subarray(1));
  await run();
  writeFileSync(asset, content);
}

/** Stand-ins for tools of Windows, and the runtime as Node, which checks the signature. */
async function placeTools(drive: string, system: string): Promise<void> {
  const folder = join(drive, "tools");
  mkdirSync(folder);
  await Bun.build({
    entrypoints: [join(import.meta.dir, "tools.ts")],
    compile: { target: "bun-windows-x64", outfile: join(folder, "curl.exe") },
    throw: true,
  });
  for (const name of ["tar", "certutil"]) copyFileSync(join(folder, "curl.exe"), join(folder, `${name}.exe`));
  // Wine's own does nothing.
  rmSync(join(system, "certutil.exe"), { force: true });
  const runtime =
    process.env.HARNESS_WINDOWS_BUN ?? `${process.env.HOME}/.bun/install/cache/bun-windows-x64-v${Bun.version}`;
  if (!existsSync(runtime))
    throw new Error(`Bun's runtime for Windows is not at ${runtime}; HARNESS_WINDOWS_BUN names it`);
  copyFileSync(runtime, join(folder, "node.exe"));
}
