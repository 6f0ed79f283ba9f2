/** `uninstall`: registrations first, so that no agent ever names a program that is gone. */

import { existsSync, readdirSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { AgentEntry, SetupContext } from "../agents/agent.ts";
import { AGENTS, agentNamed } from "../agents/registry.ts";
import { acquireLock } from "../drain/lock.ts";
import type { FileChange } from "../setup/change.ts";
import { forgottenFiles, ledgerFolder, undoChanges, withExactUndo } from "../setup/ledger.ts";
import { changeText } from "./changes.ts";
import type { Input } from "./command.ts";
import { type CliContext, CliFailure, UsageError } from "./context.ts";
import { confirm } from "./prompt.ts";
import { installedProgram, scopeOf, setupContext } from "./setup-context.ts";
import { unwantedSkill } from "./skill.ts";
import { shortPath } from "./text.ts";

/** How long a running drain may take to finish before its files are removed, ms. */
const DRAIN_WAIT_MS = 5_000;
const POLL_MS = 50;

/** Below `~/.arize/harness`: what `--keep-data` keeps. */
const DATA = ["config.json", "config.yaml", "state"];

interface Removal {
  /** Whose registration it is. */
  readonly title: string;
  readonly changes: readonly FileChange[];
}

const changesOf = ({ changes }: Removal) => changes;

export async function uninstall(input: Input, context: CliContext): Promise<number> {
  const everything = input.positionals.length === 0;
  if (!everything && input.flag("keep-data")) throw new UsageError("--keep-data is for removing everything");
  if (everything && input.text("scope") !== undefined) throw new UsageError("--scope is for removing agents");
  const agents = chosenAgents(input);
  const setup = { ...setupContext(context), scope: await scopeOf(input, agents) };
  const removals = await planned(agents, setup, context);
  const entries = everything ? doomed(context, input.flag("keep-data")) : [];
  const forgotten = everything ? forgottenFiles(removals.flatMap(changesOf), ledgerFolder(context.paths.state)) : [];
  const others = forgotten.flatMap(({ change }) => change ?? []);
  if (others.length > 0) removals.push({ title: "another configuration folder", changes: others });

  for (const change of removals.flatMap(changesOf)) context.out(`${changeText(change, context)}\n\n`);
  for (const { path, change } of forgotten) {
    if (!change) context.err(`Left alone, since it was changed: ${path} may still name harness-tracing\n`);
  }
  for (const entry of entries) context.out(`remove ${shortPath(entry, context.home)}\n`);
  if (entries.length === 0 && removals.every(({ changes }) => changes.length === 0)) {
    context.out("Nothing is installed.\n");
    return 0;
  }
  if (input.flag("dry-run")) {
    context.out("\nNothing was removed (dry run).\n");
    return 0;
  }
  if (context.interactive && !input.flag("yes") && !(await confirmed(everything, input))) {
    context.out("Nothing was removed.\n");
    return 1;
  }
  await remove(removals, entries, context);
  return 0;
}

function confirmed(everything: boolean, input: Input): Promise<boolean> {
  const question = everything
    ? `Remove all of this${input.flag("keep-data") ? "" : ", traces included"}?`
    : "Write these changes?";
  return confirm({ input: process.stdin, output: process.stdout }, `\n${question}`, !everything);
}

function chosenAgents(input: Input): readonly AgentEntry[] {
  if (input.positionals.length === 0) return AGENTS;
  return input.positionals.map((name) => {
    const agent = agentNamed(name);
    if (!agent)
      throw new UsageError(`there is no agent "${name}"; there are: ${AGENTS.map((one) => one.name).join(", ")}`);
    return agent;
  });
}

async function planned(agents: readonly AgentEntry[], setup: SetupContext, context: CliContext): Promise<Removal[]> {
  const removals: Removal[] = [];
  for (const agent of agents) {
    const { unregister, plugins } = (await agent.load()).setup;
    const changes = await unregister(setup);
    if ("reason" in changes) {
      throw new CliFailure(`${changes.file}: ${changes.reason}\nNothing was removed. To fix: ${changes.fix}`);
    }
    for (const { name, remove } of plugins?.(setup) ?? []) {
      context.err(`Left alone: the plugin ${name}, whose hooks run harness-tracing. To remove it: ${remove}\n`);
    }
    const known = new Set(removals.flatMap(changesOf).map(({ path }) => path));
    const skill = setup.scope === "repo" ? [] : await unwantedSkill(agent, setup);
    const all = [...changes, ...skill.filter(({ path }) => !known.has(path))];
    removals.push({ title: agent.title, changes: withExactUndo(all, ledgerFolder(context.paths.state)) });
  }
  return removals;
}

/** What is to be removed below `~/.arize/harness`. */
function doomed({ paths }: CliContext, keepData: boolean): readonly string[] {
  if (!existsSync(paths.root)) return [];
  if (!keepData) return [paths.root];
  return readdirSync(paths.root)
    .filter((name) => !DATA.includes(name))
    .map((name) => `${paths.root}/${name}`);
}

async function remove(removals: readonly Removal[], entries: readonly string[], context: CliContext): Promise<void> {
  const done = (text: string) => context.out(`${context.style.green("✓")} ${text}\n`);
  try {
    const folder = ledgerFolder(context.paths.state);
    for (const { title, changes } of removals) {
      if (changes.length === 0) continue;
      undoChanges(changes, folder);
      done(`${title} is no longer registered`);
    }
    if (entries.length === 0) return;
    await drainEnded(context);
    if (context.platform === "win32") moveRunningProgramAway(installedProgram(context));
    for (const entry of entries) rmSync(entry, { recursive: true, force: true });
    removeIfEmpty(dirname(context.paths.root));
    done(`removed ${entries.map((entry) => shortPath(entry, context.home)).join(", ")}`);
  } catch (error) {
    throw new CliFailure(error instanceof Error ? error.message : String(error));
  }
}

/** `~/.arize` may hold other tools' files. */
function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Not empty.
  }
}

/** A drain that still runs would make its files again. */
async function drainEnded({ paths }: CliContext): Promise<void> {
  if (!existsSync(paths.drainLock)) return;
  for (let waited = 0; waited < DRAIN_WAIT_MS; waited += POLL_MS) {
    const lock = acquireLock(paths.drainLock);
    if (lock.state === "held") lock.release();
    if (lock.state !== "busy") return;
    await Bun.sleep(POLL_MS);
  }
}

/** Windows does not remove a program that runs, but lets it be renamed: it goes when this process has ended. */
function moveRunningProgramAway(program: string): void {
  if (process.execPath.toLowerCase() !== program.toLowerCase()) return;
  const away = join(tmpdir(), `harness-tracing-${process.pid}.exe`);
  renameSync(program, away);
  const wait = "ping -n 3 127.0.0.1 >nul";
  Bun.spawn(["cmd", "/d", "/c", `${wait} & del /f /q "%HARNESS_TRACING_AWAY%"`], {
    cwd: tmpdir(),
    env: { ...process.env, HARNESS_TRACING_AWAY: away },
    stdio: ["ignore", "ignore", "ignore"],
    detached: true,
    windowsHide: true,
  }).unref();
}
