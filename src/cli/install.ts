/** `install`: program, configuration, registration, in this order, so that no agent ever names a program that is not there. */

import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import type { AgentEntry, SetupContext, SetupRefusal } from "../agents/agent.ts";
import { AGENTS, agentNamed } from "../agents/registry.ts";
import { readConfig } from "../config/read.ts";
import { flushWish, switchedOn } from "../hook/environment.ts";
import type { FileChange } from "../setup/change.ts";
import { applyChanges, ledgerFolder } from "../setup/ledger.ts";
import { installProgram, programFile } from "../setup/program.ts";
import { pythonLeftovers, removePythonLeftovers } from "../setup/python-toolkit.ts";
import { tryHook } from "../setup/trial.ts";
import { changeText, withoutSecrets } from "./changes.ts";
import type { Input } from "./command.ts";
import { agentChanges, commonChanges, isConfigured } from "./config-changes.ts";
import { changedConfig, configText, harnessOf, protectConfig, syncFlushMark, writeConfig } from "./config-file.ts";
import { type CliContext, CliFailure, UsageError } from "./context.ts";
import { destinationOf } from "./destination.ts";
import { givenConfig } from "./given-config.ts";
import { probeConfig } from "./probe.ts";
import { confirm, type Terminal } from "./prompt.ts";
import { scopeOf, setupContext } from "./setup-context.ts";
import { installedSkill } from "./skill.ts";
import { shortPath } from "./text.ts";

/** One agent's part of an installation, decided but not yet written. */
interface Part {
  readonly agent: AgentEntry;
  readonly version: string | undefined;
  readonly changes: readonly FileChange[];
}

export async function install(input: Input, caller: CliContext): Promise<number> {
  // Warnings and failures are still told: they go to stderr.
  const context = input.flag("quiet") ? { ...caller, out: () => {}, interactive: false } : caller;
  const common = setupContext(context);
  const agents = await chosenAgents(input, common, context);
  const setup = { ...common, scope: await scopeOf(input, agents) };
  const source = programSource(context);
  const dryRun = input.flag("dry-run") || switchedOn(context.env.ARIZE_DRY_RUN);
  const terminal = context.interactive && !input.flag("yes") && !dryRun ? TERMINAL : undefined;

  const parts = await planned(agents, setup, input.flag("with-skills"));
  if ("reason" in parts)
    throw new CliFailure(`${parts.file}: ${parts.reason}\nNothing was changed. To fix: ${parts.fix}`);
  const given = await givenConfig(input, context);
  const file = readConfig(context.paths.config).values;
  const harness = (key: string) => ({ ...harnessOf(context.paths, key), ...given?.values.harnesses?.[key] });
  const sinks = given?.values.sinks ?? file.sinks;
  const configured = sinks !== undefined || agents.every(({ key }) => isConfigured(harness(key)));
  const destination = await destinationOf(input, context, configured, terminal);
  const config = changedConfig(context.paths, [
    ...(given?.changes ?? []),
    ...agents.flatMap(({ key }) => {
      const known = harness(key);
      // What nobody asked for by name is for agents that have no destination yet.
      const wanted = input.text("target") !== undefined || !isConfigured(known) ? destination : undefined;
      return agentChanges(key, wanted, input, known);
    }),
    ...commonChanges(input, flushWish(context.env) === "sync" && (given?.values.flush ?? file.flush) === undefined),
  ]);

  describe(parts, config, context);
  if (dryRun) {
    context.out("\nNothing was written (dry run).\n");
    return 0;
  }
  if (!(await reachable(config, agents, context, terminal))) return 1;
  const nothing = !config && parts.every(({ changes }) => changes.length === 0);
  if (terminal && !nothing && !(await confirm(terminal, "\nWrite these changes?", true))) {
    context.out("Nothing was changed.\n");
    return 1;
  }
  write(source, setup.program, config, parts, context);
  if (input.flag("trust-hooks")) await approve(parts, setup, context);
  return report(parts, setup, context);
}

const TERMINAL: Terminal = { input: process.stdin, output: process.stdout };

async function chosenAgents(input: Input, setup: SetupContext, context: CliContext): Promise<readonly AgentEntry[]> {
  const names = AGENTS.map(({ name }) => name).join(", ");
  if (input.flag("program-only")) {
    if (input.flag("all") || input.positionals.length > 0) throw new UsageError("--program-only takes no agent");
    return [];
  }
  if (!input.flag("all")) {
    if (input.positionals.length === 0) throw new UsageError(`which agent? One of: ${names}; or --all`);
    const chosen = input.positionals.map((name) => {
      const agent = agentNamed(name);
      if (!agent) throw new UsageError(`there is no agent "${name}"; there are: ${names}`);
      return agent;
    });
    return [...new Set(chosen)];
  }
  if (input.positionals.length > 0) throw new UsageError("either agents or --all");
  const found: AgentEntry[] = [];
  for (const agent of AGENTS) {
    const { detect } = (await agent.load()).setup;
    if ((await detect(setup)).installed) found.push(agent);
  }
  if (found.length > 0) return found;
  const message = `no agent was found on this machine (looked for: ${names})`;
  // An image or a new machine may get its configuration first and its agents later.
  if (input.text("config") === undefined) throw new CliFailure(message);
  context.err(`Warning: ${message}; run this again when there is one\n`);
  return found;
}

/** The compiled program to copy. From source there must have been a build. */
function programSource(context: CliContext): string {
  const [self] = context.self;
  if (context.self.length === 1) return self;
  const built = resolve(dirname(Bun.main), "..", "dist", programFile(context.platform));
  if (existsSync(built)) return built;
  throw new CliFailure(`this is the program's source; build it first: npm run build (makes ${built})`);
}

async function planned(
  agents: readonly AgentEntry[],
  setup: SetupContext,
  skills: boolean,
): Promise<readonly Part[] | SetupRefusal> {
  const parts: Part[] = [];
  for (const agent of agents) {
    const { detect, register } = (await agent.load()).setup;
    const changes = await register(setup);
    if ("reason" in changes) return changes;
    // Some agents share a folder of skills.
    const known = new Set(parts.flatMap((part) => part.changes.map(({ path }) => path)));
    const skill = (await installedSkill(agent, setup, skills)).filter(({ path }) => !known.has(path));
    parts.push({ agent, version: (await detect(setup)).version, changes: [...changes, ...skill] });
  }
  return parts;
}

function describe(parts: readonly Part[], config: FileChange | undefined, context: CliContext): void {
  for (const { agent, version } of parts) {
    context.out(`${context.style.bold(agent.title)} ${version ?? "(not found; its configuration is prepared)"}\n`);
  }
  const changes = [...(config ? [withoutSecrets(config)] : []), ...parts.flatMap((part) => part.changes)];
  for (const change of changes) context.out(`\n${changeText(change, context)}\n`);
  if (changes.length === 0) context.out("Configuration and registration are as they should be.\n");
}

/** Tries every sink that the configuration will name. A failure is a warning; a person may stop there. */
async function reachable(
  config: FileChange | undefined,
  agents: readonly AgentEntry[],
  context: CliContext,
  terminal: Terminal | undefined,
): Promise<boolean> {
  const text = config?.after ?? configText(context.paths);
  const probed = (await Promise.all(agents.map(({ key }) => probeConfig(text, key, context)))).flat();
  const known = [...new Map(probed.map((one) => [`${one.target.kind} ${one.target.url}`, one])).values()];
  for (const { target, problem } of known) {
    const name = `${target.kind} at ${target.url}`;
    if (problem === undefined) context.out(`\n${context.style.green("✓")} ${name} took a test request\n`);
    else context.err(`\nWarning: ${name} did not take a test request: ${problem}\n`);
  }
  if (known.every(({ problem }) => problem === undefined)) return true;
  context.err("Traces are kept and delivered once it does.\n");
  if (!terminal || (await confirm(terminal, "Install anyway?", true))) return true;
  context.out("Nothing was changed.\n");
  return false;
}

function write(
  source: string,
  program: string,
  config: FileChange | undefined,
  parts: readonly Part[],
  context: CliContext,
): void {
  const done = (text: string) => context.out(`${context.style.green("✓")} ${text}\n`);
  context.out("\n");
  try {
    const what = installProgram(source, program, context.platform);
    done(`program ${what === "unchanged" ? "is up to date" : what}: ${shortPath(program, context.home)}`);
    if (config) {
      writeConfig(context.paths, config);
      done(`configuration: ${shortPath(config.path, context.home)}`);
    }
    protectConfig(context.paths);
    syncFlushMark(context.paths);
    for (const { agent, changes } of parts) {
      applyChanges(changes, ledgerFolder(context.paths.state));
      const files = changes.map(({ path }) => shortPath(path, context.home)).join(", ");
      done(changes.length > 0 ? `${agent.title} registered: ${files}` : `${agent.title} was registered already`);
    }
  } catch (error) {
    throw new CliFailure(`${error instanceof Error ? error.message : String(error)}\nRun it again once that is fixed.`);
  }
}

/** Gives the approvals that agents ask for: the user said so by a flag of its own. */
async function approve(parts: readonly Part[], setup: SetupContext, context: CliContext): Promise<void> {
  for (const { agent } of parts) {
    const { approval } = (await agent.load()).setup;
    if (!approval || (await approval.pending(setup)).length === 0) continue;
    const granted = await approval.grant(setup);
    if ("problem" in granted) {
      context.err(`${context.style.red("✗")} ${agent.title} did not take the approval: ${granted.problem}\n`);
      continue;
    }
    applyChanges(granted.changes, ledgerFolder(context.paths.state));
    context.out(`${context.style.green("✓")} ${agent.title} trusts the hooks\n`);
  }
}

/** Tells what is left for the user to approve. */
async function tellPending(parts: readonly Part[], setup: SetupContext, context: CliContext): Promise<void> {
  for (const { agent } of parts) {
    const lines = (await (await agent.load()).setup.approval?.pending(setup)) ?? [];
    if (lines.length > 0) context.out(`\n${lines.join("\n")}\n`);
  }
}

async function report(parts: readonly Part[], setup: SetupContext, context: CliContext): Promise<number> {
  let failed = false;
  for (const { agent } of parts) {
    const { trial, plugins } = (await agent.load()).setup;
    const problem = await tryHook(trial(setup), agent.key, context.env);
    if (problem === undefined) context.out(`${context.style.green("✓")} a test hook of ${agent.title} was recorded\n`);
    else context.err(`${context.style.red("✗")} a test hook of ${agent.title} failed: ${problem}\n`);
    failed ||= problem !== undefined;
    for (const { name, remove } of plugins?.(setup) ?? []) {
      context.err(`Warning: the plugin ${name} is there too, so every hook runs twice. To remove it: ${remove}\n`);
    }
  }
  if (failed) {
    context.err("Run: harness-tracing doctor\n");
    return 1;
  }
  await removePythonToolkit(setup, context);
  await tellPending(parts, setup, context);
  if (parts.length === 0) return 0;
  const program = shortPath(setup.program, context.home);
  context.out(`\nNext: use ${parts.map(({ agent }) => agent.title).join(" or ")}, then: ${program} show latest\n`);
  return 0;
}

/** The Python toolkit goes once every agent that it traced has our registration in place of its own. */
async function removePythonToolkit(setup: SetupContext, context: CliContext): Promise<void> {
  const leftovers = pythonLeftovers(context.paths);
  if (leftovers.length === 0) return;
  const waiting: string[] = [];
  for (const key of Object.keys(readConfig(context.paths.config).values.harnesses ?? {})) {
    const agent = AGENTS.find((one) => one.key === key);
    const changes = agent ? await (await agent.load()).setup.register(setup) : undefined;
    if (!Array.isArray(changes) || changes.length > 0) waiting.push(agent?.name ?? key);
  }
  if (waiting.length > 0) {
    context.out(`The Python toolkit stays as long as it traces other agents: ${waiting.join(", ")}\n`);
    return;
  }
  try {
    removePythonLeftovers(leftovers);
    context.out(`${context.style.green("✓")} removed the Python toolkit; its configuration is kept\n`);
  } catch (error) {
    context.err(`The Python toolkit could not be removed: ${error instanceof Error ? error.message : String(error)}\n`);
  }
}
