/** Runs a plugin file of ours with recorded calls, in the time of the recording, and collects what it tells its child. */

import { setSystemTime } from "bun:test";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AgentEntry } from "../../src/agents/agent.ts";
import { STREAM_END } from "../../src/hook/stream.ts";
import type { JournalEvent } from "../../src/journal/event.ts";

/** A child that writes down what it reads. */
const COLLECTOR = `#!/bin/sh
exec cat > "$(dirname "$0")/lines"
`;

interface Child {
  readonly stdin: { end: () => void };
  readonly on: (event: "exit", then: () => void) => void;
}

/** One line of a plugin. */
export type PluginLine = Readonly<Record<string, unknown>>;

/** One call that a recording has. */
export interface RecordedCall<Module> {
  /** Epoch ms. */
  readonly at: number;
  /** What the agent did then with the loaded plugin. */
  readonly call: (module: Module) => unknown;
}

/**
 * Loads a plugin file as a process of the agent would and makes the recorded calls.
 * @param name under which the plugin keeps its child
 * @param textFor the plugin's text for a program
 * @returns its lines
 */
export async function playPlugin<Module>(
  name: string,
  textFor: (program: string) => string,
  calls: readonly RecordedCall<Module>[],
): Promise<PluginLine[]> {
  const folder = mkdtempSync(join(tmpdir(), "harness-tracing-plugin-"));
  const key = Symbol.for(`harness-tracing.${name}`);
  const known = globalThis as unknown as Record<symbol, { child?: Child } | undefined>;
  delete known[key];
  try {
    const program = join(folder, "program");
    writeFileSync(program, COLLECTOR);
    chmodSync(program, 0o755);
    const file = join(folder, "plugin.mjs");
    writeFileSync(file, textFor(program));
    const module = (await import(file)) as Module;
    for (const { at, call } of calls) {
      setSystemTime(new Date(at));
      await call(module);
    }
    setSystemTime();
    const child = known[key]?.child;
    if (child === undefined) return [];
    const ended = new Promise<void>((resolve) => child.on("exit", resolve));
    child.stdin.end();
    await ended;
    const text = readFileSync(join(folder, "lines"), "utf8");
    return text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as PluginLine);
  } finally {
    setSystemTime();
    delete known[key];
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Lines of a process as the stream's journal has them, its end included. @param endedAt epoch ms */
export function journalOfLines(agent: AgentEntry, lines: readonly PluginLine[], endedAt: number): JournalEvent[] {
  const sessions = new Set<string>();
  const events: JournalEvent[] = [];
  const add = (payload: PluginLine): void => {
    const routed = agent.hook.route(undefined, payload, {});
    if (routed.verdict !== "trace") return;
    sessions.add(routed.session);
    const { event, session } = routed;
    events.push({ v: 1, ts: Number(payload.ts), agent: agent.key, event, session, env: {}, payload });
  };
  for (const line of lines) add(line);
  for (const session of [...sessions]) add({ event: STREAM_END, ts: endedAt, session });
  return events;
}
