/**
 * Opening Devin's database (SQLite in WAL mode) without ever being in Devin's way: read only, no waiting, nothing written
 * beside it.
 */

import { constants, Database } from "bun:sqlite";
import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";

/** Newest schema that was looked at; later ones are read as long as they have the columns that are needed. */
export const KNOWN_SCHEMA = 17;

/** How long a lock is waited for, ms; the drain looks again anyway. */
const BUSY_MS = 20;

/** Columns without which nothing can be read. */
const NEEDED = {
  sessions: ["id", "main_chain_id"],
  message_nodes: ["session_id", "node_id", "parent_node_id", "chat_message", "created_at"],
} as const;

/** A database that is open, or why it is not. `missing` is the normal state before Devin's first session. */
export type Opened =
  | {
      readonly database: Database;
      /** Something to tell although it can be read. */
      readonly note?: string;
      /** Which columns and tables there are that not every version has. */
      readonly has: ReadonlySet<string>;
    }
  | { readonly problem: "missing" | "busy" | "unknown schema" | "unreadable"; readonly note: string };

/** Opens the database; close it soon. Never throws. */
export function openDatabase(path: string): Opened {
  if (!existsSync(path)) return { problem: "missing", note: `there is no ${path}` };
  let database: Database | undefined;
  try {
    database = connect(path);
    database.run(`PRAGMA busy_timeout = ${BUSY_MS}`);
    const opened = inspect(database);
    if ("problem" in opened) database.close();
    return opened;
  } catch (error) {
    database?.close();
    return failure(error);
  }
}

/** Without a WAL nobody has the database open, and to read it as it lies there makes no file beside it. */
function connect(path: string): Database {
  if (existsSync(`${path}-wal`)) return new Database(path, { readonly: true });
  const uri = `${pathToFileURL(path).href}?immutable=1`;
  return new Database(uri, constants.SQLITE_OPEN_READONLY | constants.SQLITE_OPEN_URI);
}

function inspect(database: Database): Opened {
  const has = new Set<string>();
  for (const table of ["sessions", "message_nodes", "subagent_heads", "refinery_schema_history"]) {
    for (const { name } of database.query<{ name: string }, []>(`PRAGMA table_info(${table})`).all()) {
      has.add(`${table}.${name}`);
    }
  }
  const version = has.has("refinery_schema_history.version")
    ? database.query<{ v: number | null }, []>("SELECT max(version) AS v FROM refinery_schema_history").get()?.v
    : undefined;
  const named = version ? `schema ${version}` : "a schema without version";
  const missing = Object.entries(NEEDED).flatMap(([table, columns]) =>
    columns.map((column) => `${table}.${column}`).filter((column) => !has.has(column)),
  );
  if (missing.length > 0) {
    const note = `sessions.db has ${named}, which this program cannot read (no ${missing.join(", ")})`;
    return { problem: "unknown schema", note };
  }
  if (!version || version <= KNOWN_SCHEMA) return { database, has };
  const note = `sessions.db has ${named}, newer than ${KNOWN_SCHEMA}: read by the columns that are known`;
  return { database, has, note };
}

/** What an error of the database means. */
export function failure(error: unknown): Extract<Opened, { readonly problem: string }> {
  const code = String(Object(error).code ?? "");
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) return { problem: "busy", note: "sessions.db is locked, it is read later" };
  return {
    problem: "unreadable",
    note: `sessions.db cannot be read: ${error instanceof Error ? error.message : error}`,
  };
}
