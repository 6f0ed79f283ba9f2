/** What a command may touch, as plain values, so that tests run commands without a terminal, a home or a clock of ours. */

import { writeSync } from "node:fs";
import { homeOf, type Paths, pathsIn } from "../paths.ts";
import { type Style, styleFor } from "./style.ts";

/** Pause between two tries to write to a full non-blocking pipe, ms. */
const PIPE_PAUSE_MS = 2;

/** Width of what goes into a file or a pipe. */
const DEFAULT_COLUMNS = 120;

const STDOUT = 1;
const STDERR = 2;

export interface CliContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** Folder in which the command was called; absent when it is gone. */
  readonly folder?: string;
  readonly paths: Paths;
  readonly platform: NodeJS.Platform;
  /** Epoch ms. */
  readonly now: () => number;
  /** Writes to stdout as it is; blocks while the reader is slow. @throws ClosedPipe when the reader is gone */
  readonly out: (text: string) => void;
  /** Writes to stderr as it is. */
  readonly err: (text: string) => void;
  /** Colours of stdout. */
  readonly style: Style;
  /** Display columns that a line may have. */
  readonly columns: number;
  /** True when a person is at both ends: prompts are allowed. */
  readonly interactive: boolean;
  /** All of stdin as text. */
  readonly readStdin: () => Promise<string>;
  /** How to start this very program again. */
  readonly self: readonly [string, ...string[]];
}

/** The reader of our stdout went away (`show | head`): not a failure. */
export class ClosedPipe extends Error {}

/** A mistake in how the command was called: shown with the command's usage, exit code 2. */
export class UsageError extends Error {}

/** Something the user can act on: shown without a stack, exit code 1. */
export class CliFailure extends Error {}

/**
 * The context of this process.
 * @throws CliFailure without a home folder
 */
export function processContext(): CliContext {
  const { env, platform } = process;
  const home = homeOf(env);
  if (home === undefined) throw new CliFailure("HOME is not set: there is no place to keep traces and configuration");
  const folder = currentFolder();
  return {
    env,
    home,
    ...(folder === undefined ? {} : { folder }),
    paths: pathsIn(home),
    platform,
    now: Date.now,
    out: (text) => writeAll(STDOUT, text),
    err: (text) => writeAll(STDERR, text),
    style: styleFor(env, process.stdout.isTTY === true),
    columns: process.stdout.columns || DEFAULT_COLUMNS,
    interactive: process.stdin.isTTY === true && process.stdout.isTTY === true,
    readStdin: () => Bun.stdin.text(),
    self: selfCommand(),
  };
}

function currentFolder(): string | undefined {
  try {
    return process.cwd();
  } catch {
    return undefined;
  }
}

/** The compiled program is its own executable; from source it is Bun with the entry file. */
function selfCommand(): readonly [string, ...string[]] {
  return Bun.isStandaloneExecutable ? [process.execPath] : [process.execPath, Bun.main];
}

function writeAll(file: number, text: string): void {
  const bytes = Buffer.from(text);
  let written = 0;
  while (written < bytes.length) {
    try {
      written += writeSync(file, bytes, written);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === "EPIPE") throw new ClosedPipe("the reader is gone");
      if (code !== "EAGAIN") throw error;
      Bun.sleepSync(PIPE_PAUSE_MS);
    }
  }
}
