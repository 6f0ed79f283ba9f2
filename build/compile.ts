/** One compilation: the flags that every program of this project is built with, the benchmark's empty one included. */

/** What to compile. */
export interface Compilation {
  /** Path of the entry file. */
  readonly entry: string;
  /** Path of the executable. */
  readonly outfile: string;
  /** Runtime to build for; absent for this machine's own. */
  readonly runtime?: Bun.Build.CompileTarget;
}

/**
 * Compiles a program with bytecode for every chunk. The program never reads a `.env`, `bunfig.toml`, `tsconfig.json` or
 * `package.json` at run time: it runs in the user's project folder, and a file there must not steer it.
 * @throws AggregateError with the compiler's messages
 */
export async function compile({ entry, outfile, runtime }: Compilation): Promise<void> {
  await Bun.build({
    entrypoints: [entry],
    target: "bun",
    format: "esm",
    splitting: true,
    minify: true,
    bytecode: true,
    compile: {
      outfile,
      ...(runtime === undefined ? {} : { target: runtime }),
      autoloadDotenv: false,
      autoloadBunfig: false,
      autoloadTsconfig: false,
      autoloadPackageJson: false,
    },
    throw: true,
  });
}
