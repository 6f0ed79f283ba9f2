/** Recorded sessions as the fold gets them: hook events of the journal, then the records of the transcripts. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import type { Agent, SessionHints } from "../../src/agents/agent.ts";
import { claude } from "../../src/agents/claude/agent.ts";
import { CLAUDE_EVENTS } from "../../src/agents/claude/registration.ts";
import type { JournalEvent } from "../../src/journal/event.ts";
import type { Fact } from "../../src/trace/facts.ts";
import { guardOf } from "../../src/trace/protect.ts";

/** Folder of the recordings. */
export const RECORDED = join(import.meta.dir, "../recorded/claude");

/** The guard of someone who hides nothing. */
export const OPEN = guardOf({
  log: { prompts: true, toolDetails: true, toolContent: true },
  mask: false,
  maxTextChars: Number.MAX_SAFE_INTEGER,
});

/** One model request as the model server saw it. */
export interface TrueRequest {
  readonly route: string;
  readonly t_request: number;
  readonly t_end?: number;
  readonly status: number;
  readonly cancelled?: boolean;
  readonly mid_error?: boolean | null;
  readonly usage?: {
    readonly input_tokens: number;
    readonly cache_creation_input_tokens: number;
    readonly cache_read_input_tokens: number;
    readonly output_tokens: number;
  };
  readonly blocks?: readonly { readonly tool?: string; readonly id?: string }[];
}

/** Facts of one session of a recording, by source. */
export interface SessionFacts {
  readonly session: string;
  readonly live: readonly Fact[];
  readonly history: readonly Fact[];
  /** When the record that each fact of the history came from was written (ms). */
  readonly written: readonly number[];
}

/** Parsed lines of a JSONL file; none when it does not exist. */
export function linesOf<T>(path: string): T[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as T);
}

const OLDER = "older-versions";

function foldersIn(path: string): string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

/** Names of all recordings, those of older versions as `older-versions/<version>-<scenario>`. */
export function recordings(): string[] {
  const newest = foldersIn(RECORDED).filter((name) => name !== OLDER);
  return [...newest, ...foldersIn(join(RECORDED, OLDER)).map((name) => `${OLDER}/${name}`)];
}

/** What the model server saw. */
export function truthOf(scenario: string): TrueRequest[] {
  return linesOf<TrueRequest>(join(RECORDED, scenario, "model_requests.jsonl"));
}

/** Journal events of a recording: those of its hook calls that are registered, once each. */
export function journalOf(scenario: string): JournalEvent[] {
  const registered = new Set(CLAUDE_EVENTS.map(({ event }) => event));
  return linesOf<{ event: string; ts: number; env?: Record<string, string>; stdin: Record<string, unknown> }>(
    join(RECORDED, scenario, "hooks.jsonl"),
  )
    .filter((hook) => registered.has(hook.event))
    .map((hook) => ({
      v: 1,
      ts: hook.ts,
      agent: "claude-code",
      event: hook.event,
      session: String(hook.stdin.session_id),
      env: hook.env ?? {},
      payload: hook.stdin,
    }));
}

async function historyOf(session: string, hints: SessionHints): Promise<{ facts: Fact[]; written: number[] }> {
  const facts: Fact[] = [];
  const written: number[] = [];
  let newest = 0;
  for (const source of await claude.sources(session, hints)) {
    let cursor = claude.history.initial(source);
    for (const record of linesOf<unknown>(source.path)) {
      const read = claude.history.read(cursor, record, OPEN);
      cursor = read.cursor;
      newest = Math.max(newest, Date.parse((record as { timestamp?: string }).timestamp ?? "") || newest);
      facts.push(...read.facts);
      written.push(...read.facts.map(() => newest));
    }
    const about = claude.history.about?.(cursor, source).facts ?? [];
    facts.push(...about);
    written.push(...about.map(() => newest));
  }
  return { facts, written };
}

/** Transcripts of a recording by session id. */
export function transcriptsOf(scenario: string): Map<string, string> {
  const projects = join(RECORDED, scenario, "projects");
  if (!existsSync(projects)) return new Map();
  const files = foldersIn(projects).flatMap((folder) =>
    readdirSync(join(projects, folder))
      .filter((name) => name.endsWith(".jsonl") && !name.startsWith("agent-"))
      .map((name): [string, string] => [basename(name, ".jsonl"), join(projects, folder, name)]),
  );
  return new Map(files.sort());
}

/**
 * Facts of every session of a recording, in the order in which the sessions began. Where no hook ran, the history alone
 * speaks.
 */
export async function sessionsOf(scenario: string): Promise<SessionFacts[]> {
  const events = journalOf(scenario);
  const transcripts = transcriptsOf(scenario);
  const ids = new Set([...events.map((event) => event.session), ...transcripts.keys()]);
  const sessions: SessionFacts[] = [];
  for (const session of ids) {
    const observed = events.filter((event) => event.session === session).map((event) => claude.observe(event));
    const hints = Object.assign({}, ...observed.map((one) => one.hints ?? {})) as Record<string, string>;
    const transcript = transcripts.get(session);
    const { facts, written } = transcript
      ? await historyOf(session, { ...hints, transcript })
      : { facts: [], written: [] };
    sessions.push({ session, live: observed.flatMap((one) => one.facts), history: facts, written });
  }
  return sessions;
}

/** Facts of agents whose events tell everything, by session, each event told what the earlier ones left as hints. */
export function factsOfEvents(events: readonly JournalEvent[], observe: Agent["observe"]): SessionFacts[] {
  return [...new Set(events.map((event) => event.session))].map((session) => {
    let hints: SessionHints = {};
    const live = events
      .filter((event) => event.session === session)
      .flatMap((event) => {
        const observed = observe(event, hints);
        if (observed.skipped !== undefined) throw new Error(observed.skipped);
        hints = JSON.parse(JSON.stringify({ ...hints, ...observed.hints }));
        return observed.facts;
      });
    return { session, live, history: [], written: [] };
  });
}
