import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { devin } from "../../../src/agents/devin/agent.ts";
import { emptyCursor } from "../../../src/agents/devin/cursor.ts";
import { follow } from "../../../src/agents/devin/follow.ts";
import { drain } from "../../../src/drain/drain.ts";
import { appendLine } from "../../../src/hook/append.ts";
import { segmentFileOf } from "../../../src/journal/names.ts";
import { makeWorld } from "../../drain/world.ts";
import { factsOf, nodesOf } from "../../support/constructed.ts";
import { treeText } from "../../support/tree.ts";
import { DEVIN, databaseOf, eventsOf, makeDatabase } from "./recordings.ts";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "devin-db-"));
  folders.push(folder);
  return folder;
}

const SCHEMA = `
CREATE TABLE sessions (id TEXT PRIMARY KEY, working_directory TEXT, agent_mode TEXT, main_chain_id INTEGER, metadata TEXT);
CREATE TABLE message_nodes (row_id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT, node_id INTEGER, parent_node_id INTEGER,
  chat_message TEXT, created_at INTEGER, metadata TEXT, UNIQUE(session_id, node_id));
CREATE TABLE subagent_heads (session_id TEXT, agent_id TEXT, chain_node_id INTEGER, updated_at INTEGER);
CREATE TABLE refinery_schema_history (version INTEGER PRIMARY KEY);
INSERT INTO refinery_schema_history VALUES (17);
`;

const T0 = 1_788_256_800_000;
const iso = (s: number) => new Date(T0 + s * 1000).toISOString();

interface Node {
  readonly role: string;
  readonly id: string;
  readonly at: number;
  readonly text?: string;
  readonly more?: Readonly<Record<string, unknown>>;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly notes?: Readonly<Record<string, unknown>>;
}

const user = (id: string, at: number, text: string): Node => ({
  role: "user",
  id,
  at,
  text,
  metadata: { is_user_input: true },
});

const says = (id: string, at: number, text: string, calls: readonly string[] = []): Node => ({
  role: "assistant",
  id,
  at,
  text,
  more: { tool_calls: calls.map((call) => ({ id: call, name: call.split("_")[0], arguments: { for: id } })) },
  metadata: {
    request_id: `req-${id}`,
    generation_model: "swe-2",
    finish_reason: calls.length > 0 ? "tool_calls" : "stop",
    started_generation_at: iso(at - 1),
    metrics: { input_tokens: 100, output_tokens: 10, cache_read_tokens: 1000, cache_creation_tokens: 50 },
  },
});

const result = (id: string, at: number, call: string, extensions: Readonly<Record<string, unknown>> = {}): Node => ({
  role: "tool",
  id,
  at,
  text: `result of ${call}`,
  more: { tool_call_id: call },
  metadata: {
    extensions: {
      "chisel/tool_call_timing": { started_at: iso(at - 0.5), finished_at: iso(at), duration_ms: 500 },
      "chisel/tool_result_meta": { success: true },
      ...extensions,
    },
  },
});

/** A database that a test fills as Devin does: chains of nodes, saved as a whole. */
class Store {
  readonly data = tempFolder();
  readonly path = makeDatabase(this.data, SCHEMA);
  #nodes = 0;

  chain(session: string, nodes: readonly Node[], parent: number | null = null): number {
    return this.write((database) => {
      let last = parent;
      for (const { role, id, at, text = "", more = {}, metadata = {}, notes } of nodes) {
        const node = ++this.#nodes;
        const message = {
          message_id: id,
          role,
          content: text,
          ...more,
          metadata: { created_at: iso(at), ...metadata },
        };
        database
          .query(
            "INSERT INTO message_nodes (session_id, node_id, parent_node_id, chat_message, created_at, metadata) VALUES (?,?,?,?,?,?)",
          )
          .run(
            session,
            node,
            last,
            JSON.stringify(message),
            T0 / 1000 + 9999,
            notes === undefined ? "null" : JSON.stringify(notes),
          );
        last = node;
      }
      return last ?? 0;
    });
  }

  head(session: string, node: number, metadata: unknown = {}): void {
    this.write((database) => {
      const query = "INSERT OR REPLACE INTO sessions VALUES (?, '/w', 'normal', ?, ?)";
      return database.query(query).run(session, node, JSON.stringify(metadata));
    });
  }

  write<T>(work: (database: Database) => T): T {
    const database = new Database(this.path);
    try {
      return work(database);
    } finally {
      database.close();
    }
  }

  /** Spans of a session whose first hook came at `since` s. */
  async tree(session: string, since = 0, prompt = "UserPromptSubmit"): Promise<string> {
    const event = { v: 1, ts: T0 + since * 1000, agent: "devin", event: prompt, session } as const;
    const payload = { session_id: session, hook_event_name: prompt, prompt_id: "p", prompt: "go" };
    const env = { XDG_DATA_HOME: this.data };
    return treeText((await factsOf([{ ...event, env, payload }], devin, devin.sources)).flatMap(nodesOf));
  }
}

test("copies of an answer, abandoned answers and other chains are not counted", async () => {
  const store = new Store();
  const asked = store.chain("s", [{ role: "system", id: "sys", at: 0 }, user("u1", 1, "go")]);
  store.chain("s", [says("a1", 3, "copy", ["exec_0"])], asked);
  store.chain("s", [says("a0", 3, "abandoned")], asked);
  const head = store.chain(
    "s",
    [says("a1", 3, "", ["exec_0"]), result("t1", 4, "exec_0"), says("a2", 6, "done")],
    asked,
  );
  store.head("s", head);
  const tree = await store.tree("s");
  expect(tree.match(/llm swe-2 tokens\(prompt=1150 cache_read=1000 cache_write=50 completion=10\)/g)).toHaveLength(2);
  expect(tree).not.toContain("abandoned");
  expect(tree).toContain('tool exec "{\\"for\\":\\"a1\\"}" → "result of exec_0" +3500..+4000 ok');
});

test("a chain that Devin writes anew, with new nodes and old ids, adds nothing twice", () => {
  const store = new Store();
  const first = [user("u1", 1, "go"), says("a1", 3, "one")];
  store.head("s", store.chain("s", first));
  const source = { id: "main", path: store.path, role: { session: "s", since: String(T0) } };
  let cursor = emptyCursor();
  const ids = () => {
    const unread = follow(source, cursor);
    cursor = JSON.parse(JSON.stringify(unread.cursor));
    return unread.records.flatMap((record) => (Object(record).kind === "message" ? [Object(record).id] : []));
  };
  expect(ids()).toEqual(["u1", "a1"]);
  expect(ids()).toEqual([]);
  store.head(
    "s",
    store.chain("s", [{ role: "system", id: "new", at: 0 }, ...first, user("u2", 10, "more"), says("a2", 12, "two")]),
  );
  expect(ids()).toEqual(["u2", "a2"]);
});

test("a session that is gone on with is traced from its first prompt since tracing began", async () => {
  const store = new Store();
  store.head(
    "s",
    store.chain("s", [user("u1", 1, "old"), says("a1", 3, "old"), user("u2", 100, "go"), says("a2", 102, "new")]),
  );
  const tree = await store.tree("s", 99.9);
  expect(tree).toStartWith('turn 2 "go" → "new"');
  expect(tree).not.toContain("old");
});

test("a subagent hangs below the call that ran it, with its own requests", async () => {
  const store = new Store();
  const chain = store.chain("s", [
    { role: "system", id: "sub-sys", at: 3, notes: { is_system_prefix: true } },
    {
      ...user("sub-u", 3.1, "look around"),
      metadata: { is_user_input: true, extensions: { "subagent/handoff": true } },
    },
    says("sub-a", 5, "found it"),
  ]);
  const ran = result("t1", 6, "run_subagent_0", {
    "subagent/agent_id": "d8a8ea4c",
    "subagent/chain_node_id": chain,
    "subagent/profile_name": "Explore",
  });
  store.head(
    "s",
    store.chain("s", [user("u1", 1, "go"), says("a1", 3, "", ["run_subagent_0"]), ran, says("a2", 8, "done")]),
  );
  const tree = await store.tree("s");
  expect(tree).toContain('      agent Explore "look around" → "result of run_subagent_0"');
  expect(tree).toContain("        llm swe-2 tokens(prompt=1150");
  expect(tree).not.toContain("ORPHAN");
});

test("a compaction is one node with its summary, and what was before it is not read again", async () => {
  const store = new Store();
  const old = store.chain("s", [user("u1", 1, "go"), says("a1", 3, "", ["exec_0"]), result("t1", 4, "exec_0")]);
  const notes = { summarized_from: old };
  const root = store.chain("s", [
    { role: "system", id: "prefix", at: 4, notes: { is_system_prefix: true } },
    { role: "assistant", id: "sum", at: 5, text: "<summary>", metadata: { started_generation_at: iso(4.5) }, notes },
    { role: "system", id: "cont", at: 5, text: "You are continuing", notes },
    says("a2", 8, "done"),
  ]);
  store.head("s", root);
  const tree = await store.tree("s");
  expect(tree.match(/compaction auto → "<summary>"/g)).toHaveLength(1);
  expect(tree.match(/ llm /g)).toHaveLength(2);
  expect(tree).toStartWith('turn 1 "go" → "done"');
});

test("what a turn has cost is the difference of the session's totals", () => {
  const store = new Store();
  const source = { id: "main", path: store.path, role: { session: "s", since: String(T0) } };
  store.head("s", store.chain("s", [user("u1", 1, "go"), says("a1", 3, "one")]), {
    total_acu_cost: 0.1,
    total_credit_cost: 2,
  });
  let cursor = emptyCursor();
  const cost = () => {
    const unread = follow(source, cursor);
    cursor = { ...unread.cursor };
    return unread.records.filter((record) => Object(record).kind === "cost");
  };
  expect(cost()).toMatchObject([{ acu: { total: 0.1, delta: 0.1 }, credits: { total: 2, delta: 2 } }]);
  store.head("s", store.chain("s", [user("u2", 10, "more"), says("a2", 12, "two")], 2), {
    total_acu_cost: 0.3,
    total_credit_cost: 2,
  });
  expect(cost()).toMatchObject([{ acu: { total: 0.3, delta: 0.2 } }]);
});

test("a message that is no JSON is left out, and what follows it is read", async () => {
  const store = new Store();
  store.head(
    "s",
    store.chain("s", [
      user("u1", 1, "go"),
      says("a1", 3, "", ["exec_0"]),
      result("t1", 4, "exec_0"),
      says("a2", 8, "done"),
    ]),
  );
  store.write((database) => database.run("UPDATE message_nodes SET chat_message = '{torn' WHERE node_id = 3"));
  const tree = await store.tree("s");
  expect(tree.match(/ llm /g)).toHaveLength(2);
});

const at = (path: string) => ({ id: "main", path, role: { session: "amber-otter" } });

test("a missing database is a note", () => {
  const unread = follow(at("/nowhere/sessions.db"), emptyCursor());
  expect(unread).toMatchObject({ records: [], atEnd: true, note: "there is no /nowhere/sessions.db" });
});

test("a locked database is a note, and is read once it is free", () => {
  const path = makeDatabase(tempFolder(), databaseOf("print-turn"));
  const owner = new Database(path);
  owner.run("PRAGMA locking_mode = EXCLUSIVE");
  owner.run("BEGIN EXCLUSIVE");
  owner.run("UPDATE sessions SET title = 'x'");
  const locked = follow(at(path), emptyCursor());
  expect(locked.note).toBe("sessions.db is locked, it is read later");
  owner.run("ROLLBACK");
  owner.close();
  expect(follow(at(path), locked.cursor).records.length).toBeGreaterThan(0);
});

test("a newer schema is read by the columns that are known, and said", () => {
  const newer = `${databaseOf("print-turn")} CREATE TABLE refinery_schema_history(version INTEGER); INSERT INTO refinery_schema_history VALUES (18);`;
  const unread = follow(at(makeDatabase(tempFolder(), newer)), emptyCursor());
  expect(unread.note).toBe("sessions.db has schema 18, newer than 17: read by the columns that are known");
  expect(unread.records.length).toBeGreaterThan(0);
});

test("a schema without what is needed is a note", () => {
  const path = makeDatabase(tempFolder(), "CREATE TABLE sessions (id TEXT, head TEXT); CREATE TABLE messages (x);");
  const unread = follow(at(path), emptyCursor());
  expect(unread.records).toEqual([]);
  expect(unread.note).toStartWith("sessions.db has a schema without version, which this program cannot read");
});

test("a file that is no database is a note", async () => {
  const path = join(tempFolder(), "sessions.db");
  await Bun.write(path, "not a database, but long enough to be looked at as if it were one".repeat(20));
  expect(follow(at(path), emptyCursor()).note).toStartWith("sessions.db cannot be read: ");
});

test("reading leaves nothing beside a database that nobody has open", () => {
  const path = makeDatabase(tempFolder(), databaseOf("print-turn"));
  expect(follow(at(path), emptyCursor()).records.length).toBeGreaterThan(0);
  expect(readdirSync(dirname(path))).toEqual(["sessions.db"]);
});

test("the drain reads the database by itself, and says once what keeps it from that", async () => {
  const world = makeWorld(tempFolder());
  const data = tempFolder();
  const events = eventsOf("print-turn", data);
  world.clock.now = events[0]?.ts ?? 0;
  for (const event of events) {
    appendLine(`${world.paths.journal}/devin`, segmentFileOf(event.session, event.ts), JSON.stringify(event));
  }
  world.clock.now = (events.at(-1)?.ts ?? 0) + 500;
  await drain({ ...world.deps({ agents: [DEVIN] }), lifeMs: 0 });
  makeDatabase(data, databaseOf("print-turn"));
  world.clock.now += 4_000;
  await drain(world.deps({ agents: [DEVIN] }));
  const names = world.ask((reader) => reader.spans({})).map(({ span }) => span.name);
  expect(names.sort()).toEqual(["devin turn", "swe-1-7", "swe-1-7", "write"]);
  expect(world.logged.filter((line) => line.includes("there is no"))).toHaveLength(1);
});

test("a turn whose database never comes is traced from its hooks by the drain, after a while", async () => {
  const world = makeWorld(tempFolder());
  const events = eventsOf("print-turn", tempFolder()).filter(({ event }) => event !== "SessionEnd");
  for (const event of events) {
    appendLine(`${world.paths.journal}/devin`, segmentFileOf(event.session, event.ts), JSON.stringify(event));
  }
  const stopped = events.at(-1)?.ts ?? 0;
  world.clock.now = stopped + 100;
  await drain(world.deps({ agents: [DEVIN] }));
  expect(world.clock.now - stopped).toBeGreaterThanOrEqual(10_000);
  const spans = world.ask((reader) => reader.spans({})).map(({ span }) => span);
  expect(spans.map(({ name }) => name).sort()).toEqual(["devin turn", "write"]);
});

test("a database that Devin has open and is writing to is read as it was before", () => {
  const path = makeDatabase(tempFolder(), databaseOf("print-turn"));
  const owner = new Database(path);
  owner.run("UPDATE sessions SET title = 'open'");
  owner.run("BEGIN IMMEDIATE");
  owner.run("UPDATE message_nodes SET chat_message = '{}'");
  const unread = follow(at(path), emptyCursor());
  expect(unread.note).toBeUndefined();
  expect(unread.records.length).toBeGreaterThan(5);
  owner.run("COMMIT");
  owner.close();
});
