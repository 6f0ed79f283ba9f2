/**
 * `stream <agent>`: the long-lived child of an agent's plugin. Each line on stdin is one event, a JSON object, and is
 * journaled exactly as a hook call would be; a line may say its own time as `ts` (epoch ms). Ends at EOF, which is when
 * the agent's process is gone: each of its sessions then gets an event `stream.end`. Dependency-free, like the hook.
 */

import { agentNamed } from "../agents/registry.ts";
import { homeOf, pathsIn } from "../paths.ts";
import { startDrain, wantsDrain } from "./drain.ts";
import { tracingEnabled } from "./environment.ts";
import { identityOf, journal, lose, type Writer } from "./journal.ts";
import { eachLine } from "./lines.ts";
import { MAX_PAYLOAD_BYTES } from "./stdin.ts";

/** Name of the event that ends a session's stream. */
export const STREAM_END = "stream.end";

/** Signals that a terminal or a supervisor sends to the agent's whole process group. */
const IGNORED_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** A plugin's clock is this machine's: a time further from the arrival than this is no time, ms. */
const PLAUSIBLE_MS = 24 * 3_600_000;

/** How many sessions of one process are remembered for their end; the oldest is forgotten first. */
const SESSIONS_KEPT = 1_000;

const UTF8 = new TextEncoder();

/** Journals stdin until its end. Never throws, never writes to stdout or stderr. @param name the agent, as registered */
export async function runStream(name: string | undefined): Promise<void> {
  for (const signal of IGNORED_SIGNALS) process.on(signal, () => {});
  const agent = agentNamed(name);
  const home = homeOf(process.env);
  try {
    if (agent === undefined || home === undefined || !tracingEnabled(process.env)) {
      // Read on: a plugin whose child ends would start another one.
      await eachLine(Bun.stdin.stream(), 0, () => {});
      return;
    }
    await record({ agent, paths: pathsIn(home), env: process.env }, home);
  } catch {
    // Fail open: the agent must not notice.
  }
}

async function record(writer: Writer, home: string): Promise<void> {
  const { paths } = writer;
  const identity = identityOf(writer);
  const sessions = new Set<string>();
  const take = (line: Uint8Array): void => {
    const routed = journal(writer, line, undefined, timeOf, identity);
    if (routed === undefined) return;
    sessions.delete(routed.session);
    sessions.add(routed.session);
    const [oldest] = sessions;
    if (oldest !== undefined && sessions.size > SESSIONS_KEPT) sessions.delete(oldest);
    if (wantsDrain(paths, routed.drain, Date.now())) startDrain(paths, home);
  };
  await eachLine(Bun.stdin.stream(), MAX_PAYLOAD_BYTES, (line) => {
    try {
      if (line === "too long") lose(writer, "too large", Date.now());
      else take(line);
    } catch {
      // This event is lost, the next one need not be.
    }
  });
  if (sessions.size === 0) return;
  const ts = Date.now();
  for (const session of sessions) {
    journal(writer, UTF8.encode(JSON.stringify({ event: STREAM_END, ts, session })), undefined, timeOf, identity);
  }
  startDrain(paths, home);
}

/** The event's own time, or now. */
function timeOf({ ts }: Readonly<Record<string, unknown>>): number {
  const now = Date.now();
  return typeof ts === "number" && Math.abs(ts - now) < PLAUSIBLE_MS ? ts : now;
}
