/** Child processes, ports and waiting for the backends under test. */

import { createServer } from "node:net";

/** Where downloaded and built backends stay between runs; ignored by git. */
export const CACHE = `${new URL("../../..", import.meta.url).pathname}.cache/backends`;

/** A port on loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (typeof address !== "object" || address === null) throw new Error("no free port");
  return address.port;
}

/** Runs a command to its end. @throws with the end of its output when it fails */
export async function run(command: readonly string[], env?: Readonly<Record<string, string>>): Promise<void> {
  const child = Bun.spawn([...command], {
    ...(env === undefined ? {} : { env: { ...process.env, ...env } }),
    cwd: CACHE,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, error] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  if ((await child.exited) !== 0) throw new Error(`${command.join(" ")} failed:\n${`${out}${error}`.slice(-4000)}`);
}

/** Polls until `probe` gives something. @throws after `timeoutMs`, naming what it waited for */
export async function eventually<T>(
  what: string,
  timeoutMs: number,
  probe: () => Promise<T | undefined>,
  pollMs = 100,
): Promise<T> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined) return value;
    if (Date.now() >= until) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await Bun.sleep(pollMs);
  }
}

/** A running backend. */
export interface Backend {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** Ends it and waits for its end. */
  readonly stop: () => Promise<void>;
}

/** Time for a backend to come up, ms. */
const START_MS = 90_000;

/**
 * Starts a server with a clean environment in its own folder and waits until the `ready` URL answers 2xx or one of
 * `statuses`. Its output goes to a file.
 */
export async function startBackend(
  command: readonly string[],
  folder: string,
  env: Readonly<Record<string, string>>,
  ready: string,
  statuses: readonly number[] = [],
): Promise<Backend> {
  const log = Bun.file(`${folder}/output.log`);
  const child = Bun.spawn([...command], {
    cwd: folder,
    env: { PATH: process.env.PATH ?? "", HOME: folder, ...env },
    stdin: "ignore",
    stdout: log,
    stderr: log,
  });
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), 15_000);
    await child.exited;
    clearTimeout(late);
  };
  try {
    await eventually(`start of ${command[0]}`, START_MS, async () => {
      if (child.exitCode !== null) throw new Error(`${command[0]} ended:\n${(await log.text()).slice(-4000)}`);
      const answer = await fetch(ready, { proxy: false }).catch(() => undefined);
      return answer?.ok || statuses.includes(answer?.status ?? 0) ? true : undefined;
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: new URL(ready).origin, stop };
}
