import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { acquireLock } from "../../src/drain/lock.ts";
import { segmentFileOf } from "../../src/journal/names.ts";
import { type Home, journaled, lossReasons, makeHome } from "../support/hook.ts";
import { builtProgram } from "../support/program.ts";

const BUILD_TIMEOUT_MS = 120_000;

/** Longest that anything here takes, in ms, on a machine that has much else to do. */
const PATIENCE_MS = 20_000;

const SESSION = "ses_200ad1e88001YXlH4i1ZsbOG1o";

let home: Home;
beforeEach(() => {
  home = makeHome();
  // No traces are wanted of these sessions, only their journal.
  writeFileSync(home.paths.config, "{}");
});
afterEach(async () => {
  await until(() => {
    const lock = acquireLock(home.paths.drainLock);
    if (lock.state === "held") lock.release();
    return lock.state === "held" && !existsSync(home.paths.drainWanted);
  });
  home.remove();
});

async function until(done: () => boolean): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!done() && Date.now() < deadline) await Bun.sleep(20);
}

async function startStream(env: Readonly<Record<string, string>> = {}) {
  return Bun.spawn([await builtProgram(), "stream", "opencode"], {
    env: { HOME: home.folder, ...env },
    stdin: "pipe",
    stdout: "pipe",
    stderr: "pipe",
  });
}

type Stream = Awaited<ReturnType<typeof startStream>>;

async function tell(stream: Stream, ...lines: readonly (string | object)[]): Promise<void> {
  for (const line of lines) stream.stdin.write(`${typeof line === "string" ? line : JSON.stringify(line)}\n`);
  await stream.stdin.flush();
}

/** Ends a stream as the agent's end does. */
async function end(stream: Stream) {
  await stream.stdin.end();
  const [stdout, stderr, exitCode] = await Promise.all([stream.stdout.text(), stream.stderr.text(), stream.exited]);
  return { stdout, stderr, exitCode };
}

const SILENT = { stdout: "", stderr: "", exitCode: 0 };

const events = () => journaled(home).events.map(({ event }) => event);

test(
  "every line is journaled as a hook call is, at its own time, and the end of the stream ends its sessions",
  async () => {
    const ts = Date.now() - 5_000;
    const stream = await startStream({ ARIZE_PROJECT_NAME: "p", ARIZE_API_KEY: "secret", NOT_OURS: "x" });
    const line = { event: "user", ts, session: SESSION, message: "msg_1", odd: { "kept ": [1, 2.5, null] } };
    await tell(stream, line);
    expect(await end(stream)).toEqual(SILENT);
    const [first, last] = journaled(home).events;
    expect(first).toMatchObject({ v: 1, ts, agent: "opencode", event: "user", session: SESSION, payload: line });
    expect(first?.env).toEqual({ ARIZE_PROJECT_NAME: "p" });
    expect(first?.credentials?.ARIZE_API_KEY).toMatch(/^[0-9a-f]{32}$/);
    expect(last).toMatchObject({ event: "stream.end", session: SESSION });
    expect(Math.abs((last?.ts ?? 0) - Date.now())).toBeLessThan(PATIENCE_MS);
    const segment = `${home.paths.journal}/opencode/${segmentFileOf(SESSION, Date.now())}`;
    expect(statSync(segment).mode & 0o777).toBe(0o600);
  },
  BUILD_TIMEOUT_MS,
);

test(
  "lines that are no events cost nothing but themselves",
  async () => {
    const stream = await startStream();
    await tell(stream, "no json", "[1]", "", '{"event":"user"}', { event: "user", session: SESSION });
    expect(await end(stream)).toEqual(SILENT);
    expect(events()).toEqual(["user", "stream.end"]);
    expect([...lossReasons(home)].sort()).toEqual(["no object", "not JSON"]);
  },
  BUILD_TIMEOUT_MS,
);

test(
  "a time that cannot be is replaced by the arrival's",
  async () => {
    const stream = await startStream();
    await tell(stream, { event: "user", session: SESSION, ts: 17 }, { event: "user", session: SESSION, ts: "now" });
    await end(stream);
    for (const { ts } of journaled(home).events) expect(Math.abs(ts - Date.now())).toBeLessThan(PATIENCE_MS);
  },
  BUILD_TIMEOUT_MS,
);

test(
  "signals that end a terminal do not end the stream",
  async () => {
    const stream = await startStream();
    await tell(stream, { event: "user", session: SESSION });
    await until(() => events().length === 1);
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) stream.kill(signal);
    await tell(stream, { event: "request", session: SESSION });
    expect(await end(stream)).toEqual(SILENT);
    expect(events()).toEqual(["user", "request", "stream.end"]);
  },
  BUILD_TIMEOUT_MS,
);

test(
  "a drain starts when a turn ends, while the stream goes on",
  async () => {
    const stream = await startStream();
    await tell(stream, { event: "idle", session: SESSION });
    await until(() => existsSync(home.paths.store));
    expect(existsSync(home.paths.store)).toBe(true);
    expect(stream.exitCode).toBeNull();
    expect(await end(stream)).toEqual(SILENT);
  },
  BUILD_TIMEOUT_MS,
);

test(
  "with tracing switched off it reads to the end and keeps nothing",
  async () => {
    const stream = await startStream({ ARIZE_TRACE_ENABLED: "false" });
    await tell(stream, { event: "user", session: SESSION });
    expect(stream.exitCode).toBeNull();
    expect(await end(stream)).toEqual(SILENT);
    expect(events()).toEqual([]);
  },
  BUILD_TIMEOUT_MS,
);

test(
  "without a folder to write to it ends as quietly",
  async () => {
    mkdirSync(home.paths.journal, { recursive: true });
    // A file where the agent's folder should be: root may write to a read-only folder.
    writeFileSync(`${home.paths.journal}/opencode`, "");
    chmodSync(home.paths.journal, 0o500);
    const stream = await startStream();
    await tell(stream, { event: "user", session: SESSION });
    expect(await end(stream)).toEqual(SILENT);
    chmodSync(home.paths.journal, 0o700);
    expect(lossReasons(home).length).toBe(1);
  },
  BUILD_TIMEOUT_MS,
);
