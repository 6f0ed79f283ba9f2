/** `status`: what is installed, what was traced, what waits. */

import { existsSync, readdirSync, statSync } from "node:fs";
import type { AgentEntry, Finding, SetupContext } from "../agents/agent.ts";
import { AGENTS } from "../agents/registry.ts";
import { ownEnvironment } from "../config/credentials.ts";
import { readConfig } from "../config/read.ts";
import { resolveSettings } from "../config/resolve.ts";
import { localSalt } from "../hook/salt.ts";
import { readLosses } from "../journal/losses.ts";
import { listSegments } from "../journal/segments.ts";
import { type SinkStatus, type StoreReader, segmentKey } from "../store/types.ts";
import { VERSION } from "../version.ts";
import type { Input } from "./command.ts";
import type { CliContext } from "./context.ts";
import { setupContext } from "./setup-context.ts";
import { withStore } from "./store.ts";
import { ago, bytes, count, plural, shortPath, table } from "./text.ts";

/** State of one agent. Times are epoch ms. */
export interface AgentStatus {
  readonly agent: string;
  readonly title: string;
  readonly registered: boolean;
  /** Version of the agent, when it is installed. */
  readonly version: string | undefined;
  readonly lastEvent: number | undefined;
  readonly lastSpan: number | undefined;
  readonly sessions: number;
  readonly findings: readonly Finding[];
}

/** Everything that `status` prints; with `--json` exactly this. */
export interface Status {
  readonly version: string;
  readonly program: string;
  readonly agents: readonly AgentStatus[];
  readonly store: { readonly path: string; readonly bytes: number; readonly sessions: number };
  /** Hook calls that no drain has processed yet. */
  readonly unprocessed: { readonly files: number; readonly bytes: number };
  readonly sinks: readonly SinkStatus[];
  readonly drops: Readonly<Record<string, number>>;
}

export async function status(input: Input, context: CliContext): Promise<number> {
  const now = await statusOf(context);
  if (input.flag("json")) context.out(`${JSON.stringify(now, undefined, 2)}\n`);
  else context.out(statusText(now, context));
  return 0;
}

/** Collects the status. */
export async function statusOf(context: CliContext): Promise<Status> {
  const setup = setupContext(context);
  return withStore(context, async (store) => {
    const sessions = store.listSessions({});
    return {
      version: VERSION,
      program: setup.program,
      agents: await Promise.all(AGENTS.map((agent) => agentStatus(agent, setup, context, store))),
      store: { path: context.paths.store, bytes: store.size(), sessions: sessions.length },
      unprocessed: unprocessed(context, store),
      sinks: [...store.sinks(), ...unusedSinks(context, store.sinks())],
      drops: dropsOf(context, store),
    };
  });
}

async function agentStatus(
  agent: AgentEntry,
  setup: SetupContext,
  { paths }: CliContext,
  store: StoreReader,
): Promise<AgentStatus> {
  const { detect, check, unregister } = (await agent.load()).setup;
  const sessions = store.listSessions({ agent: agent.key });
  const removal = await unregister(setup);
  return {
    agent: agent.key,
    title: agent.title,
    registered: !("reason" in removal) && removal.length > 0,
    version: (await detect(setup)).version,
    lastEvent: lastEvent(`${paths.journal}/${agent.key}`) ?? sessions[0]?.lastEnd,
    lastSpan: sessions[0]?.lastEnd,
    sessions: sessions.length,
    findings: await check(setup),
  };
}

/** Destinations that are configured and that no session has been sent to yet. */
function unusedSinks({ paths, env }: CliContext, used: readonly SinkStatus[]): readonly SinkStatus[] {
  // Asking must not create anything: without a salt there are no fingerprints to compare with either.
  const salt = (existsSync(paths.salt) ? localSalt(paths) : undefined) ?? new Uint8Array();
  const sources = { file: readConfig(paths.config), ...ownEnvironment(env, salt), salt };
  const known = new Set(used.map(({ target }) => target.id));
  const targets = AGENTS.flatMap(({ key }) => resolveSettings({ ...sources, agentKey: key }).settings.sinks);
  return [...new Map(targets.map((target) => [target.id, target])).values()]
    .filter(({ id }) => !known.has(id))
    .map((target) => ({
      target,
      pending: 0,
      refused: 0,
      rejected: 0,
      delivered: 0,
      lastDelivery: undefined,
      paused: undefined,
      waiting: undefined,
      notBefore: 0,
      failures: 0,
      lastError: undefined,
    }));
}

/** Time of the newest journal line: segments are only ever appended to. */
function lastEvent(folder: string): number | undefined {
  try {
    const times = readdirSync(folder).map((name) => statSync(`${folder}/${name}`).mtimeMs);
    return times.length > 0 ? Math.max(...times) : undefined;
  } catch {
    return undefined;
  }
}

function unprocessed({ paths }: CliContext, store: StoreReader): Status["unprocessed"] {
  const offsets = store.journalOffsets();
  const left = listSegments(paths)
    .map((segment) => segment.size - (offsets.get(segmentKey(segment)) ?? 0))
    .filter((size) => size > 0);
  return { files: left.length, bytes: left.reduce((sum, size) => sum + size, 0) };
}

/** What was dropped, with the losses that hooks noted and no drain has counted yet. */
function dropsOf({ paths }: CliContext, store: StoreReader): Readonly<Record<string, number>> {
  const drops: Record<string, number> = { ...store.drops() };
  for (const { reason } of readLosses(paths).losses) drops[reason] = (drops[reason] ?? 0) + 1;
  return drops;
}

/** The status for people. */
export function statusText(status: Status, context: CliContext): string {
  const { style, home } = context;
  const lines = [
    `${style.bold("harness-tracing")} ${status.version}  ${shortPath(status.program, home)}`,
    "",
    ...status.agents.flatMap((agent) => agentLines(agent, context)),
    "",
    `${style.bold("Store")}  ${shortPath(status.store.path, home)}, ${bytes(status.store.bytes)}, ${plural(status.store.sessions, "session")}`,
  ];
  if (status.unprocessed.files > 0) {
    const { files, bytes: size } = status.unprocessed;
    lines.push(`  ${plural(files, "journal file")} not processed yet (${bytes(size)}); now: harness-tracing flush`);
  }
  lines.push("", style.bold("Destinations"), ...sinkLines(status.sinks, context));
  const drops = Object.entries(status.drops).filter(([, value]) => value > 0);
  if (drops.length > 0) {
    lines.push("", style.bold("Dropped"), ...drops.map(([reason, value]) => `  ${count(value)}  ${reason}`));
  }
  return `${lines.join("\n")}\n`;
}

function agentLines(agent: AgentStatus, { style, now }: CliContext): readonly string[] {
  const mark = agent.registered ? style.green("✓ registered") : style.dim("– not registered");
  const facts = [
    ...(agent.lastEvent === undefined ? ["no event yet"] : [`last event ${ago(agent.lastEvent, now())}`]),
    plural(agent.sessions, "session"),
  ];
  const head = `${style.bold(agent.title)} ${agent.version ?? "(not found)"}  ${mark}  ${facts.join(", ")}`;
  const problems = agent.registered ? agent.findings.filter(({ level }) => level !== "ok") : [];
  return [head, ...problems.map(({ message }) => `  ${style.yellow("!")} ${message}; see: harness-tracing doctor`)];
}

function sinkLines(sinks: readonly SinkStatus[], { style, now }: CliContext): readonly string[] {
  if (sinks.length === 0) return ["  local store only"];
  const rows = sinks.map((sink) => [
    `  ${sink.target.kind}`,
    sink.target.url,
    sink.target.project,
    `${count(sink.delivered)} delivered${sink.lastDelivery === undefined ? "" : ` (${ago(sink.lastDelivery, now())})`}`,
    `${count(sink.pending)} waiting`,
    ...(sink.refused > 0 ? [style.red(`${count(sink.refused)} refused`)] : []),
    ...(sink.rejected > 0 ? [style.red(`${count(sink.rejected)} rejected`)] : []),
  ]);
  const notes = sinks.flatMap((sink) => {
    const reason = sinkProblem(sink);
    return reason === undefined ? [] : [`  ${style.yellow("!")} ${sink.target.kind} ${sink.target.url}: ${reason}`];
  });
  return [table(rows), ...notes];
}

/** Why a sink gets nothing at the moment; undefined when nothing is in its way. */
export function sinkProblem(sink: SinkStatus): string | undefined {
  if (sink.paused !== undefined) return `paused until the configuration changes: ${sink.paused}`;
  if (sink.waiting !== undefined) return `waiting: ${sink.waiting}`;
  if (sink.pending > 0 && sink.failures > 0) return `failing: ${sink.lastError ?? "no answer"}; tried again by itself`;
  return undefined;
}
