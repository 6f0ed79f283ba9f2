/** `flush`: what the drain does, now and with an answer. */

import { flushAndWait, isFlushed } from "../drain/flush.ts";
import type { Input } from "./command.ts";
import { type CliContext, CliFailure, UsageError } from "./context.ts";
import { plural } from "./text.ts";

const DEFAULT_WAIT_S = 10;

export async function flush(input: Input, context: CliContext): Promise<number> {
  const wait = secondsOf(input.text("wait"));
  const left = await flushAndWait(context.paths, wait * 1000);
  if (left.problem !== undefined) throw new CliFailure(`the store cannot be used: ${left.problem}`);
  if (isFlushed(left) && left.held === 0) {
    context.out("Everything is processed and delivered.\n");
    return 0;
  }
  const parts = [
    ...(left.segments > 0 ? [`${plural(left.segments, "journal file")} not processed`] : []),
    ...(left.sessions > 0 ? [`${plural(left.sessions, "session")} not finished`] : []),
    ...(left.deliverable > 0 ? [`${plural(left.deliverable, "span")} not delivered yet`] : []),
    ...(left.held > 0 ? [`${plural(left.held, "span")} held back (paused, or its credential is not here)`] : []),
  ];
  context.err(`${parts.join("; ")}.\nWhy: harness-tracing status\n`);
  return 1;
}

function secondsOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_WAIT_S;
  const seconds = Number(text);
  if (text.trim() === "" || !Number.isFinite(seconds) || seconds < 0) {
    throw new UsageError(`--wait takes seconds, not "${text}"`);
  }
  return seconds;
}
