import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hookCommand, PARENT_VARIABLE, programNameOf, programOf, type Shell } from "../../src/setup/command.ts";

/** Folder names that shells trip over. */
const NAMES = ["plain", "with blank", "quo'te", 'dou"ble', "$HOME `x` \\n", "semi;colon & more"];

/** Programs that must not disturb an agent. */
const PROGRAMS: Readonly<Record<string, string | undefined>> = {
  absent: undefined,
  crashing: "#!/bin/sh\nkill -SEGV $$\n",
  failing: "#!/bin/sh\necho sorry >&2\nexit 2\n",
  babbling: '#!/bin/sh\nhead -c 100000 /dev/zero\nhead -c 100000 /dev/zero >&2\necho \'{"decision":"block"}\'\n',
  "not executable": "#!/bin/sh\nexit 1\n",
};

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "harness-tracing-command-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function run(command: string, shell: string, stdin = "{}") {
  const child = Bun.spawn([shell, "-c", command], {
    stdin: Buffer.from(stdin),
    stdout: "pipe",
    stderr: "pipe",
    env: { PATH: "/usr/bin:/bin" },
  });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { out, err, code };
}

const SHELLS = ["/bin/sh", "/bin/bash", "/bin/dash"].filter(existsSync);

describe.each(SHELLS)("posix command in %s", (shell) => {
  test.each(Object.entries(PROGRAMS))(
    "a program that is %s: exit code 0 and no byte of output",
    async (kind, script) => {
      const program = join(folder, `${kind}-${shell.replaceAll("/", "_")}`);
      if (script !== undefined) {
        writeFileSync(program, script);
        chmodSync(program, kind === "not executable" ? 0o644 : 0o755);
      }
      const { command } = hookCommand("posix", program, ["hook", "claude"]);
      expect(await run(command, shell)).toEqual({ out: "", err: "", code: 0 });
    },
  );

  test.each(Object.entries(PROGRAMS))(
    "a program that is %s, with a reply: exit code 0 and the reply alone",
    async (kind, script) => {
      const program = join(folder, `${kind}-reply-${shell.replaceAll("/", "_")}`);
      if (script !== undefined) {
        writeFileSync(program, script);
        chmodSync(program, kind === "not executable" ? 0o644 : 0o755);
      }
      const { command } = hookCommand("posix", program, ["hook", "cursor"], { reply: '{"continue":true}' });
      expect(await run(command, shell)).toEqual({ out: '{"continue":true}\n', err: "", code: 0 });
      expect(programOf(command)).toBe(program);
    },
  );

  test("a program that hangs: the reply is there before it, and the shell that is killed has given it", async () => {
    const program = join(folder, `hanging-${shell.replaceAll("/", "_")}`);
    // Its open stdin is its life: it ends with the test.
    writeFileSync(program, "#!/bin/sh\ncat\n");
    chmodSync(program, 0o755);
    const { command } = hookCommand("posix", program, ["hook", "cursor"], { reply: '{"continue":true}' });
    const child = Bun.spawn([shell, "-c", command], { stdin: "pipe", stdout: "pipe", stderr: "pipe", env: {} });
    const { value } = await child.stdout.getReader().read();
    expect(new TextDecoder().decode(value)).toBe('{"continue":true}\n');
    expect(child.exitCode).toBeNull();
    child.kill("SIGKILL");
    await child.exited;
    await child.stdin.end();
  });

  test.each(NAMES)("a program below %p gets its arguments and stdin", async (name) => {
    const place = join(folder, name);
    const result = join(folder, `result-${shell.replaceAll("/", "_")}`);
    mkdirSync(place, { recursive: true });
    const program = join(place, "harness-tracing");
    writeFileSync(program, `#!/bin/sh\n{ echo "$#" "$@"; cat; } > '${result}'\n`);
    chmodSync(program, 0o755);
    const { command } = hookCommand("posix", program, ["hook", "claude"]);
    expect(await run(command, shell, '{"a":1}')).toEqual({ out: "", err: "", code: 0 });
    expect(readFileSync(result, "utf8")).toBe('2 hook claude\n{"a":1}');
    expect(programOf(command)).toBe(program);
    expect(programNameOf(command)).toBe("harness-tracing");
  });

  test("the id of the agent's process is passed on where it is wanted", async () => {
    const result = join(folder, `parent-${shell.replaceAll("/", "_")}`);
    const program = join(folder, `tells-parent-${shell.replaceAll("/", "_")}`);
    writeFileSync(program, `#!/bin/sh\necho "$${PARENT_VARIABLE}" > '${result}'\n`);
    chmodSync(program, 0o755);
    const { command } = hookCommand("posix", program, ["hook", "gemini"], { passParent: true });
    expect(await run(command, shell)).toEqual({ out: "", err: "", code: 0 });
    expect(readFileSync(result, "utf8")).toBe(`${process.pid}\n`);
    expect(programOf(command)).toBe(program);
  });
});

test("cmd hides every byte and every exit code", () => {
  expect(hookCommand("cmd", "C:\\Users\\Ada L\\harness-tracing.exe", ["hook", "claude"])).toEqual({
    command: '"C:\\Users\\Ada L\\harness-tracing.exe" hook claude >nul 2>&1 & exit /b 0',
  });
});

test("PowerShell 5 has no || and throws when a program is missing, so the call is caught", () => {
  expect(hookCommand("powershell", "C:\\Users\\O'Hara\\harness-tracing.exe", ["hook", "claude"])).toEqual({
    command: "try { & 'C:\\Users\\O''Hara\\harness-tracing.exe' hook claude *> $null } catch {}; exit 0",
  });
});

test("every shell prints a reply before it starts the program", () => {
  const options = { reply: '{"continue":true}' };
  const command = (shell: Shell) => hookCommand(shell, "C:\\a\\harness-tracing.exe", ["hook", "x"], options).command;
  expect(command("cmd")).toBe('echo {"continue":true}& "C:\\a\\harness-tracing.exe" hook x >nul 2>&1 & exit /b 0');
  expect(command("powershell")).toStartWith("[Console]::Out.WriteLine('{\"continue\":true}'); try { & 'C:");
  for (const shell of ["cmd", "powershell", "windows", "exec"] as const) {
    expect(programOf(command(shell))).toBe("C:\\a\\harness-tracing.exe");
  }
});

test("for cmd or PowerShell, whichever it is: a bare path, or a script that neither of them takes apart", () => {
  expect(hookCommand("windows", "C:\\Users\\ada\\harness-tracing.exe", ["hook", "x"])).toEqual({
    command: "C:\\Users\\ada\\harness-tracing.exe hook x",
  });
  for (const program of [
    "C:\\Ada L\\harness-tracing.exe",
    "C:\\O'Hara\\harness-tracing.exe",
    "C:\\a&b\\harness-tracing.exe",
  ]) {
    const { command } = hookCommand("windows", program, ["hook", "x"], { reply: "{}" });
    expect(command).toMatch(/^powershell\.exe( -\w+)+ [\w+/=]+$/);
    expect(programOf(command)).toBe(program);
    const script = Buffer.from(command.split(" ").at(-1) ?? "", "base64").toString("utf16le");
    expect(script).toBe(hookCommand("powershell", program, ["hook", "x"], { reply: "{}" }).command);
  }
});

test("exec form is the program and its arguments, unquoted", () => {
  expect(hookCommand("exec", "C:\\a b\\harness-tracing.exe", ["hook", "claude"])).toEqual({
    command: "C:\\a b\\harness-tracing.exe",
    args: ["hook", "claude"],
  });
});

test.each([
  ["/home/a/.arize/harness/venv/bin/arize-hook-stop", "arize-hook-stop"],
  ['"C:\\Users\\a b\\venv\\Scripts\\arize-hook-stop.exe" --x', "arize-hook-stop"],
  ["& 'C:\\x\\harness-tracing.exe' hook claude", "harness-tracing"],
  ["try { & 'C:\\O''Hara\\harness-tracing.exe' hook claude *> $null } catch {}; exit 0", "harness-tracing"],
  ["'/home/a/.arize/harness/bin/harness-tracing' hook claude >/dev/null 2>&1 || true", "harness-tracing"],
  ["echo harness-tracing", "echo"],
  ["", ""],
])("the program of %p is %p", (command, name) => {
  expect(programNameOf(command)).toBe(name);
});
