/** The daily look for a newer release: after a command on a terminal, in a process of its own, never in a hook. */

import { readFileSync, realpathSync } from "node:fs";
import * as v from "valibot";
import { readConfig } from "../config/read.ts";
import { booleanOf } from "../config/words.ts";
import type { Paths } from "../paths.ts";
import { makePrivateDirectory, writeAtomically } from "../setup/file.ts";

/** How long an answer holds, ms. */
const DAY_MS = 24 * 60 * 60 * 1000;

const noteSchema = v.object({ checked: v.number(), latest: v.optional(v.string()) });

/** What is known: when it was looked for (epoch ms), and the latest version that was seen. */
export type UpdateNote = v.InferOutput<typeof noteSchema>;

/** What the check depends on. */
export interface CheckContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly paths: Paths;
  /** Epoch ms. */
  readonly now: () => number;
  /** Version of this program. */
  readonly version: string;
  /** How this program was started; only the installed one looks. */
  readonly self: readonly string[];
  readonly program: string;
  /** Starts a process that nobody waits for. */
  readonly start: (argv: readonly string[]) => void;
}

/**
 * Says whether a newer release is known, and starts the look for one when the last is a day ago.
 * @returns a line for the user, or undefined
 */
export function updateNotice(context: CheckContext): string | undefined {
  if (!isInstalled(context) || !isWanted(context)) return undefined;
  const note = readNote(context.paths);
  const age = context.now() - (note?.checked ?? 0);
  if (age > DAY_MS || age < 0) {
    // Noted before, so that a network that does not answer is not asked again with every command.
    writeNote(context.paths, { checked: context.now(), ...(note?.latest ? { latest: note.latest } : {}) });
    context.start([context.program, "update", "--check"]);
  }
  if (note?.latest === undefined || !isNewer(note.latest, context.version)) return undefined;
  return `harness-tracing ${note.latest} is out (this is ${context.version}): harness-tracing update`;
}

/** True when `a` is a later version than `b`. */
export function isNewer(a: string, b: string): boolean {
  return Bun.semver.order(a, b) > 0;
}

/** Remembers the latest version. A disk that cannot take the note costs another look tomorrow. */
export function writeNote(paths: Paths, note: UpdateNote): void {
  try {
    makePrivateDirectory(paths.state);
    writeAtomically(noteFile(paths), JSON.stringify(note));
  } catch {
    // Nothing depends on it.
  }
}

function readNote(paths: Paths): UpdateNote | undefined {
  try {
    return v.parse(noteSchema, JSON.parse(readFileSync(noteFile(paths), "utf8")));
  } catch {
    return undefined;
  }
}

function noteFile({ state }: Paths): string {
  return `${state}/update.json`;
}

function isInstalled({ self, program }: CheckContext): boolean {
  try {
    return self.length === 1 && realpathSync(self[0] ?? "") === realpathSync(program);
  } catch {
    return false;
  }
}

/** On unless it was switched off; whoever writes an unknown word there wanted to say something about it: off. */
function isWanted({ env, paths }: CheckContext): boolean {
  if (env.CI) return false;
  if ((booleanOf(env.ARIZE_UPDATE_CHECK) ?? true) !== true) return false;
  const file = readConfig(paths.config);
  return !file.unreadable && file.values.update?.check !== false;
}
