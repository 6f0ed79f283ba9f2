/** Constructed sessions of Devin CLI: payloads of hooks, and the database that goes with them. */

import { Database } from "bun:sqlite";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AgentEntry } from "../../../src/agents/agent.ts";
import { devin } from "../../../src/agents/devin/agent.ts";
import { devinRoute } from "../../../src/agents/devin/route.ts";
import { factsOf, journalOf } from "../../support/constructed.ts";
import type { SessionFacts } from "../../support/recording.ts";

const RECORDED = join(import.meta.dir, "../../recorded/devin");

export const DEVIN: AgentEntry = {
  key: "devin",
  name: "devin",
  title: "Devin CLI",
  hook: devinRoute,
  load: async () => devin,
};

export const RECORDINGS = ["print-turn", "two-sessions-same-dir", "multi-turn-one-flush"] as const;

/** Makes a database below a data folder (`XDG_DATA_HOME`). @returns its path */
export function makeDatabase(data: string, sql: string): string {
  const folder = join(data, "devin/cli");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "sessions.db");
  const database = new Database(path);
  database.run("PRAGMA journal_mode = WAL");
  database.run(sql);
  database.close();
  return path;
}

/** The statements that make a recording's database. */
export function databaseOf(scenario: string): string {
  return readFileSync(join(RECORDED, scenario, "sessions.sql"), "utf8");
}

/** Journal events of a recording, whose database lies below `data`. */
export function eventsOf(scenario: string, data: string) {
  return journalOf(DEVIN, join(RECORDED, scenario, "payloads.jsonl"), { XDG_DATA_HOME: data });
}

/** Facts of a recording's sessions. @param sql statements that make another database; null for none at all */
export async function sessionsOf(scenario: string, sql: string | null = databaseOf(scenario)): Promise<SessionFacts[]> {
  const data = mkdtempSync(join(tmpdir(), "devin-"));
  try {
    if (sql !== null) makeDatabase(data, sql);
    return await factsOf(eventsOf(scenario, data), devin, devin.sources);
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
}
