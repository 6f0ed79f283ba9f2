/** Constructed payload sets of agents that could not be run, as the fold gets them. */

import { readFileSync } from "node:fs";
import type { Agent, AgentEntry, HistorySource, SessionHints } from "../../src/agents/agent.ts";
import { journaledEnvironment } from "../../src/hook/environment.ts";
import type { JournalEvent } from "../../src/journal/event.ts";
import type { Fact } from "../../src/trace/facts.ts";
import { fold, initialFold } from "../../src/trace/fold.ts";
import type { FinishedNode } from "../../src/trace/node.ts";
import { linesOf, OPEN, type SessionFacts } from "./recording.ts";

/** A line of `payloads.jsonl`. */
interface Call {
  readonly ts: number;
  readonly env: Readonly<Record<string, string>>;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** Late enough for every waiting rule of the fold (ms after the newest fact). */
const LATER_MS = 60_000;

/** What the journal gets of a payload set: of calls of registered events, through the agent's own route. */
export function journalOf(
  entry: AgentEntry,
  file: string,
  more: Readonly<Record<string, string>> = {},
): JournalEvent[] {
  const calls = readFileSync(file, "utf8").trim().split("\n");
  return calls.flatMap((line): JournalEvent[] => {
    const call: Call = JSON.parse(line);
    const env = { ...call.env, ...more };
    const routed = entry.hook.route(undefined, call.payload, env);
    if (routed.verdict !== "trace") return [];
    const { event, session } = routed;
    const journaled = journaledEnvironment(env, entry.hook.env);
    return [{ v: 1, ts: call.ts, agent: entry.key, event, session, env: journaled, payload: call.payload }];
  });
}

/** Facts of the sessions of a journal. @param sourcesOf where each session's history is */
export async function factsOf(
  events: readonly JournalEvent[],
  agent: Agent,
  sourcesOf: (session: string, hints: SessionHints) => Promise<readonly HistorySource[]> | readonly HistorySource[],
): Promise<SessionFacts[]> {
  const sessions: SessionFacts[] = [];
  for (const session of new Set(events.map((event) => event.session))) {
    let hints: SessionHints = {};
    const live: Fact[] = [];
    for (const event of events.filter((one) => one.session === session)) {
      const observed = agent.observe(event, hints);
      if (observed.skipped !== undefined) throw new Error(observed.skipped);
      hints = JSON.parse(JSON.stringify({ ...hints, ...observed.hints }));
      live.push(...observed.facts);
    }
    const history: Fact[] = [];
    for (const source of await sourcesOf(session, hints)) history.push(...readWhole(agent, source));
    // The database and the files say nothing of when each record was written.
    const newest = Math.max(...[...live, ...history].map(({ at }) => at));
    sessions.push({ session, live, history, written: history.map(() => newest) });
  }
  return sessions;
}

function readWhole(agent: Agent, source: HistorySource): Fact[] {
  const facts: Fact[] = [];
  let cursor = agent.history.initial(source);
  for (;;) {
    const unread = agent.follow?.(source, cursor) ?? { cursor, records: linesOf(source.path), atEnd: true };
    const before = cursor;
    cursor = unread.cursor;
    for (const record of unread.records) {
      const read = agent.history.read(cursor, record, OPEN);
      cursor = JSON.parse(JSON.stringify(read.cursor));
      facts.push(...read.facts);
    }
    if (unread.atEnd || cursor === before) return facts;
  }
}

/** Everything that a session's facts come to. */
export function nodesOf({ live, history }: SessionFacts): readonly FinishedNode[] {
  const newest = Math.max(...[...live, ...history].map((fact) => fact.at));
  const end = { type: "session.end", at: newest, live: true, loose: true } as const;
  return fold(initialFold(), [...live, ...history, end, { type: "tick", at: newest + LATER_MS }]).nodes;
}
