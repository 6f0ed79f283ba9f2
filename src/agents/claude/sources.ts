/** Which transcript files belong to a session. Reads folders and the small side files of subagents. */

import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import * as v from "valibot";
import type { HistorySource, SessionHints } from "../agent.ts";
import { AGENT_HINT } from "./events.ts";
import { AgentMeta } from "./wire.ts";

const AGENT_FILE = /^agent-(.+)\.jsonl$/;

/**
 * The session's own transcript and those of its subagents: `<session>/subagents/agent-<id>.jsonl`, depth-2 agents in the
 * same folder; in 2.0.76 `agent-<id>.jsonl` beside the session, without a side file.
 */
export async function sources(
  _session: string,
  hints: SessionHints,
  settled: ReadonlySet<string> = new Set(),
): Promise<readonly HistorySource[]> {
  const { transcript } = hints;
  if (!transcript) return [];
  const folder = join(dirname(transcript), basename(transcript, ".jsonl"), "subagents");
  const found = await listed(folder);
  const lively = found.filter((agentId) => !settled.has(sourceId(agentId)));
  const agents = await Promise.all(lively.map((agentId) => agentSource(folder, agentId)));
  const flat = await Promise.all(
    Object.keys(hints)
      .filter((key) => key.startsWith(AGENT_HINT))
      .map((key) => key.slice(AGENT_HINT.length))
      .filter((agentId) => !found.includes(agentId) && !settled.has(sourceId(agentId)))
      .map((agentId) => flatSource(dirname(transcript), agentId)),
  );
  const all: HistorySource[] = [
    { id: "main", path: transcript, role: {} },
    ...agents,
    ...flat.flatMap((source) => source ?? []),
  ];
  const { capture } = hints;
  return capture ? all.map((source) => ({ ...source, role: { ...source.role, capture } })) : all;
}

/** The hint that names a subagent is its source's id: hooks of a subagent show that its file lives. */
function sourceId(agentId: string): string {
  return `${AGENT_HINT}${agentId}`;
}

async function listed(folder: string): Promise<string[]> {
  try {
    const names = await readdir(folder);
    return names.flatMap((name) => AGENT_FILE.exec(name)?.[1] ?? []).sort();
  } catch {
    return [];
  }
}

async function agentSource(folder: string, agentId: string): Promise<HistorySource> {
  const meta = await metaOf(join(folder, `agent-${agentId}.meta.json`));
  return {
    id: sourceId(agentId),
    path: join(folder, `agent-${agentId}.jsonl`),
    role: {
      agentId,
      ...(meta.agentType && { agentType: meta.agentType }),
      ...(meta.toolUseId && { toolUseId: meta.toolUseId }),
      ...(meta.description && { description: meta.description }),
      ...(meta.isBuiltIn && { builtIn: "true" }),
    },
  };
}

async function metaOf(path: string): Promise<AgentMeta> {
  try {
    const parsed = v.safeParse(AgentMeta, JSON.parse(await readFile(path, "utf8")));
    return parsed.success ? parsed.output : {};
  } catch {
    // Not written yet, or half written: it is asked for again at the next pass.
    return {};
  }
}

async function flatSource(folder: string, agentId: string): Promise<HistorySource | undefined> {
  const path = join(folder, `agent-${agentId}.jsonl`);
  try {
    await stat(path);
    return { id: sourceId(agentId), path, role: { agentId } };
  } catch {
    return undefined;
  }
}
