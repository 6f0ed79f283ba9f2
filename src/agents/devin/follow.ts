/** What is new in Devin's database since it was last read: messages of a session's chains in order, and what it has cost. */

import type { Database } from "bun:sqlite";
import { statSync } from "node:fs";
import type { HistorySource, Unread } from "../agent.ts";
import { chainTo, type Link } from "./chain.ts";
import type { Cursor, Position } from "./cursor.ts";
import { failure, openDatabase } from "./database.ts";

/** Messages that are read at once. */
const BATCH = 1000;

/** Ids that are remembered of each chain, and chains of subagents that are. */
const RECENT_KEPT = 32;
const CHAINS_KEPT = 16;

/** Key of the main chain among the remembered ones. */
const MAIN = "";

/** Two clocks of one machine (ms). */
const CLOCK_SLACK_MS = 1000;

/** A record for the reader. */
export type DevinRecord =
  | { readonly kind: "session"; readonly at: number; readonly cwd?: string; readonly mode?: string }
  | {
      readonly kind: "message";
      /** Empty, or the subagent's id. */
      readonly thread: string;
      readonly node: number;
      readonly id: string;
      readonly at: number;
      readonly loose: boolean;
      readonly message: unknown;
      readonly notes: unknown;
      /** Position of a prompt in the session, from 1. */
      readonly prompt?: number;
      /** Tracing began while this prompt's turn ran. */
      readonly joined?: boolean;
    }
  | {
      readonly kind: "cost";
      readonly at: number;
      /** Of the session so far, and since it was last looked at. */
      readonly acu?: { readonly total: number; readonly delta?: number };
      readonly credits?: { readonly total: number; readonly delta?: number };
    };

interface SessionRow {
  readonly main_chain_id: number | null;
  readonly working_directory: string | null;
  readonly agent_mode: string | null;
  readonly metadata: string | null;
}

/** Reads what is new. A database that cannot be read now changes nothing: it is looked at again. */
export function follow(source: HistorySource, cursor: Cursor): Unread<Cursor> {
  const nothing = { cursor, records: [], atEnd: true } as const;
  const stamp = stampOf(source.path);
  if (stamp !== undefined && stamp === cursor.position.stamp) return nothing;
  const opened = openDatabase(source.path);
  if ("problem" in opened) return { ...nothing, note: opened.note };
  const { database, has, note } = opened;
  const noted = note === undefined ? {} : { note };
  try {
    const { records, position, atEnd } = readNew(database, has, source.role, cursor);
    const stamped = atEnd && stamp !== undefined ? { ...position, stamp } : position;
    return { cursor: { ...cursor, position: stamped }, records, atEnd, ...noted };
  } catch (error) {
    return { ...nothing, note: failure(error).note };
  } finally {
    database.close();
  }
}

/** Changes whenever something is written. */
function stampOf(path: string): string | undefined {
  const parts = [path, `${path}-wal`].map((file) => {
    const stat = statSync(file, { throwIfNoEntry: false });
    return stat === undefined ? "" : `${stat.size}:${stat.mtimeMs}`;
  });
  return parts[0] === "" ? undefined : parts.join(" ");
}

interface Read {
  readonly records: readonly DevinRecord[];
  readonly position: Position;
  readonly atEnd: boolean;
}

function readNew(database: Database, has: ReadonlySet<string>, role: HistorySource["role"], cursor: Cursor): Read {
  const { position } = cursor;
  const { session = "" } = role;
  const row = sessionRow(database, has, session);
  const head = row?.main_chain_id ?? newestNode(database, session);
  if (row === null || head === undefined) return { records: [], position, atEnd: true };
  const hasNotes = has.has("message_nodes.metadata");
  const links = newLinks(database, session, head, position.recent[MAIN], cursor, hasNotes);
  const first = position.recent[MAIN] === undefined;
  const began = first ? beginning(links, role) : { from: 0, joined: false };
  if (began === undefined) return { records: [], position, atEnd: true };
  const batch = links.slice(began.from, began.from + BATCH);
  const atEnd = began.from + batch.length >= links.length;
  const since = Number(role.since ?? 0) - CLOCK_SLACK_MS;

  const records: DevinRecord[] = [];
  let recent: Record<string, readonly string[]> = { ...position.recent };
  let prompts = position.prompts + links.slice(0, began.from).filter(({ prompt }) => prompt).length;
  const remember = (thread: string, ids: readonly string[]) => {
    const { [thread]: known = [], ...others } = recent;
    const kept = Object.entries(others).filter(([key]) => key === MAIN);
    const agents = Object.entries(others).filter(([key]) => key !== MAIN);
    recent = Object.fromEntries([
      ...kept,
      ...agents.slice(-CHAINS_KEPT),
      [thread, [...known, ...ids].slice(-RECENT_KEPT)],
    ]);
  };
  const subagent = (agentId: string, node: number) => {
    const chain = newLinks(database, session, node, recent[agentId], cursor, hasNotes).filter(({ at }) => at >= since);
    for (const link of chain) records.push(messageOf(database, session, link, agentId, hasNotes));
    if (chain.length > 0)
      remember(
        agentId,
        chain.map(({ id }) => id),
      );
  };

  if (first && batch.length > 0) records.push(sessionOf(row, batch[0]?.at ?? 0));
  for (const [index, link] of batch.entries()) {
    const message = messageOf(database, session, link, MAIN, hasNotes);
    const chain = subagentOf(message);
    if (chain) subagent(chain.agentId, chain.node);
    if (link.prompt) prompts++;
    records.push({
      ...message,
      ...(link.prompt && { prompt: prompts }),
      ...(index === 0 && began.joined && { joined: true }),
    });
  }
  if (batch.length > 0)
    remember(
      MAIN,
      batch.map(({ id }) => id),
    );
  if (atEnd) for (const { agent_id, chain_node_id } of heads(database, has, session)) subagent(agent_id, chain_node_id);
  const costs = costsOf(row.metadata);
  const at = batch.at(-1)?.at ?? cursor.threads[MAIN]?.at ?? 0;
  const cost = atEnd ? costRecord(costs, position, first && prompts <= 1, at) : undefined;
  if (cost) records.push(cost);
  return { records, position: { recent, prompts, ...(cost ? costs : totals(position)) }, atEnd };
}

function sessionRow(database: Database, has: ReadonlySet<string>, session: string): SessionRow | null {
  const column = (name: string) => (has.has(`sessions.${name}`) ? name : `NULL AS ${name}`);
  const columns = ["main_chain_id", "working_directory", "agent_mode", "metadata"].map(column).join(", ");
  return database.query<SessionRow, [string]>(`SELECT ${columns} FROM sessions WHERE id = ?`).get(session);
}

/** Head of a session that never finished a turn, or of a version that names none. */
function newestNode(database: Database, session: string): number | undefined {
  const query = "SELECT max(node_id) AS node FROM message_nodes WHERE session_id = ?";
  return database.query<{ node: number | null }, [string]>(query).get(session)?.node ?? undefined;
}

function newLinks(
  database: Database,
  session: string,
  head: number,
  recent: readonly string[] | undefined,
  cursor: Cursor,
  hasNotes: boolean,
): readonly Link[] {
  const { links, follows } = chainTo(database, session, head, new Set(recent), hasNotes);
  if (recent === undefined || follows) return links;
  // A chain that was cut back or replaced: what is older was read already.
  const last = cursor.threads[MAIN]?.at ?? 0;
  return links.filter(({ at }) => at > last);
}

/** Where to begin a session that is read for the first time: what is older than the first hook was not traced. */
function beginning(
  links: readonly Link[],
  { since, joined }: HistorySource["role"],
): { readonly from: number; readonly joined: boolean } | undefined {
  if (since === undefined) return { from: 0, joined: false };
  const traced = links.findIndex(({ prompt, at }) => prompt && at >= Number(since) - CLOCK_SLACK_MS);
  const running = joined === undefined ? -1 : links.findLastIndex(({ prompt, at }) => prompt && at <= Number(since));
  if (running >= 0) return { from: running, joined: true };
  return traced >= 0 ? { from: traced, joined: false } : undefined;
}

function messageOf(
  database: Database,
  session: string,
  { node, id, at, loose }: Link,
  thread: string,
  hasNotes: boolean,
): Extract<DevinRecord, { kind: "message" }> {
  const query = `SELECT chat_message, ${hasNotes ? "metadata" : "NULL"} AS notes FROM message_nodes WHERE session_id = ? AND node_id = ?`;
  type Row = { chat_message: string; notes: string | null };
  const row = database.query<Row, [string, number]>(query).get(session, node);
  const message = parsed(row?.chat_message);
  return { kind: "message", thread, node, id, at, loose, message, notes: parsed(row?.notes) };
}

function parsed(text: string | null | undefined): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}

/** The chain of a subagent, which the result of the call that ran it names. */
function subagentOf({ message }: { readonly message: unknown }): { agentId: string; node: number } | undefined {
  const extensions = Object(Object(Object(message).metadata).extensions);
  const { "subagent/agent_id": agentId, "subagent/chain_node_id": node } = extensions;
  return typeof agentId === "string" && typeof node === "number" ? { agentId, node } : undefined;
}

interface Head {
  readonly agent_id: string;
  readonly chain_node_id: number;
}

/** Subagents that still run, or ran in the background. */
function heads(database: Database, has: ReadonlySet<string>, session: string): readonly Head[] {
  if (!has.has("subagent_heads.chain_node_id")) return [];
  const query = "SELECT agent_id, chain_node_id FROM subagent_heads WHERE session_id = ? ORDER BY agent_id";
  return database.query<Head, [string]>(query).all(session);
}

function sessionOf({ working_directory, agent_mode }: SessionRow, at: number): DevinRecord {
  return {
    kind: "session",
    at,
    ...(working_directory && { cwd: working_directory }),
    ...(agent_mode && { mode: agent_mode }),
  };
}

type Totals = Pick<Position, "acu" | "credits">;

function totals({ acu, credits }: Position): Totals {
  return { ...(acu !== undefined && { acu }), ...(credits !== undefined && { credits }) };
}

function costsOf(metadata: string | null): Totals {
  const { total_acu_cost: acu, total_credit_cost: credits } = Object(parsed(metadata));
  return { ...(typeof acu === "number" && { acu }), ...(typeof credits === "number" && { credits }) };
}

/** @param whole all that the session has cost, its first turn has cost */
function costRecord(now: Totals, before: Totals, whole: boolean, at: number): DevinRecord | undefined {
  const change = (name: keyof Totals) => {
    const total = now[name];
    if (total === undefined || total === before[name]) return undefined;
    const known = before[name] ?? (whole ? 0 : undefined);
    return { total, ...(known !== undefined && total >= known && { delta: exact(total - known) }) };
  };
  const acu = change("acu");
  const credits = change("credits");
  return acu || credits ? { kind: "cost", at, ...(acu && { acu }), ...(credits && { credits }) } : undefined;
}

/** Without the noise of binary fractions. */
function exact(value: number): number {
  return Number(value.toPrecision(12));
}
