/** Which chat transcripts belong to a session. Reads folder names only. */

import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { HistorySource, SessionHints } from "../agent.ts";
import { AGENT_HINT } from "./events.ts";

const AGENT_FILE = /^(.+)\.jsonl?$/;

/**
 * The session's own transcript, `chats/session-<time>-<id>.jsonl`, and those of its subagents, nested ones included:
 * `chats/<session>/<subagent>.jsonl`. Versions before append-only files wrote one JSON document, `….json`.
 */
export async function sources(
  session: string,
  hints: SessionHints,
  settled: ReadonlySet<string> = new Set(),
): Promise<readonly HistorySource[]> {
  const { transcript } = hints;
  if (!transcript) return [];
  const folder = join(dirname(transcript), session.replace(/[^\w-]/g, "_"));
  const agents = (await listed(folder)).flatMap((name): HistorySource[] => {
    const agentId = AGENT_FILE.exec(name)?.[1];
    const id = `${AGENT_HINT}${agentId}`;
    if (agentId === undefined || settled.has(id)) return [];
    return [source(id, join(folder, name), { agentId })];
  });
  return [source("main", transcript, {}), ...agents];
}

function source(id: string, path: string, role: Readonly<Record<string, string>>): HistorySource {
  return { id, path, role, ...(basename(path).endsWith(".json") && { whole: true }) };
}

async function listed(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch {
    return [];
  }
}
