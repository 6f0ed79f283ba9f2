/** Which rollout files belong to a session: its own and those of its subagents, each named by the hooks of its thread. */

import { basename } from "node:path";
import type { HistorySource, SessionHints } from "../agent.ts";

/** `rollout-2026-11-22T00-27-10-<thread id>.jsonl` */
const ROLLOUT = /^rollout-.*-([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.jsonl$/;

const PREFIX = "rollout:";

/** Hint under which a thread's rollout is known; it is its source's id too, so that every hook shows that the file lives. */
export function rolloutHint(thread: string): string {
  return `${PREFIX}${thread}`;
}

/** The thread that a rollout belongs to, from the file's name. */
export function threadOfPath(path: string): string | undefined {
  return ROLLOUT.exec(basename(path.replaceAll("\\", "/")))?.[1];
}

/**
 * The rollouts that hooks have named, the session's own first; for a session without hooks that alone. What a file is, its
 * first line says.
 */
export async function sources(
  session: string,
  hints: SessionHints,
  settled: ReadonlySet<string> = new Set(),
): Promise<readonly HistorySource[]> {
  const { capture, transcript } = hints;
  const own: [string, string][] = transcript ? [[rolloutHint(session), transcript]] : [];
  const named = Object.entries(hints).filter(([key]) => key.startsWith(PREFIX));
  return [...new Map([...own, ...named])]
    .filter(([id]) => !settled.has(id))
    .map(([id, path]) => ({ id, path, role: { ...(capture && { capture }) } }));
}
