import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pluginHookCommand } from "../../src/plugins/hook-command.ts";
import { temporaryHome } from "../support/cli.ts";

/** A home that shells trip over. */
const AWKWARD = "a 'b\" $(c) `d` ;e & \\f";

/** Each with what goes before the command; the last parse a text as a whole before they run any of it. */
const SHELLS = [
  ["/bin/sh", "-c"],
  ["/bin/bash", "-c"],
  ["/bin/bash", "--posix", "-c"],
  ["/bin/dash", "-c"],
  ["/usr/bin/busybox", "sh", "-c"],
  ["/bin/zsh", "-c"],
].filter(([shell = ""]) => existsSync(shell));

let temporary: ReturnType<typeof temporaryHome>;
beforeEach(() => {
  temporary = temporaryHome();
});
afterEach(() => temporary.remove());

const home = () => join(temporary.home, AWKWARD);
const plugin = () => join(temporary.home, "the plugin's");
const result = () => join(temporary.home, "result");

function script(path: string, body: string): void {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
}

const installed = (body: string) => script(join(home(), ".arize/harness/bin/harness-tracing"), body);

async function run(shell: readonly string[], command: string) {
  const child = Bun.spawn([...shell, command], {
    cwd: temporary.home,
    env: { HOME: home(), PATH: "/usr/bin:/bin", PLUGIN_ROOT: plugin(), RESULT: result(), BUN_OPTIONS: "--smol" },
    stdin: Buffer.from('{"a":1}'),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { out, err, code };
}

const SILENT = { out: "", err: "", code: 0 };

const quiet = pluginHookCommand({ args: ["hook", "claude"], rootVariable: "PLUGIN_ROOT" });
const REPLY = '{"continue":true}';
const replying = pluginHookCommand({ args: ["hook", "cursor", "stop"], rootVariable: "PLUGIN_ROOT", reply: REPLY });

describe.each(SHELLS.map((shell) => ({ shell })))("in $shell", ({ shell }) => {
  beforeEach(() => script(join(plugin(), "fetch.sh"), 'echo fetched >>"$RESULT"; echo noise; echo noise >&2'));

  test("the installed program gets arguments and stdin, nothing is fetched", async () => {
    installed('{ echo "$@" "[$BUN_OPTIONS]"; cat; } >"$RESULT"; echo babble; echo babble >&2');
    expect(await run(shell, quiet)).toEqual(SILENT);
    expect(readFileSync(result(), "utf8")).toBe('hook claude []\n{"a":1}');
  });

  test("an absent program is fetched, without a word", async () => {
    expect(await run(shell, quiet)).toEqual(SILENT);
    expect(readFileSync(result(), "utf8")).toBe("fetched\n");
  });

  test("a program that crashes disturbs nobody", async () => {
    installed("kill -SEGV $$");
    expect(await run(shell, quiet)).toEqual(SILENT);
  });

  test("a plugin folder that is gone disturbs nobody", async () => {
    script(join(plugin(), "fetch.sh"), "exit 3");
    expect(await run(shell, quiet.replaceAll("PLUGIN_ROOT", "ELSEWHERE"))).toEqual(SILENT);
  });

  test("where the agent must read a reply, it reads that and nothing else, with and without the program", async () => {
    expect(await run(shell, replying)).toEqual({ ...SILENT, out: `${REPLY}\n` });
    expect(readFileSync(result(), "utf8")).toBe("fetched\n");
    installed('echo "$@" >"$RESULT"; echo babble; echo babble >&2; exit 2');
    expect(await run(shell, replying)).toEqual({ ...SILENT, out: `${REPLY}\n` });
  });
});

test("PowerShell sees one comment between its own lines", () => {
  for (const command of [quiet, replying]) {
    const lines = command.split("\n");
    expect(lines[0]).toBe("echo --% >/dev/null;: ' |out-null");
    expect(lines[1]).toBe("<#'");
    const end = lines.findIndex((line) => line.endsWith("#>"));
    expect(lines.slice(2, end).join("")).not.toContain("#>");
    expect(lines[end + 1]).toMatch(
      /try \{ & "\$HOME\/\.arize\/harness\/bin\/harness-tracing\.exe" hook [a-z ]+ \*> \$null \} catch \{\}$/,
    );
    expect(lines.slice(end + 2)).toEqual(["exit 0", "#END"]);
  }
});
