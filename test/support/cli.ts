/** Commands of the command line in a home of their own, inside the test's process. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CliContext } from "../../src/cli/context.ts";
import { runCommand } from "../../src/cli/main.ts";
import { makeStyle } from "../../src/cli/style.ts";
import { pathsIn } from "../../src/paths.ts";

/** What a command left. */
export interface CliResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** What a test may choose. */
export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  readonly colour?: boolean;
  readonly now?: number;
  readonly self?: readonly [string, ...string[]];
}

/** A fresh home folder, removed by `remove`. */
export function temporaryHome(): { readonly home: string; readonly remove: () => void } {
  const home = mkdtempSync(join(tmpdir(), "harness-tracing-cli-"));
  return { home, remove: () => rmSync(home, { recursive: true, force: true }) };
}

/** Runs a command line as if its user's home were `home`; never interactive. */
export async function cli(home: string, argv: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  let out = "";
  let err = "";
  const context: CliContext = {
    env: { PATH: "/usr/bin:/bin", ...options.env },
    home,
    paths: pathsIn(home),
    platform: process.platform,
    now: () => options.now ?? Date.now(),
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    style: makeStyle(options.colour ?? false),
    columns: 120,
    interactive: false,
    readStdin: async () => options.stdin ?? "",
    self: options.self ?? ["/nowhere/harness-tracing"],
  };
  const code = await runCommand(argv, context);
  return { code, out, err };
}

/** Runs the compiled program with a home of its own; stdin is no terminal. */
export async function program(
  path: string,
  home: string,
  argv: readonly string[],
  options: Pick<CliOptions, "env" | "stdin"> = {},
): Promise<CliResult> {
  const child = Bun.spawn([path, ...argv], {
    cwd: home,
    env: { HOME: home, PATH: "/usr/bin:/bin", TZ: "UTC", ...options.env },
    stdin: Buffer.from(options.stdin ?? ""),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, out, err };
}
