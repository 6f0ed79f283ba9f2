/** From a payload to a line of the session's journal: what one hook call and one line of a stream have in common. */

import type { AgentEntry, Routed } from "../agents/agent.ts";
import { segmentFileOf } from "../journal/names.ts";
import type { Paths } from "../paths.ts";
import { appendLine } from "./append.ts";
import { dumpPayload } from "./debug.ts";
import { CREDENTIAL_VARIABLES, type Environment, journaledEnvironment, switchedOn } from "./environment.ts";
import { fingerprint } from "./fingerprint.ts";
import { type Loss, noteLoss } from "./loss.ts";
import { parsePayload } from "./payload.ts";
import { localSalt } from "./salt.ts";

/** Who writes, and where to. */
export interface Writer {
  readonly agent: AgentEntry;
  readonly paths: Paths;
  readonly env: Environment;
}

/** What a payload was routed to. */
export type Traced = Extract<Routed, { readonly verdict: "trace" }>;

/** What of the environment goes into every line. Reading the salt costs a file access: a stream asks once. */
export function identityOf({ agent, paths, env }: Writer): Pick<JournalHead, "env" | "credentials"> {
  return { env: journaledEnvironment(env, agent.hook.env), credentials: credentialsOf(paths, env) };
}

interface JournalHead {
  readonly env: Readonly<Record<string, string>>;
  readonly credentials: Readonly<Record<string, string>> | undefined;
}

/**
 * Appends one line for a payload. What cannot be journaled is noted as a loss.
 * @param bytes the payload as it came
 * @param event the agent's event name, where something besides the payload names it
 * @param ts epoch ms of the event; a function when the payload may say it itself
 * @returns where it was routed to, or undefined when nothing was written
 */
export function journal(
  writer: Writer,
  bytes: Uint8Array,
  event: string | undefined,
  ts: number | ((payload: Readonly<Record<string, unknown>>) => number),
  identity?: JournalHead,
): Traced | undefined {
  const { agent, paths, env } = writer;
  const arrived = typeof ts === "number" ? ts : Date.now();
  if (switchedOn(env.ARIZE_TRACE_DEBUG) && bytes.length > 0) dumpPayload(paths, agent.key, event, arrived, bytes);
  const payload = parsePayload(bytes);
  if (payload === "empty") return undefined;
  if (typeof payload === "string") {
    lose(writer, payload, arrived, event);
    return undefined;
  }
  const routed = agent.hook.route(event, payload.value, env);
  if (routed.verdict !== "trace") return undefined;

  const at = typeof ts === "number" ? ts : ts(payload.value);
  const { env: journaled, credentials } = identity ?? identityOf(writer);
  const head = JSON.stringify({
    v: 1,
    ts: at,
    agent: agent.key,
    event: routed.event,
    session: routed.session,
    env: journaled,
    credentials,
  });
  // The payload goes in as the agent wrote it: no number, no key order, no escape is changed.
  const line = `${head.slice(0, -1)},"payload":${payload.text}}`;
  const failure = appendLine(`${paths.journal}/${agent.key}`, segmentFileOf(routed.session, Date.now()), line);
  if (failure === undefined) return routed;
  lose(writer, failure, at, routed.event, routed.session);
  return undefined;
}

/** Notes that an event of this agent was lost. */
export function lose({ agent, paths }: Writer, reason: string, ts: number, event?: string, session?: string): void {
  const loss: Loss = {
    v: 1,
    ts,
    agent: agent.key,
    ...(event === undefined ? {} : { event }),
    ...(session === undefined ? {} : { session }),
    reason,
  };
  noteLoss(paths, loss);
}

/** Fingerprints of the credentials in the environment, so that a drain can tell whether it has the same ones. */
function credentialsOf(paths: Paths, env: Environment): Record<string, string> | undefined {
  const names = CREDENTIAL_VARIABLES.filter((name) => env[name]);
  if (names.length === 0) return undefined;
  const salt = localSalt(paths);
  if (salt === undefined) return undefined;
  return Object.fromEntries(names.map((name) => [name, fingerprint(salt, env[name] ?? "")]));
}
