/** `demo`: a recorded session through the real hook path, in its own time, into the local store. */

import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { flushAndWait } from "../drain/flush.ts";
import type { StoreReader } from "../store/types.ts";
import type { Input } from "./command.ts";
import { type CliContext, CliFailure } from "./context.ts";
import recording from "./demo/recording.json" with { type: "json" };
import { sessionText } from "./show.ts";
import { withStore } from "./store.ts";
import { shortPath } from "./text.ts";

/** How long the spans may take to appear after the last hook, ms. */
const FLUSH_MS = 15_000;

/** Agent of the recording. */
const AGENT = { key: "claude-code", name: "claude" } as const;

/** Something to do at a moment of the recording (epoch ms of that time). */
interface Step {
  readonly at: number;
  readonly run: () => Promise<void> | void;
}

export async function demo(_input: Input, context: CliContext): Promise<number> {
  if (await withStore(context, isComplete)) context.out("The demo's session is in the store already.\n\n");
  else {
    const seconds = Math.ceil((lastHook() - firstHook()) / 1000);
    context.out(`Playing a recorded Claude Code session (${seconds} s) through the hooks into the local store …\n\n`);
    await play(context);
  }
  const printed = await withStore(context, (store) => print(store, context));
  if (!printed) throw new CliFailure("the session did not arrive in the store; see: harness-tracing doctor");
  return 0;
}

function print(store: StoreReader, context: CliContext): boolean {
  const filter = { agent: AGENT.key, session: recording.session };
  const [session] = store.listSessions(filter);
  if (!session) return false;
  const spans = store.spans(filter).map(({ span }) => span);
  context.out(sessionText(session, spans, context, false));
  context.out(`\nNext: ${installCommand(context)}   (traces your own sessions; uninstall undoes it)\n`);
  return true;
}

/** How this user installs: through the script of a clone that started us, or with this program. */
function installCommand({ env, self, home }: CliContext): string {
  const script = env.HARNESS_TRACING_INSTALLER;
  if (script) return `${script} ${AGENT.name}`;
  return `${self.length === 1 ? shortPath(self[0], home) : "harness-tracing"} install ${AGENT.name}`;
}

/** Is every turn of the recording there? The root comes last. */
function isComplete(store: StoreReader): boolean {
  return store.spans({ agent: AGENT.key, session: recording.session }).some(({ span }) => span.parentId === undefined);
}

/**
 * Plays the recording: every hook at its distance in time from the first one, every transcript record written when the
 * agent wrote it. Only the date is another.
 */
async function play(context: CliContext): Promise<void> {
  const folder = mkdtempSync(`${tmpdir()}/harness-tracing-demo-`);
  try {
    const projects = `${folder}/projects/demo`;
    const shift = Math.ceil(context.now()) - firstHook();
    const steps = [...transcriptSteps(projects, shift), ...hookSteps(projects, context)];
    const pending: Promise<void>[] = [];
    for (const { at, run } of steps.toSorted((a, b) => a.at - b.at)) {
      await Bun.sleep(Math.max(0, at + shift - context.now()));
      const running = run();
      if (running) pending.push(running);
    }
    await Promise.all(pending);
    await flushAndWait(context.paths, FLUSH_MS);
  } finally {
    removeQuietly(folder);
  }
}

/** A virus scanner may hold a file of it; what is left lies in the system's temporary folder. */
function removeQuietly(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {
    // The session was played all the same.
  }
}

function hookSteps(projects: string, { env, home, self }: CliContext): readonly Step[] {
  return recording.hooks.map(({ ts, payload }) => ({
    at: ts,
    run: async () => {
      const hook = Bun.spawn([...self, "hook", AGENT.name], {
        cwd: home,
        // A dry run stays in the store: the demo is nobody's work and goes to no destination.
        env: { ...env, ARIZE_TRACE_ENABLED: "true", ARIZE_DRY_RUN: "true", ARIZE_FLUSH: "async" },
        stdin: Buffer.from(placed(payload, projects)),
        stdout: "ignore",
        stderr: "ignore",
      });
      await hook.exited;
    },
  }));
}

/** Records in file order; one without a time of its own came with the one before it. */
function transcriptSteps(projects: string, shift: number): readonly Step[] {
  return recording.files.flatMap(({ path, records }) => {
    const file = `${projects}/${path}`;
    mkdirSync(dirname(file), { recursive: true });
    // Side files describe a transcript and are there from its start.
    if (!path.endsWith(".jsonl")) writeFileSync(file, JSON.stringify(records[0]));
    let at = firstHook();
    return (path.endsWith(".jsonl") ? records : []).map((record): Step => {
      const own = "timestamp" in record ? Date.parse(String(record.timestamp)) : at;
      at = Math.max(at, own);
      const moved = "timestamp" in record ? { ...record, timestamp: new Date(own + shift).toISOString() } : record;
      return { at, run: () => appendFileSync(file, `${placed(moved, projects)}\n`) };
    });
  });
}

function placed(value: unknown, projects: string): string {
  return JSON.stringify(value).replaceAll("{projects}", JSON.stringify(projects).slice(1, -1));
}

function firstHook(): number {
  return Math.min(...recording.hooks.map(({ ts }) => ts));
}

function lastHook(): number {
  return Math.max(...recording.hooks.map(({ ts }) => ts));
}
