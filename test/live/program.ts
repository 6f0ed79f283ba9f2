/** Builds the program outside the namespace and installs it inside, the way a user does. */

import { existsSync } from "node:fs";

const INSTALL_TIMEOUT_MS = 120_000;
const BUILD_TIMEOUT_MS = 600_000;

/** Builds `dist/harness-tracing` from the sources as they are. @throws with the build's output */
export async function buildProgram(repository: string): Promise<string> {
  const program = `${repository}/dist/harness-tracing`;
  if (process.env.HARNESS_LIVE_NO_BUILD === "1" && existsSync(program)) return program;
  const build = Bun.spawn([process.execPath, "run", "build"], {
    cwd: repository,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: BUILD_TIMEOUT_MS,
  });
  const [out, error] = await Promise.all([new Response(build.stdout).text(), new Response(build.stderr).text()]);
  if ((await build.exited) !== 0 || !existsSync(program)) throw new Error(`the build failed:\n${out}${error}`);
  return program;
}

/** What `installTracing` may be told besides the endpoint. */
export interface InstallChoices {
  readonly endpoint: string;
  /** More arguments of `install`. */
  readonly flags?: readonly string[];
}

/**
 * Runs the repository's `install.sh <agent> --target otlp …` with the given environment, which names the home.
 * @returns its output
 * @throws when it fails
 */
export async function installTracing(
  repository: string,
  agent: string,
  env: Readonly<Record<string, string>>,
  choices: InstallChoices,
): Promise<string> {
  const command = [
    "sh",
    `${repository}/install.sh`,
    agent,
    "--target",
    "otlp",
    "--endpoint",
    choices.endpoint,
    "--yes",
    ...(choices.flags ?? []),
  ];
  const child = Bun.spawn(command, {
    cwd: env.HOME ?? repository,
    env: { ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: INSTALL_TIMEOUT_MS,
  });
  const [out, error] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  const code = await child.exited;
  if (code !== 0) throw new Error(`install.sh ${agent} failed with ${code}:\n${out}${error}`);
  return out + error;
}
