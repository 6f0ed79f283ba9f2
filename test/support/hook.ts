/** Runs the compiled program's hook as an agent would, in a home of its own, and reads back what it journaled. */

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JournalEvent } from "../../src/journal/event.ts";
import { readLosses } from "../../src/journal/losses.ts";
import { readSegment } from "../../src/journal/read.ts";
import { listSegments } from "../../src/journal/segments.ts";
import { type Paths, pathsIn } from "../../src/paths.ts";
import { builtProgram } from "./program.ts";

/** A temporary home folder with its paths. */
export interface Home {
  readonly folder: string;
  readonly paths: Paths;
  readonly remove: () => void;
}

/** A fresh home. A drain seems to have run just now, so that only events that end something start one. */
export function makeHome(): Home {
  const folder = mkdtempSync(join(tmpdir(), "harness-tracing-home-"));
  const paths = pathsIn(folder);
  mkdirSync(paths.state, { recursive: true, mode: 0o700 });
  writeFileSync(paths.drainLast, "");
  return { folder, paths, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** What a finished hook left for its caller. */
export interface HookResult {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to call the hook. */
export interface HookCall {
  readonly args?: readonly string[];
  /** The whole environment; `HOME` must be in it to be set. */
  readonly env: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array | "ignore";
  readonly cwd?: string;
  /** A shell script that starts the program, its `$0`. */
  readonly through?: string;
}

/** Calls `harness-tracing hook claude` (or `args`) and waits for its end. */
export async function callHook(call: HookCall): Promise<HookResult> {
  const { args = ["hook", "claude"], env, stdin = "", cwd, through } = call;
  const program = await builtProgram();
  const child = Bun.spawn(through === undefined ? [program, ...args] : ["/bin/sh", "-c", through, program], {
    env,
    stdin: stdin === "ignore" ? "ignore" : typeof stdin === "string" ? new TextEncoder().encode(stdin) : stdin,
    stdout: "pipe",
    stderr: "pipe",
    ...(cwd === undefined ? {} : { cwd }),
  });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { exitCode: await child.exited, stdout, stderr };
}

/** The result that law 1 demands for every input. */
export const SILENT: HookResult = { exitCode: 0, stdout: "", stderr: "" };

/** A payload as Claude Code sends it. */
export function claudePayload(fields: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  const session = typeof fields.session_id === "string" ? fields.session_id : "0b1c7a52-0000-4000-8000-000000000001";
  return {
    session_id: session,
    transcript_path: `/home/dev/.claude/projects/-home-dev-proj/${session}.jsonl`,
    cwd: "/home/dev/proj",
    hook_event_name: "PreToolUse",
    ...fields,
  };
}

/** Everything in the journal of a home, in order. */
export function journaled(home: Home): { readonly events: readonly JournalEvent[]; readonly corrupt: number } {
  const events: JournalEvent[] = [];
  let corrupt = 0;
  for (const segment of listSegments(home.paths)) {
    const chunk = readSegment(segment.path, 0, segment.size + 1);
    events.push(...chunk.events);
    corrupt += chunk.corrupt;
  }
  return { events, corrupt };
}

/** Reasons of the losses that were noted in a home. */
export function lossReasons(home: Home): readonly string[] {
  return existsSync(home.paths.losses) ? readLosses(home.paths).losses.map((loss) => loss.reason) : [];
}
