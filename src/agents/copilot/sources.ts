/** Which files of its history belong to a session. Reads one folder. */

import { readdir } from "node:fs/promises";
import { dirname } from "node:path";
import type { HistorySource, SessionHints } from "../agent.ts";

/** Beside the event log, while a process of the CLI has the session open; it stays behind when the process is killed. */
const IN_USE = /^inuse\.(\d+)\.lock$/;

/** The session's event log (CLI) or transcript (VS Code): one file, subagents included. */
export async function sources(_session: string, hints: SessionHints): Promise<readonly HistorySource[]> {
  const { transcript, capture } = hints;
  if (!transcript) return [];
  const pid = await holderOf(dirname(transcript));
  return [{ id: "main", path: transcript, role: { ...(pid && { pid }), ...(capture && { capture }) } }];
}

/** The process that has the session open; unknown when there are several. */
async function holderOf(folder: string): Promise<string | undefined> {
  try {
    const holders = (await readdir(folder)).flatMap((name) => IN_USE.exec(name)?.[1] ?? []);
    return holders.length === 1 ? holders[0] : undefined;
  } catch {
    return undefined;
  }
}
