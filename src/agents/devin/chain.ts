/**
 * The conversation in Devin's forest of messages. Devin writes chains anew (with new node ids and the old message ids) when
 * it rebuilds its context, and keeps what was abandoned: only what hangs on the head of a chain was said.
 */

import type { Database } from "bun:sqlite";

/** A message of a chain, without its text. */
export interface Link {
  readonly node: number;
  /** The message's id, or its node where it has none. */
  readonly id: string;
  readonly role: string;
  /** The user typed it. */
  readonly prompt: boolean;
  /** When it was written (epoch ms). */
  readonly at: number;
  /** True when `at` is only near. */
  readonly loose: boolean;
}

interface Row {
  readonly node_id: number;
  readonly parent_node_id: number | null;
  readonly created_at: number;
  readonly role: string | null;
  readonly message_id: string | null;
  readonly created: string | null;
  readonly started: string | null;
  readonly finished: string | null;
  /** JSON type of the mark that the user typed it: of old messages there is none. */
  readonly typed: string | null;
  readonly handoff: string | null;
  readonly notes: string | null;
}

const of = (path: string) => `CASE WHEN json_valid(chat_message) THEN json_extract(chat_message, '$.${path}') END`;
const typeOf = (path: string) => `CASE WHEN json_valid(chat_message) THEN json_type(chat_message, '$.${path}') END`;

const SELECT = `SELECT node_id, parent_node_id, created_at, ${of("role")} AS role, ${of("message_id")} AS message_id,
  ${of("metadata.created_at")} AS created, ${of("metadata.started_generation_at")} AS started,
  ${of('metadata.extensions."chisel/tool_call_timing".finished_at')} AS finished,
  ${typeOf("metadata.is_user_input")} AS typed, ${of('metadata.extensions."subagent/handoff"')} AS handoff`;

/**
 * The chain that ends in a node, oldest first, over compactions too (the node that holds a summary names the last one of
 * what it summarises). It begins behind the first message that is known.
 * @param known ids of messages that need not be read again
 * @returns the new part, and whether it follows on something known
 */
export function chainTo(
  database: Database,
  session: string,
  head: number,
  known: ReadonlySet<string>,
  hasNotes: boolean,
): { readonly links: readonly Link[]; readonly follows: boolean } {
  const notes = hasNotes ? "metadata" : "NULL";
  const find = database.query<Row, [string, number]>(
    `${SELECT}, ${notes} AS notes FROM message_nodes WHERE session_id = ? AND node_id = ?`,
  );
  const rows: Row[] = [];
  const seen = new Set<number>();
  const ids = new Set<string>();
  const before: number[] = [];
  let follows = false;
  for (let next: number | undefined = head; next !== undefined; ) {
    const row: Row | null = seen.has(next) ? null : find.get(session, next);
    if (row !== null) {
      seen.add(row.node_id);
      const id = idOf(row);
      if (known.has(id)) {
        follows = true;
        break;
      }
      if (!ids.has(id)) rows.push(row);
      ids.add(id);
      const summarized = summarizedBy(row.notes);
      if (summarized !== undefined) before.push(summarized);
    }
    next = row?.parent_node_id ?? before.shift();
  }
  return { links: timed(rows.reverse()), follows };
}

function idOf({ message_id, node_id }: Row): string {
  return message_id ?? `node:${node_id}`;
}

function summarizedBy(notes: string | null): number | undefined {
  if (notes === null || !notes.includes("summarized_from")) return undefined;
  try {
    const from: unknown = Object(JSON.parse(notes)).summarized_from;
    return typeof from === "number" ? from : undefined;
  } catch {
    return undefined;
  }
}

function time(text: string | null): number | undefined {
  const at = Date.parse(text ?? "");
  return Number.isNaN(at) ? undefined : at;
}

/**
 * The column's time is that of the last save, in seconds: where the message itself says nothing, it was written after the
 * message before it and before the request after it; a tool's result right before that.
 */
function timed(rows: readonly Row[]): readonly Link[] {
  const links: Link[] = [];
  const bounds = boundsOf(rows);
  let last = 0;
  for (const [index, row] of rows.entries()) {
    const known = time(row.finished) ?? time(row.created);
    const bound = bounds[index];
    const saved = Math.max(row.created_at * 1000, last);
    const guess = bound === undefined ? saved : row.role === "tool" ? bound : Math.min(saved, bound);
    const at = known ?? guess;
    last = Math.max(last, at);
    const typed = row.typed === "true" || (row.typed === null && row.role === "user");
    links.push({
      node: row.node_id,
      id: idOf(row),
      role: row.role ?? "",
      prompt: row.role === "user" && typed && !row.handoff,
      at,
      loose: known === undefined && !(row.role === "tool" && bound !== undefined),
    });
  }
  return links;
}

/** For each message, the next time after it that is known. */
function boundsOf(rows: readonly Row[]): readonly (number | undefined)[] {
  let next: number | undefined;
  return rows
    .toReversed()
    .map(({ created, started }) => {
      const bound = next;
      next = time(started) ?? time(created) ?? next;
      return bound;
    })
    .reverse();
}
