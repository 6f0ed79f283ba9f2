/** What a command is: one row of the table that parsing and help are made of. */

import { type ParseArgsOptionsConfig, parseArgs } from "node:util";
import { type CliContext, UsageError } from "./context.ts";

/** An option as `parseArgs` takes it, with its line of help. */
export interface OptionSpec {
  readonly type: "boolean" | "string";
  readonly multiple?: boolean;
  readonly short?: string;
  /** Placeholder of the value in the help: `<url>`. */
  readonly value?: string;
  readonly help: string;
}

export interface CommandSpec {
  readonly name: string;
  /** Positional arguments as shown in the usage line. */
  readonly arguments?: string;
  readonly summary: string;
  /** More lines of help, each a sentence or two. */
  readonly details?: string;
  readonly options: Readonly<Record<string, OptionSpec>>;
  readonly examples: readonly string[];
  /** How many positional arguments are allowed. */
  readonly positionals: readonly [least: number, most: number];
  /** Loaded when it is run. @returns the exit code */
  readonly load: () => Promise<(input: Input, context: CliContext) => Promise<number>>;
}

/** Parsed arguments with the types that the option table promises. */
export interface Input {
  readonly positionals: readonly string[];
  readonly flag: (name: string) => boolean;
  readonly text: (name: string) => string | undefined;
  readonly texts: (name: string) => readonly string[];
}

/**
 * Parses a command's arguments by its table.
 * @throws UsageError with a sentence that names the argument
 */
export function parseInput(spec: CommandSpec, args: readonly string[]): Input {
  const options: ParseArgsOptionsConfig = {};
  for (const [name, { type, multiple, short }] of Object.entries(spec.options)) {
    options[name] = { type, ...(multiple ? { multiple } : {}), ...(short ? { short } : {}) };
  }
  const { values, positionals } = parsed(options, args);
  const [least, most] = spec.positionals;
  if (positionals.length < least) throw new UsageError(`${spec.arguments ?? "an argument"} is missing`);
  if (positionals.length > most) throw new UsageError(`one argument too many: ${positionals[most]}`);
  return {
    positionals,
    flag: (name) => values[name] === true,
    text: (name) => {
      const value = values[name];
      return typeof value === "string" ? value : undefined;
    },
    texts: (name) => {
      const value = values[name];
      return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
    },
  };
}

function parsed(options: ParseArgsOptionsConfig, args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    // Its first sentence says what is wrong; the rest is advice about `--`.
    throw new UsageError((error as Error).message.split(". ")[0]?.replace(/\.$/, "") ?? "wrong arguments");
  }
}
