import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { COMMANDS } from "../../src/cli/commands.ts";
import { temporaryHome } from "../support/cli.ts";

const ROOT = join(import.meta.dir, "../..");
const SHELLS = ["/bin/sh", "/bin/dash", "/bin/bash"].filter(existsSync);

let temporary: ReturnType<typeof temporaryHome>;
beforeEach(() => {
  temporary = temporaryHome();
});
afterEach(() => temporary.remove());

const clone = () => join(temporary.home, "a clone");

/** A clone whose program says how it was called, built a minute after its sources. */
function makeClone(): void {
  for (const folder of ["src", "build", "dist"]) mkdirSync(join(clone(), folder), { recursive: true });
  copyFileSync(join(ROOT, "install.sh"), join(clone(), "install.sh"));
  const past = new Date(Date.now() - 60_000);
  for (const file of ["package.json", "package-lock.json", "src/main.ts", "build/build.ts"]) {
    writeFileSync(join(clone(), file), "{}");
    utimesSync(join(clone(), file), past, past);
  }
  script(join(clone(), "dist/harness-tracing"), `printf '%s|' "$PWD" "$@"; exit 7`);
}

function script(path: string, body: string): void {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
}

async function run(args: readonly string[], shell = "/bin/sh", path = "/usr/bin:/bin") {
  const child = Bun.spawn([shell, join(clone(), "install.sh"), ...args], {
    cwd: temporary.home,
    env: { HOME: temporary.home, PATH: path },
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, out, err };
}

describe.each(SHELLS)("install.sh in %s", (shell) => {
  test("a command goes to the program as it is, with its exit code, in the user's folder", async () => {
    makeClone();
    const { code, out, err } = await run(["show", "a b", "--full"], shell);
    expect({ code, out, err }).toEqual({ code: 7, out: `${temporary.home}|show|a b|--full|`, err: "" });
  });

  test("an agent means install", async () => {
    makeClone();
    expect((await run(["claude", "--target", "otlp", "--header", "a=b c"], shell)).out).toBe(
      `${temporary.home}|install|claude|--target|otlp|--header|a=b c|`,
    );
  });
});

test("it knows every command of the program", () => {
  const text = readFileSync(join(ROOT, "install.sh"), "utf8");
  const known = /-\* \| (.*)\)/.exec(text)?.[1]?.split(" | ").sort();
  expect(known).toEqual(COMMANDS.map(({ name }) => name).sort());
  const batch = readFileSync(join(ROOT, "install.bat"), "utf8");
  expect(/in \((.*)\) do/.exec(batch)?.[1]?.split(" ").sort()).toEqual(known);
});

test("without arguments it explains itself, exit code 2", async () => {
  makeClone();
  const { code, out } = await run([]);
  expect(code).toBe(2);
  expect(out).toContain("./install.sh demo");
  expect(out).not.toContain("set -eu");
  expect((await run(["--help"])).code).toBe(0);
});

describe("building", () => {
  /** Tools of a machine that has neither Node nor Bun. */
  function bareTools(): string {
    const tools = join(temporary.home, "tools");
    for (const tool of ["dirname", "find", "head", "sed"]) {
      const real = [`/usr/bin/${tool}`, `/bin/${tool}`].find(existsSync);
      script(join(tools, tool), `exec ${real} "$@"`);
    }
    return tools;
  }

  test("a source that is newer than the program means a build, whose output is not the program's", async () => {
    makeClone();
    const soon = new Date(Date.now() + 60_000);
    utimesSync(join(clone(), "src/main.ts"), soon, soon);
    const tools = bareTools();
    script(join(tools, "node"), "case $1 in -p) echo true;; *) echo v22.0.0;; esac");
    script(join(tools, "npm"), `echo built "$@"; pwd; printf '#!/bin/sh\\necho fresh\\n' > dist/harness-tracing`);
    const { out, err } = await run(["demo"], "/bin/sh", tools);
    expect(out).toBe("fresh\n");
    expect(err).toContain("Building harness-tracing");
    expect(err).toContain(`built run --silent build\n${clone()}`);
  });

  test("with Bun alone it builds with Bun", async () => {
    makeClone();
    const soon = new Date(Date.now() + 60_000);
    utimesSync(join(clone(), "src/main.ts"), soon, soon);
    const tools = bareTools();
    script(join(tools, "bun"), 'echo bun "$@"');
    const { err } = await run(["demo"], "/bin/sh", tools);
    expect(err).toContain("bun build/ensure.mjs\nbun build/build.ts");
  });

  test("without Node and Bun it says what is missing and does nothing", async () => {
    makeClone();
    const soon = new Date(Date.now() + 60_000);
    utimesSync(join(clone(), "src/main.ts"), soon, soon);
    const { code, out, err } = await run(["demo"], "/bin/sh", bareTools());
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain("this needs Node 20 or newer with npm");
  });

  test("an old Node is named", async () => {
    makeClone();
    const soon = new Date(Date.now() + 60_000);
    utimesSync(join(clone(), "src/main.ts"), soon, soon);
    const tools = bareTools();
    script(join(tools, "node"), "case $1 in -p) echo false;; *) echo v18.1.0;; esac");
    script(join(tools, "npm"), "exit 1");
    expect((await run(["demo"], "/bin/sh", tools)).err).toContain("Found: node v18.1.0.");
  });

  test("uninstall needs no build when a program is installed", async () => {
    makeClone();
    script(join(temporary.home, ".arize/harness/bin/harness-tracing"), 'echo installed "$@"');
    rmSync(join(clone(), "dist"), { recursive: true });
    expect((await run(["uninstall", "--yes"], "/bin/sh", bareTools())).out).toBe("installed uninstall --yes\n");
  });
});
