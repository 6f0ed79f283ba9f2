/** Help texts, made from the command table. */

import type { CommandSpec, OptionSpec } from "./command.ts";
import { table } from "./text.ts";

const PROGRAM = "harness-tracing";

/** The overview of all commands. */
export function overview(commands: readonly CommandSpec[], version: string): string {
  const rows = commands.map(({ name, arguments: args, summary }) => [`  ${name}${args ? ` ${args}` : ""}`, summary]);
  return `${PROGRAM} ${version}: turns the sessions of AI coding agents into OpenInference traces

Usage: ${PROGRAM} <command> [options]

${table(rows)}

Options:
  -h, --help     show this, or the help of a command
  -v, --version  show the version

Examples:
  ${PROGRAM} demo
  ${PROGRAM} install claude
  ${PROGRAM} show latest
`;
}

/** The help of one command. */
export function commandHelp(spec: CommandSpec): string {
  const options = Object.entries({ ...spec.options, ...HELP_OPTION });
  const rows = options.map(([name, option]) => [`  ${optionLabel(name, option)}`, option.help]);
  const parts = [
    spec.summary,
    usageLine(spec),
    ...(spec.details ? [spec.details] : []),
    `Options:\n${table(rows)}`,
    `Example${spec.examples.length === 1 ? "" : "s"}:\n${spec.examples.map((line) => `  ${line}`).join("\n")}`,
  ];
  return `${parts.join("\n\n")}\n`;
}

/** `Usage: harness-tracing show <session> [options]`. */
export function usageLine({ name, arguments: args }: CommandSpec): string {
  return `Usage: ${PROGRAM} ${name}${args ? ` ${args}` : ""} [options]`;
}

const HELP_OPTION: Readonly<Record<string, OptionSpec>> = { help: { type: "boolean", short: "h", help: "show this" } };

function optionLabel(name: string, { short, value }: OptionSpec): string {
  return `${short ? `-${short}, ` : "    "}--${name}${value ? ` ${value}` : ""}`;
}
