/** Where a session of Kiro lies: `sessions/cli/<id>.jsonl` (CLI 2), `sessions/<workspace>/<id>/messages.jsonl` (CLI 3, IDE 1). */

import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { homeOf } from "../../paths.ts";
import type { HistorySource, SessionHints } from "../agent.ts";

/** Ids that are file names as they are. */
const PLAIN = /^[\w.-]+$/;

/** Kiro's folder. @param moved `KIRO_HOME`, if it is set */
export function kiroFolder(moved: string | undefined, home: string | undefined): string | undefined {
  if (moved) return moved.replace(/[/\\]+$/, "");
  return home === undefined ? undefined : `${home}/.kiro`;
}

/** The session's own file, and the times that its hooks saw. A session without an id has none that could be told. */
export async function sources(session: string, hints: SessionHints): Promise<readonly HistorySource[]> {
  const kiro = kiroFolder(hints.home, homeOf(process.env));
  if (kiro === undefined || !PLAIN.test(session) || session.startsWith(".")) return [];
  const clock = hints.clock ?? "";
  const lines = `${kiro}/sessions/cli/${session}.jsonl`;
  if (existsSync(lines)) return [{ id: "main", path: lines, role: { format: "cli2", clock } }];
  for (const workspace of await listed(`${kiro}/sessions`)) {
    for (const name of [session, `sess_${session}`]) {
      const messages = `${kiro}/sessions/${workspace}/${name}/messages.jsonl`;
      if (existsSync(messages)) return [{ id: "main", path: messages, role: { format: "cli3" } }];
    }
  }
  return [];
}

async function listed(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch {
    return [];
  }
}
