/**
 * A recording as a folder that somebody else can look at and replay: the hook calls of one agent as they came, and the
 * history of their sessions.
 *
 *     bundle.json                 what this is: agent, versions, sessions, their sources
 *     events.jsonl                the lines of the journal
 *     history/<number>.jsonl      the records of one source
 */

import { readdirSync } from "node:fs";
import type { Agent, AgentEntry, HistorySource, SessionHints } from "../agents/agent.ts";
import { followDocument, followLines } from "../drain/follow.ts";
import type { JournalEvent } from "../journal/event.ts";
import { readSegment } from "../journal/read.ts";
import { listSegments } from "../journal/segments.ts";
import type { Paths } from "../paths.ts";
import { makePrivateDirectory, writeAtomically } from "../setup/file.ts";
import { guardOf } from "../trace/protect.ts";
import { type Cleaning, cleaned } from "./clean.ts";
import { keptFolder, type Recording } from "./mark.ts";

/** A source's records in a bundle. */
export interface BundledSource {
  readonly session: string;
  readonly id: string;
  readonly role: HistorySource["role"];
  /** Its records, below the bundle's folder. */
  readonly file: string;
}

/** `bundle.json`. */
export interface Bundle {
  readonly v: 1;
  /** Agent key. */
  readonly agent: string;
  readonly agentVersion?: string;
  /** Version of this program. */
  readonly program: string;
  readonly platform: string;
  /** Epoch ms. */
  readonly since: number;
  readonly until: number;
  readonly redacted: boolean;
  readonly sources: readonly BundledSource[];
}

/** What is said of the recording besides. */
export type About = Pick<Bundle, "program" | "platform" | "agentVersion">;

/** What a bundle holds. */
export interface Written {
  readonly sessions: number;
  readonly events: number;
  readonly records: number;
}

/** History is read to its end once; readers keep texts only as the guard leaves them. */
const GUARD = guardOf({
  log: { prompts: true, toolDetails: true, toolContent: true },
  mask: true,
  maxTextChars: 1000,
});

/**
 * Writes what was recorded into a new folder, 0600 in 0700.
 * @throws NodeJS.ErrnoException when the folder cannot be written
 */
export async function writeBundle(
  folder: string,
  entry: AgentEntry,
  recording: Recording,
  paths: Paths,
  about: About,
  cleaning: Cleaning,
): Promise<Written> {
  const agent = await entry.load();
  const all = eventsOf(paths, entry.key);
  const events = all.filter(({ ts }) => ts >= recording.since && ts <= recording.until);
  const sources: BundledSource[] = [];
  makePrivateDirectory(`${folder}/history`);
  let records = 0;
  for (const session of new Set(events.map((event) => event.session))) {
    const hints = hintsOf(
      agent,
      all.filter((event) => event.session === session),
    );
    for (const source of await agent.sources(session, hints)) {
      const found = recordsOf(agent, source);
      records += found.length;
      const file = `history/${sources.length}.jsonl`;
      writeAtomically(`${folder}/${file}`, lines(found, cleaning));
      sources.push({ session, id: source.id, role: cleaned(source.role, cleaning) as HistorySource["role"], file });
    }
  }
  const { since } = recording;
  const until = Math.max(since, ...events.map(({ ts }) => ts));
  const bundle: Bundle = { v: 1, agent: entry.key, ...about, since, until, redacted: cleaning.redact, sources };
  writeAtomically(`${folder}/events.jsonl`, lines(events.map(withoutCredentials), cleaning));
  writeAtomically(`${folder}/bundle.json`, `${JSON.stringify(bundle, null, 2)}\n`);
  return { sessions: new Set(events.map((event) => event.session)).size, events: events.length, records };
}

/** Hook calls that are in the journal still, and those that drains kept. */
function eventsOf(paths: Paths, agent: string): readonly JournalEvent[] {
  const segments = listSegments(paths).filter((segment) => segment.agent === agent);
  const present = new Set(segments.map(({ file }) => file));
  const folder = keptFolder(paths, agent);
  const kept = listed(folder)
    .filter((file) => !present.has(file))
    .map((file) => `${folder}/${file}`);
  const events = [...kept, ...segments.map(({ path }) => path)].flatMap((path) => {
    const found: JournalEvent[] = [];
    for (let offset = 0, atEnd = false; !atEnd; ) {
      const chunk = readSegment(path, offset, undefined, true);
      found.push(...chunk.events);
      atEnd = chunk.atEnd || chunk.nextOffset === offset;
      offset = chunk.nextOffset;
    }
    return found;
  });
  return events.sort((a, b) => a.ts - b.ts);
}

function listed(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

function hintsOf(agent: Agent, events: readonly JournalEvent[]): SessionHints {
  let hints: SessionHints = {};
  for (const event of events) {
    try {
      hints = { ...hints, ...agent.observe(event, hints).hints };
    } catch {
      // That is what the recording is to show.
    }
  }
  return hints;
}

/** All records of a source as its reader gets them: of a database, those that were read from it. */
function recordsOf(agent: Agent, source: HistorySource): readonly unknown[] {
  const records: unknown[] = [];
  let cursor = agent.history.initial(source);
  for (let offset = 0, atEnd = false; !atEnd; ) {
    const unread = agent.follow?.(source, cursor);
    if (unread !== undefined) {
      atEnd = unread.atEnd || unread.cursor === cursor;
      cursor = unread.cursor;
      records.push(...unread.records);
      for (const record of unread.records) cursor = agent.history.read(cursor, record, GUARD).cursor;
      continue;
    }
    const followed = (source.whole ? followDocument : followLines)(source.path, offset);
    atEnd = followed.atEnd || followed.nextOffset === offset;
    records.push(...followed.records);
    offset = followed.nextOffset;
  }
  return records;
}

/** Fingerprints say nothing to anybody else. */
function withoutCredentials({ credentials: _credentials, ...event }: JournalEvent): JournalEvent {
  return event;
}

function lines(values: readonly unknown[], cleaning: Cleaning): string {
  return values.map((value) => `${JSON.stringify(cleaned(value, cleaning))}\n`).join("");
}
