/**
 * Where the transcript of a run without a terminal is. Other sessions tell everything by hooks, and their transcripts know
 * neither times nor tokens nor models.
 */

import { stat } from "node:fs/promises";
import { homedir } from "node:os";
import type { HistorySource, SessionHints } from "../agent.ts";
import { RUN_HINT } from "./events.ts";
import { plainPath } from "./turns.ts";

/** The transcript that exists, of where Cursor's versions put it. */
export async function sources(session: string, hints: SessionHints): Promise<readonly HistorySource[]> {
  const { transcript, folder, [RUN_HINT]: run } = hints;
  if (run === undefined) return [];
  const paths = [...(transcript ? [transcript] : []), ...(folder ? transcriptPaths(homedir(), folder, session) : [])];
  for (const path of paths) {
    if (await isFile(path)) return [{ id: "main", path, role: { run } }];
  }
  return [];
}

/**
 * Paths of a conversation's transcript: `~/.cursor/projects/<folder>/agent-transcripts/<id>/<id>.jsonl`, and flat in versions
 * of the command line program. The folder's name has a dash for what is neither letter nor digit: for each, or for a run.
 */
export function transcriptPaths(home: string, folder: string, session: string): readonly string[] {
  // The id becomes part of a path.
  if (!/^[\w-]+$/.test(session)) return [];
  const bare = plainPath(folder).replace(/^[/\\]+/, "");
  const names = new Set([bare.replace(/[^A-Za-z0-9]/g, "-"), bare.replace(/[^A-Za-z0-9]+/g, "-")]);
  return [...names].flatMap((name) => {
    const place = `${home}/.cursor/projects/${name}/agent-transcripts`;
    return [`${place}/${session}/${session}.jsonl`, `${place}/${session}.jsonl`];
  });
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
