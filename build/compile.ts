/** One compilation: the flags that every program of this project is built with, the benchmark's empty one included. */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { signedAdHoc } from "./macho-sign.ts";
import type { Target } from "./targets.ts";

/** What to compile. */
export interface Compilation {
  /** Path of the entry file. */
  readonly entry: string;
  /** Path of the executable. */
  readonly outfile: string;
  /** Machine to build for; absent for this one. */
  readonly target?: Target;
  /** Source files (by path) with the text that stands for them. Tests make programs of other versions and keys with it. */
  readonly replaced?: Readonly<Record<string, string>>;
}

/** Name of the target that this machine's own build is. */
export function ownTargetName(): string {
  const os = process.platform === "win32" ? "windows" : process.platform;
  return `${os}-${process.arch}${existsSync("/etc/alpine-release") ? "-musl" : ""}`;
}

/**
 * Compiles a program with bytecode for every chunk. The program never reads a `.env`, `bunfig.toml`, `tsconfig.json` or
 * `package.json` at run time: it runs in the user's project folder, and a file there must not steer it.
 * @throws AggregateError with the compiler's messages
 */
export async function compile({ entry, outfile, target, replaced = {} }: Compilation): Promise<void> {
  await Bun.build({
    entrypoints: [entry],
    target: "bun",
    format: "esm",
    splitting: true,
    minify: true,
    bytecode: true,
    define: { BUILD_TARGET: JSON.stringify(target?.name ?? ownTargetName()) },
    plugins: [replacing(replaced)],
    compile: {
      outfile,
      ...(target === undefined ? {} : { target: target.runtime }),
      autoloadDotenv: false,
      autoloadBunfig: false,
      autoloadTsconfig: false,
      autoloadPackageJson: false,
    },
    throw: true,
  });
  if (target?.name === "darwin-x64") writeFileSync(outfile, signedAdHoc(readFileSync(outfile)));
}

function replacing(files: Readonly<Record<string, string>>): Bun.BunPlugin {
  const texts = new Map(Object.entries(files).map(([path, text]) => [resolve(path), text]));
  return {
    name: "replaced",
    setup: (build) => {
      for (const [path, contents] of texts) {
        const filter = new RegExp(`^${path.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&")}$`);
        build.onLoad({ filter }, () => ({ contents, loader: "ts" }));
      }
    },
  };
}
