import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { temporaryHome } from "../support/cli.ts";
import {
  type ReleaseServer,
  scriptProgram,
  serveRelease,
  writeInstaller,
  writeTestRelease,
} from "../support/release.ts";

const SHELLS = ["/bin/sh", "/bin/dash", "/bin/bash"].filter(existsSync);

let temporary: ReturnType<typeof temporaryHome>;
let server: ReleaseServer;
beforeEach(async () => {
  temporary = temporaryHome();
  writeInstaller(installer());
  await writeTestRelease(folder(), "0.2.0", scriptProgram("0.2.0"));
  server = serveRelease(folder());
});
afterEach(async () => {
  await server.stop();
  temporary.remove();
});

const home = () => join(temporary.home, "home of Änne");
const folder = () => join(temporary.home, "release");
const installer = () => join(temporary.home, "install.sh");
const root = () => join(home(), ".arize/harness");
const installed = () => join(root(), "bin/harness-tracing");
const previous = () => join(root(), "bin/harness-tracing.previous");

/** Names below `~/.arize/harness`, without the program itself: what an installation leaves lying about. */
function litter(): readonly string[] {
  if (!existsSync(root())) return [];
  const names = readdirSync(root(), { recursive: true, encoding: "utf8" });
  return names.filter((name) => name !== "bin" && !/^bin\/harness-tracing(\.previous)?$/.test(name)).sort();
}

interface Choices {
  readonly shell?: string;
  readonly path?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The script comes through stdin, as with `curl … | bash -s -- …`. */
  readonly piped?: boolean;
}

function start(args: readonly string[], { shell = "/bin/sh", path = "/usr/bin:/bin", env, piped }: Choices = {}) {
  mkdirSync(home(), { recursive: true });
  return Bun.spawn(piped ? [shell, "-s", "--", ...args] : [shell, installer(), ...args], {
    cwd: temporary.home,
    env: { HOME: home(), PATH: path, ...env },
    stdin: piped ? Bun.file(installer()) : "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
}

async function run(args: readonly string[], choices: Choices = {}) {
  const child = start(args, choices);
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, out, err };
}

const fromServer = (...args: string[]) => [...args, "--from", server.url];

/** What a usual machine has of what the installer may call. */
const TOOLS =
  "cat chmod cp curl df dirname find getconf grep gzip head id ldd ln mkdir mv node openssl rm rmdir sed sha256sum shasum sleep ssh-keygen tail tar tr uname wc wget zstd";

/** A folder of these tools without some of them. */
function toolsWithout(...missing: string[]): string {
  const tools = join(temporary.home, "tools");
  mkdirSync(tools, { recursive: true });
  for (const name of TOOLS.split(" ")) {
    const real = Bun.which(name, { PATH: "/usr/bin:/bin:/usr/local/bin" });
    if (real !== null && !missing.includes(name)) symlinkSync(real, join(tools, name));
  }
  return tools;
}

function tool(tools: string, name: string, body: string): void {
  rmSync(join(tools, name), { force: true });
  writeFileSync(join(tools, name), `#!/bin/sh\n${body}\n`);
  chmodSync(join(tools, name), 0o755);
}

/** The file that this machine's installation fetches. */
function assetName(): string {
  const asked = server.asked.find((name) => name.startsWith("harness-tracing-"));
  return (asked ?? "").replace(/ .*/, "");
}

describe.each(SHELLS)("a release installed by install.sh in %s", (shell) => {
  test("goes where hooks look for it, says what it does, and takes over with the arguments", async () => {
    const { code, out, err } = await run(fromServer("claude", "--target", "otlp", "--header", "a=b c"), { shell });
    expect(code).toBe(0);
    expect(out).toBe("0.2.0|install|claude|--target|otlp|--header|a=b c|");
    expect(err).toContain("Downloading harness-tracing 0.2.0 for ");
    expect(err).toContain(`Installed harness-tracing 0.2.0: ${installed()}`);
    expect(statSync(installed()).mode & 0o777).toBe(0o755);
    expect(statSync(root()).mode & 0o777).toBe(0o700);
    expect(litter()).toEqual([]);
  });

  test("through a pipe", async () => {
    const { code, out } = await run(fromServer("claude", "--yes"), { shell, piped: true });
    expect({ code, out }).toEqual({ code: 0, out: "0.2.0|install|claude|--yes|" });
  });

  test("from a folder", async () => {
    const { code, out } = await run(["claude", `--from=${folder()}`], { shell });
    expect({ code, out }).toEqual({ code: 0, out: "0.2.0|install|claude|" });
  });
});

test("a script that arrives only in part does nothing", async () => {
  const whole = readFileSync(installer(), "utf8");
  for (const share of [0.3, 0.6, 0.9]) {
    writeFileSync(installer(), whole.slice(0, Math.floor(whole.length * share)));
    await run(fromServer("claude"), { piped: true });
  }
  writeFileSync(installer(), whole.replace(/\nmain "\$@"\n$/, "\n"));
  await run(fromServer("claude"), { piped: true });
  expect(server.asked).toEqual([]);
  expect(existsSync(root())).toBe(false);
});

test("a newer release keeps the program before it; the same one again is not downloaded", async () => {
  await run(fromServer("claude"));
  const downloads = server.asked.length;
  const again = await run(fromServer("claude"));
  expect(again.err).toContain("harness-tracing 0.2.0 is installed already.");
  expect(server.asked.slice(downloads)).toEqual(["release.json", "release.json.sig", "release.json.sshsig"]);
  const old = readFileSync(installed());
  await writeTestRelease(folder(), "0.3.0", scriptProgram("0.3.0"));
  expect((await run(fromServer("claude"))).out).toStartWith("0.3.0|");
  expect(readFileSync(previous())).toEqual(old);
});

test("every other command goes to the installed program, update with the wished place", async () => {
  await run(fromServer("claude"));
  expect((await run(["uninstall", "--yes"])).out).toBe("0.2.0|uninstall|--yes|");
  expect((await run(["status"], { piped: true })).out).toBe("0.2.0|status|");
  expect((await run(["update", "--from", "/mirror", "--version", "v0.1.0"])).out).toBe(
    "0.2.0|update|--version|0.1.0|--from|/mirror|",
  );
});

test("without an installed program these commands say how to get one", async () => {
  const { code, err } = await run(["uninstall"]);
  expect(code).toBe(1);
  expect(err).toContain("harness-tracing is not installed for this user\nTo fix: install.sh claude");
});

test("mirrors can be named in the environment", async () => {
  const env = { HARNESS_TRACING_FROM: server.url, HARNESS_TRACING_VERSION: "0.2.0" };
  expect((await run(["claude"], { env })).out).toBe("0.2.0|install|claude|");
});

describe("which program", () => {
  const on = async (uname: string, more: Readonly<Record<string, string>> = {}) => {
    rmSync(join(temporary.home, "tools"), { recursive: true, force: true });
    const tools = toolsWithout();
    const [system, machine] = uname.split(" ");
    tool(tools, "uname", `case $1 in -s) echo ${system};; -m) echo ${machine};; esac`);
    for (const [name, body] of Object.entries(more)) tool(tools, name, body);
    return (await run(fromServer("claude"), { path: tools })).err;
  };
  beforeEach(async () => {
    const targets = ["linux-x64-baseline", "linux-x64-musl", "linux-arm64", "darwin-arm64", "darwin-x64"];
    await writeTestRelease(folder(), "0.2.0", scriptProgram("0.2.0"), { targets });
  });

  test("Apple processors, under Rosetta too", async () => {
    expect(await on("Darwin arm64")).toContain("for darwin-arm64 ");
    rmSync(root(), { recursive: true });
    expect(await on("Darwin x86_64", { sysctl: "echo 1" })).toContain("for darwin-arm64 ");
    rmSync(root(), { recursive: true });
    expect(await on("Darwin x86_64", { sysctl: "exit 1" })).toContain("for darwin-x64 ");
  });

  test("64-bit ARM", async () => {
    expect(await on("Linux aarch64")).toContain("for linux-arm64 ");
  });

  test("musl without libstdc++ says what to install", async () => {
    const err = await on("Linux x86_64", { ldd: "echo 'musl libc (x86_64)' >&2; exit 1" });
    expect(err).toMatch(/for linux-x64-musl |To fix: apk add libstdc\+\+ libgcc/);
  });

  test("a processor without AVX2", async () => {
    const tools = toolsWithout();
    tool(tools, "grep", `[ "$1 $2" = "-q avx2" ] && exit 1; exec /usr/bin/grep "$@"`);
    tool(tools, "uname", "case $1 in -s) echo Linux;; -m) echo x86_64;; esac");
    expect((await run(fromServer("claude"), { path: tools })).err).toContain("for linux-x64-baseline ");
  });

  test("a processor that dies of an unknown instruction gets the program for older ones", async () => {
    const broken = new Uint8Array(Buffer.from("#!/bin/sh\nexit 132\n"));
    await writeTestRelease(folder(), "0.2.0", broken, { targets: ["linux-x64", "linux-x64-baseline"] });
    const err = await on("Linux x86_64");
    expect(err).toContain("trying the one for older processors");
    expect(err).toContain("for linux-x64-baseline ");
    expect(existsSync(installed())).toBe(false);
  });

  test("other systems, other processors and 32 bits are refused by name", async () => {
    expect(await on("FreeBSD amd64")).toContain("there is no program for FreeBSD");
    expect(await on("Linux riscv64")).toContain("there is no program for a riscv64 processor");
    expect(await on("Linux aarch64", { getconf: "echo 32" })).toContain("this system is 32-bit");
    expect(existsSync(root())).toBe(false);
  });
});

/** Whatever goes wrong, an installation that was there goes on working, and nothing is left behind. */
describe("when something is wrong", () => {
  const old = scriptProgram("0.1.0");
  beforeEach(() => {
    mkdirSync(join(root(), "bin"), { recursive: true, mode: 0o700 });
    writeFileSync(installed(), old, { mode: 0o755 });
  });

  async function fails(args: readonly string[], choices: Choices = {}): Promise<string> {
    const { code, out, err } = await run(args, choices);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(new Uint8Array(readFileSync(installed()))).toEqual(old);
    expect(existsSync(previous())).toBe(false);
    // A part that can be gone on with is the one thing that may stay.
    expect(litter().filter((name) => name !== "downloads" && !name.endsWith(".part"))).toEqual([]);
    return err;
  }

  test("a tampered asset", async () => {
    server.fault = (file) => (file.endsWith("z") || file.endsWith("zst") ? new Response("other bytes") : undefined);
    expect(await fails(fromServer("claude"))).toContain("does not have the hash that the release names");
    expect(litter()).toEqual([]);
  });

  test("a manifest of another maker, with asset and hash to match", async () => {
    const stranger = generateKeyPairSync("ed25519").privateKey;
    await writeTestRelease(folder(), "0.2.0", scriptProgram("0.2.0"), { key: stranger });
    const err = await fails(fromServer("claude"));
    expect(err).toContain("the release's signature is wrong");
    expect(err).toContain("Nothing was installed.");
    expect(server.asked.some((file) => file.startsWith("harness-tracing-"))).toBe(false);
    expect(await fails([...fromServer("claude"), "--without-signature"])).toContain("the release's signature is wrong");
  });

  test("a manifest that was changed after it was signed", async () => {
    const path = join(folder(), "release.json");
    writeFileSync(path, readFileSync(path, "utf8").replace('"0.2.0"', '"0.2.1"'));
    expect(await fails(fromServer("claude"))).toContain("the release's signature is wrong");
  });

  describe.each([
    ["OpenSSL", ["ssh-keygen", "node"]],
    ["OpenSSH", ["openssl", "node"]],
    ["Node", ["openssl", "ssh-keygen"]],
  ] as const)("%s alone checks the signature", (_title, missing) => {
    const path = () => toolsWithout(...missing);
    const there = ["openssl", "ssh-keygen", "node"].filter((one) => !(missing as readonly string[]).includes(one));

    test("a good one is taken, a wrong one is not", async () => {
      const tools = path();
      expect(there.filter((one) => !existsSync(join(tools, one)))).toEqual([]);
      const signature = readFileSync(join(folder(), "release.json"));
      writeFileSync(join(folder(), "release.json"), Buffer.concat([signature, Buffer.from("\n")]));
      expect(await fails(fromServer("claude"), { path: tools })).toContain("the release's signature is wrong");
      writeFileSync(join(folder(), "release.json"), signature);
      expect((await run(fromServer("claude"), { path: tools })).code).toBe(0);
    });
  });

  test("nothing that could check the signature: refused, unless the connection is trusted by a flag", async () => {
    const path = toolsWithout("openssl", "ssh-keygen", "node");
    const err = await fails(fromServer("claude"), { path });
    expect(err).toContain("nothing on this machine can check the release's signature. Nothing was installed.");
    expect(err).toContain("--without-signature");
    const trusted = await run([...fromServer("claude"), "--without-signature"], { path });
    expect(trusted.out).toBe("0.2.0|install|claude|");
  });

  test("tools that are too old to check the signature count as none", async () => {
    const path = toolsWithout("node");
    tool(path, "openssl", "echo 'unknown option' >&2; exit 1");
    tool(path, "ssh-keygen", "echo 'unknown option -- Y' >&2; exit 1");
    expect(await fails(fromServer("claude"), { path })).toContain("nothing on this machine can check");
  });

  test("a download that breaks off goes on where it ended", async () => {
    // A server that says how long the file is, and hangs up after 1000 bytes.
    const breaking = Bun.listen<undefined>({
      port: 0,
      hostname: "127.0.0.1",
      socket: {
        data: (socket, request) => {
          const file = /^GET \/(\S+)/.exec(request.toString())?.[1] ?? "";
          const content = readFileSync(join(folder(), file));
          socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${content.length}\r\n\r\n`);
          socket.write(content.subarray(0, 1000));
          socket.end();
        },
      },
    });
    let broken = 0;
    server.fault = (file) => {
      if (!file.startsWith("harness-tracing-") || broken > 0) return undefined;
      broken++;
      return Response.redirect(`http://127.0.0.1:${breaking.port}/${file}`);
    };
    try {
      expect((await run(fromServer("claude"))).out).toBe("0.2.0|install|claude|");
      expect(server.asked.at(-1)).toMatch(/^harness-tracing-.* bytes=1000-$/);
    } finally {
      breaking.stop(true);
    }
  });

  test("what an earlier run left is gone on with; if it is rotten, the download begins again", async () => {
    await run(fromServer("claude"));
    const { sha256, file } = JSON.parse(readFileSync(join(folder(), "release.json"), "utf8")).assets.find(
      (asset: { file: string }) => asset.file === assetName(),
    );
    const part = join(root(), `downloads/${file}-${sha256}.part`);
    for (const rotten of [false, true]) {
      writeFileSync(installed(), old, { mode: 0o755 });
      mkdirSync(join(root(), "downloads"), { recursive: true });
      writeFileSync(part, rotten ? "x".repeat(500) : readFileSync(join(folder(), file)).subarray(0, 500));
      server.asked.length = 0;
      expect((await run(fromServer("claude"))).out).toBe("0.2.0|install|claude|");
      const wanted = [`${file} bytes=500-`, ...(rotten ? [file] : [])];
      expect(server.asked.filter((one) => one.startsWith("harness-tracing-"))).toEqual(wanted);
      expect(litter()).toEqual([]);
    }
  });

  test("404: the version does not exist", async () => {
    rmSync(join(folder(), "release.json"));
    expect(await fails(fromServer("claude"))).toContain(
      `there is no ${server.url}/release.json\nTo fix: check the version`,
    );
  });

  test("the release is another one than was asked for", async () => {
    expect(await fails(fromServer("claude", "--version", "0.9.0"))).toContain("this is release 0.2.0, not 0.9.0");
  });

  test("no server", async () => {
    const err = await fails(["claude", "--from", "http://127.0.0.1:9"]);
    expect(err).toContain(
      "no connection to http://127.0.0.1:9/release.json\nTo fix: check the network, or HTTPS_PROXY",
    );
  });

  test.each([
    [5, "HTTPS_PROXY"],
    [6, "could not be resolved"],
    [23, "make room on that disk"],
    [60, "CURL_CA_BUNDLE=/path/to/ca.pem"],
  ])("curl's exit code %i is explained", async (code, advice) => {
    const path = toolsWithout();
    tool(path, "curl", `exit ${code}`);
    expect(await fails(fromServer("claude"), { path })).toContain(advice);
  });

  test("a folder that is not a release", async () => {
    expect(await fails(["claude", "--from", "/nowhere"])).toContain("there is no /nowhere/release.json");
  });

  test("a program for other machines only", async () => {
    await writeTestRelease(folder(), "0.2.0", scriptProgram("0.2.0"), { targets: ["windows-x64"] });
    expect(await fails(fromServer("claude"))).toContain("release 0.2.0 has no program for ");
  });

  test("a program that does not start here", async () => {
    await writeTestRelease(folder(), "0.2.0", new Uint8Array(Buffer.from("#!/bin/sh\necho kaputt; exit 3\n")));
    const err = await fails(fromServer("claude"));
    expect(err).toContain("kaputt");
    expect(err).toContain("does not run here (exit code 3). What was installed before is untouched.");
  });

  test("neither curl nor wget", async () => {
    const err = await fails(fromServer("claude"), { path: toolsWithout("curl", "wget") });
    expect(err).toContain("neither curl nor wget is on this machine\nTo fix: install curl");
  });

  test("no tool for SHA-256", async () => {
    const err = await fails(fromServer("claude"), { path: toolsWithout("sha256sum", "shasum", "openssl") });
    expect(err).toContain("nothing on this machine can compute SHA-256\nTo fix: install coreutils");
  });

  test("no gzip", async () => {
    const err = await fails(fromServer("claude"), { path: toolsWithout("gzip", "zstd") });
    expect(err).toContain("gzip is missing\nTo fix: install gzip");
  });

  test("no room, known before the download", async () => {
    const path = toolsWithout();
    tool(path, "df", "echo Filesystem; echo '/dev/sda1 100 90 10 90% /home'");
    const err = await fails(fromServer("claude"), { path });
    expect(err).toMatch(/has 0 MiB free, and \d+ MiB are needed\nTo fix: make room on that disk/);
  });

  test("no room, found out by unpacking", async () => {
    const path = toolsWithout("zstd");
    tool(path, "gzip", "echo 'gzip: stdout: No space left on device' >&2; exit 1");
    expect(await fails(fromServer("claude"), { path })).toContain("could not be unpacked");
  });

  test("sudo", async () => {
    const path = toolsWithout();
    tool(path, "id", "echo 0");
    const err = await fails(fromServer("claude"), { path, env: { SUDO_USER: "ada" } });
    expect(err).toContain("To fix: run it without sudo");
  });

  test("a key for stdin while the script comes through stdin", async () => {
    const err = await fails(fromServer("claude", "--api-key-stdin"), { piped: true });
    expect(err).toContain(
      "--api-key-stdin cannot work while this script itself comes through stdin\nTo fix: save it first",
    );
  });

  test("killed half way: the next run cleans up and goes on", async () => {
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    server.fault = (file) => {
      if (!file.startsWith("harness-tracing-")) return undefined;
      resolve();
      return new Response(new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(10)) }));
    };
    const child = start(fromServer("claude"));
    await asked;
    process.kill(child.pid, "SIGKILL");
    await child.exited;
    expect(litter().some((one) => one.startsWith("downloads/work."))).toBe(true);
    server.fault = undefined;
    expect((await run(fromServer("claude"))).out).toBe("0.2.0|install|claude|");
    expect(litter()).toEqual([]);
  });

  test("five at a time: each ends well, the program is whole", async () => {
    const results = await Promise.all(Array.from({ length: 5 }, () => run(fromServer("claude"))));
    for (const { code, out } of results) expect({ code, out }).toEqual({ code: 0, out: "0.2.0|install|claude|" });
    expect(litter()).toEqual([]);
  });
});

test("a home that cannot be written", async () => {
  mkdirSync(home(), { recursive: true });
  // A file in the way stops root too.
  writeFileSync(join(home(), ".arize"), "");
  const { code, err } = await run(fromServer("claude"));
  expect(code).toBe(1);
  expect(err).toContain(`${root()} cannot be written\nTo fix: check the owner and the permissions`);
});

test("no home", async () => {
  const { code, err } = await run(fromServer("claude"), { env: { HOME: "" } });
  expect(code).toBe(1);
  expect(err).toContain("HOME is not set");
});

test("wget does as well as curl", async () => {
  const path = toolsWithout("curl");
  const { out } = await run(fromServer("claude"), { path });
  expect(out).toBe("0.2.0|install|claude|");
  truncateSync(installed(), 0);
  const missing = await run(["claude", "--from", `${server.url}/nothing`], { path });
  expect(missing.err).toContain(`the download failed: ${server.url}/nothing/release.json`);
});

test("without zstd the gzip asset is taken", async () => {
  await run(fromServer("claude"), { path: toolsWithout("zstd") });
  expect(assetName()).toMatch(/\.gz$/);
});
