/** The machines that the program is built for. */

/** One target: its name in file names and Bun's name for its runtime. */
export interface Target {
  /** `linux-x64`, `linux-x64-musl`, `windows-x64-baseline` … */
  readonly name: string;
  readonly runtime: Bun.Build.CompileTarget;
  /** Extension of executables there. */
  readonly extension: "" | ".exe";
}

function target(name: string, runtime: Bun.Build.CompileTarget): Target {
  return { name, runtime, extension: name.startsWith("windows") ? ".exe" : "" };
}

/** Every target. `baseline` is for x64 processors without AVX2, `musl` for Alpine and its like. */
export const TARGETS: readonly Target[] = [
  target("linux-x64", "bun-linux-x64"),
  target("linux-x64-baseline", "bun-linux-x64-baseline"),
  target("linux-x64-musl", "bun-linux-x64-musl"),
  target("linux-x64-musl-baseline", "bun-linux-x64-baseline-musl"),
  target("linux-arm64", "bun-linux-arm64"),
  target("linux-arm64-musl", "bun-linux-arm64-musl"),
  target("darwin-x64", "bun-darwin-x64"),
  target("darwin-arm64", "bun-darwin-arm64"),
  target("windows-x64", "bun-windows-x64"),
  target("windows-x64-baseline", "bun-windows-x64-baseline"),
  target("windows-arm64", "bun-windows-arm64"),
];
