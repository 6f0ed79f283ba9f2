/**
 * The hot path: runs inside the agent's turn, for every hook call. Reads the payload, appends one line to the session's
 * journal, starts a drain where something ended. No dependency, no database, no socket, no name resolution, no waiting
 * (but for the bounded flush in CI). Nothing that happens here reaches the agent.
 */

import { existsSync, writeSync } from "node:fs";
import type { AgentEntry } from "../agents/agent.ts";
import { agentNamed } from "../agents/registry.ts";
import { homeOf, pathsIn } from "../paths.ts";
import { startDrain, waitForDrain, wantsDrain } from "./drain.ts";
import { type Environment, flushWish, tracingEnabled } from "./environment.ts";
import { withEnvironmentFile } from "./environment-file.ts";
import { journal, lose } from "./journal.ts";
import { readStdin } from "./stdin.ts";

const STDOUT = 1;

/**
 * Handles one hook call. Never throws; writes to stdout only what the agent's contract demands, and nothing to stderr.
 * @param name the agent, as registered
 * @param event the agent's event name, if the registration names it
 */
export async function runHook(name: string | undefined, event: string | undefined): Promise<void> {
  const agent = agentNamed(name);
  try {
    const env = withEnvironmentFile(process.env, agent?.hook.environmentFile?.(process.env));
    if (agent && tracingEnabled(env)) await record(agent, event, env);
  } catch {
    // Fail open: the agent must not notice.
  }
  try {
    const reply = agent?.hook.reply?.(event) ?? "";
    if (reply !== "") writeSync(STDOUT, reply);
  } catch {
    // The reader is gone.
  }
}

async function record(agent: AgentEntry, event: string | undefined, env: Environment): Promise<void> {
  // The runtime's own start: nearer to the agent's call than anything measured here.
  const ts = performance.timeOrigin;
  const input = await readStdin();
  const home = homeOf(env);
  if (home === undefined) return;
  const paths = pathsIn(home);
  const writer = { agent, paths, env };
  if ("tooLarge" in input) return lose(writer, "too large", ts, event);
  const routed = journal(writer, input.bytes, event, ts);

  if (routed === undefined || !wantsDrain(paths, routed.drain, Date.now())) return;
  if (!startDrain(paths, home, env) || !routed.flushMs) return;
  const flush = flushWish(env) ?? (existsSync(paths.flushSync) ? "sync" : "async");
  if (flush === "sync") await waitForDrain(paths, ts + routed.flushMs);
}
