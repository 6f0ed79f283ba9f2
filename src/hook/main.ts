/**
 * The hot path: runs inside the agent's turn, for every hook call. Reads the payload, appends one line to the session's
 * journal, starts a drain where something ended. No dependency, no database, no socket, no name resolution, no waiting
 * (but for the bounded flush in CI). Nothing that happens here reaches the agent.
 */

import { existsSync, writeSync } from "node:fs";
import type { AgentEntry } from "../agents/agent.ts";
import { agentNamed } from "../agents/registry.ts";
import { segmentFileOf } from "../journal/names.ts";
import { homeOf, type Paths, pathsIn } from "../paths.ts";
import { appendLine } from "./append.ts";
import { dumpPayload } from "./debug.ts";
import { startDrain, waitForDrain, wantsDrain } from "./drain.ts";
import {
  type Environment,
  flushWish,
  journaledEnvironment,
  secretsOf,
  switchedOn,
  tracingEnabled,
} from "./environment.ts";
import { fingerprint } from "./fingerprint.ts";
import { noteLoss } from "./loss.ts";
import { parsePayload } from "./payload.ts";
import { localSalt } from "./salt.ts";
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
    if (agent && tracingEnabled(process.env)) await record(agent, event, process.env);
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

async function record(agent: AgentEntry, argvEvent: string | undefined, env: Environment): Promise<void> {
  // The runtime's own start: nearer to the agent's call than anything measured here.
  const ts = performance.timeOrigin;
  const input = await readStdin();
  const home = homeOf(env);
  if (home === undefined) return;
  const paths = pathsIn(home);
  const lose = (reason: string, event = argvEvent, session?: string) =>
    noteLoss(paths, {
      v: 1,
      ts,
      agent: agent.key,
      ...(event === undefined ? {} : { event }),
      ...(session === undefined ? {} : { session }),
      reason,
    });

  if ("tooLarge" in input) return lose("too large");
  if (switchedOn(env.ARIZE_TRACE_DEBUG) && input.bytes.length > 0) {
    dumpPayload(paths, agent.key, argvEvent, ts, input.bytes);
  }
  const payload = parsePayload(input.bytes);
  if (payload === "empty") return;
  if (typeof payload === "string") return lose(payload);

  const routed = agent.hook.route(argvEvent, payload.value, env);
  if (routed.verdict !== "trace") return;

  const head = JSON.stringify({
    v: 1,
    ts,
    agent: agent.key,
    event: routed.event,
    session: routed.session,
    env: journaledEnvironment(env, agent.hook.env),
    credentials: credentialsOf(paths, env),
  });
  // The payload goes in as the agent wrote it: no number, no key order, no escape is changed.
  const line = `${head.slice(0, -1)},"payload":${payload.text}}`;
  const failure = appendLine(`${paths.journal}/${agent.key}`, segmentFileOf(routed.session, Date.now()), line);
  if (failure !== undefined) return lose(failure, routed.event, routed.session);

  if (!wantsDrain(paths, routed.drain, Date.now())) return;
  const child = startDrain(paths, home);
  if (child === undefined || !routed.flushMs) return;
  const flush = flushWish(env) ?? (existsSync(paths.flushSync) ? "sync" : "async");
  if (flush === "sync") await waitForDrain(paths, child, ts + routed.flushMs);
}

/** Fingerprints of the credentials in the environment, so that a drain can tell whether it has the same ones. */
function credentialsOf(paths: Paths, env: Environment): Record<string, string> | undefined {
  const secrets = secretsOf(env);
  if (secrets.length === 0) return undefined;
  const salt = localSalt(paths);
  if (salt === undefined) return undefined;
  return Object.fromEntries(secrets.map(([name, secret]) => [name, fingerprint(salt, secret)]));
}
