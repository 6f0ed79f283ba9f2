/** Trying a registration out: the very command that the agent will run, in a home folder that is thrown away. */

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import type { Trial } from "../agents/agent.ts";
import { pathsIn } from "../paths.ts";

/** A hook takes milliseconds; a first start from a cold disk may take a second. */
const TIMEOUT_MS = 10_000;

/** Variables without which programs do not start at all; nothing else of the environment is passed on. */
const NEEDED_VARIABLES = ["PATH", "SystemRoot", "TEMP", "TMP", "LD_LIBRARY_PATH"];

/**
 * Fires one hook and looks whether it was recorded. Leaves nothing behind, in the store least of all.
 * @param agentKey whose journal must have the event
 * @returns what is wrong, or undefined when the hook works
 */
export async function tryHook(
  { command, payload, reply = "" }: Trial,
  agentKey: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  const home = mkdtempSync(`${tmpdir()}/harness-tracing-trial-`);
  try {
    const argv = command.args ? [command.command, ...command.args] : ["/bin/sh", "-c", command.command];
    const kept = Object.fromEntries(NEEDED_VARIABLES.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
    const hook = Bun.spawn(argv, {
      cwd: home,
      env: { ...kept, HOME: home, USERPROFILE: home },
      stdin: Buffer.from(payload),
      stdout: "pipe",
      stderr: "pipe",
      timeout: TIMEOUT_MS,
      windowsHide: true,
    });
    const [out, err, code] = await Promise.all([hook.stdout.text(), hook.stderr.text(), hook.exited]);
    if (hook.signalCode) return `it did not end within ${TIMEOUT_MS / 1000} s`;
    if (code !== 0) return `it ended with exit code ${code}`;
    if (out.trimEnd() !== reply || err !== "") return "it wrote output, which the agent would read";
    return recorded(`${pathsIn(home).journal}/${agentKey}`) ? undefined : "it recorded nothing";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

function recorded(folder: string): boolean {
  try {
    return readdirSync(folder).length > 0;
  } catch {
    return false;
  }
}
