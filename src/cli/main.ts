/** Entry of the command line. Exit codes: 0 done, 1 failed, 2 wrong usage. */

import { VERSION } from "../version.ts";
import { type CommandSpec, type Input, parseInput } from "./command.ts";
import { COMMANDS } from "./commands.ts";
import { type CliContext, CliFailure, ClosedPipe, processContext, UsageError } from "./context.ts";
import { commandHelp, overview, usageLine } from "./help.ts";

const DONE = 0;
const FAILED = 1;
const WRONG_USAGE = 2;

/** Commands after which nothing is said about newer releases. */
const UNNOTICED: readonly (string | undefined)[] = ["update", "uninstall"];

/** Runs the command line of this process. @param argv without the program @returns the exit code */
export async function runCli(argv: readonly string[]): Promise<number> {
  try {
    const context = processContext();
    const code = await runCommand(argv, context);
    if (context.interactive && !UNNOTICED.includes(argv[0])) await tellOfUpdate(context);
    return code;
  } catch (error) {
    if (error instanceof ClosedPipe) return DONE;
    process.stderr.write(`harness-tracing: ${error instanceof Error ? error.message : String(error)}\n`);
    return FAILED;
  }
}

/** Nothing may come of it but a line: not an error, not a wait. */
async function tellOfUpdate(context: CliContext): Promise<void> {
  try {
    const { updateNotice } = await import("../update/check.ts");
    const { installedProgram } = await import("./setup-context.ts");
    const start = (argv: readonly string[]) => {
      const stdio = ["ignore", "ignore", "ignore"] as const;
      Bun.spawn([...argv], { cwd: context.home, stdio: [...stdio], detached: true, windowsHide: true }).unref();
    };
    const notice = updateNotice({ ...context, version: VERSION, program: installedProgram(context), start });
    if (notice !== undefined) context.err(`\n${context.style.dim(notice)}\n`);
  } catch {
    // Looking for news must not fail a command that is done.
  }
}

/** Runs a command line in a given context. @throws ClosedPipe when stdout's reader went away */
export async function runCommand(argv: readonly string[], context: CliContext): Promise<number> {
  const [name, ...args] = argv;
  if (name === undefined) {
    context.err(overview(COMMANDS, VERSION));
    return WRONG_USAGE;
  }
  if (name === "--version" || name === "-v" || name === "version") {
    context.out(`${VERSION}\n`);
    return DONE;
  }
  if (name === "--help" || name === "-h") return help(args[0], context);
  const spec = COMMANDS.find((command) => command.name === name);
  if (!spec) return unknown(name, context);
  // Before parsing: help must come whatever else is wrong with the line.
  const own = args.includes("--") ? args.slice(0, args.indexOf("--")) : args;
  if (own.includes("--help") || own.includes("-h")) return help(name, context);
  return run(spec, args, context);
}

async function run(spec: CommandSpec, args: readonly string[], context: CliContext): Promise<number> {
  try {
    const input = parseInput(spec, args);
    return await (await spec.load())(input, context);
  } catch (error) {
    if (error instanceof UsageError) {
      context.err(`harness-tracing ${spec.name}: ${error.message}\n${usageLine(spec)}\n`);
      context.err(`Help: harness-tracing ${spec.name} --help\n`);
      return WRONG_USAGE;
    }
    if (error instanceof CliFailure) {
      context.err(`harness-tracing ${spec.name}: ${error.message}\n`);
      return FAILED;
    }
    throw error;
  }
}

/** `help` as a row of the table, so that it has a help of its own. */
export async function helpCommand(input: Input, context: CliContext): Promise<number> {
  return help(input.positionals[0], context);
}

function help(name: string | undefined, context: CliContext): number {
  if (name === undefined) {
    context.out(overview(COMMANDS, VERSION));
    return DONE;
  }
  const spec = COMMANDS.find((command) => command.name === name);
  if (!spec) return unknown(name, context);
  context.out(commandHelp(spec));
  return DONE;
}

function unknown(name: string, context: CliContext): number {
  context.err(`harness-tracing: there is no command "${name}"\nHelp: harness-tracing --help\n`);
  return WRONG_USAGE;
}
