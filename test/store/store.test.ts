import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { isDamage, moveAside, openReader, openStore } from "../../src/store/open.ts";
import { MIGRATIONS, migrate, versionOf } from "../../src/store/schema.ts";
import type { Store, StoreReader } from "../../src/store/types.ts";
import { NEW_YEAR, span, step, target } from "./sample.ts";
import { removeTempFolders, tempFolder } from "./temp.ts";

afterEach(removeTempFolders);

const open: { close: () => void }[] = [];
afterEach(() => {
  for (const store of open.splice(0)) store.close();
});

function makeStore(path = `${tempFolder()}/state/traces.db`): Store {
  const opened = openStore(path);
  if (!opened.ok) throw new Error(JSON.stringify(opened.error));
  open.push(opened.store);
  return opened.store;
}

function makeReader(path: string): StoreReader {
  const opened = openReader(path);
  if (!opened.ok) throw new Error(JSON.stringify(opened.error));
  open.push(opened.store);
  return opened.store;
}

describe("opening", () => {
  test("files are 0600 in a 0700 folder even with umask 000", () => {
    const folder = `${tempFolder()}/a/state`;
    const before = process.umask(0);
    try {
      makeStore(`${folder}/traces.db`).commitStep(step([span(1)]));
    } finally {
      process.umask(before);
    }
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(readdirSync(folder).sort()).toEqual(["traces.db", "traces.db-shm", "traces.db-wal"]);
    for (const file of readdirSync(folder)) expect(statSync(`${folder}/${file}`).mode & 0o777).toBe(0o600);
  });

  test("a closed store is one file: nothing is left in the write-ahead log", () => {
    const folder = tempFolder();
    const store = makeStore(`${folder}/traces.db`);
    store.commitStep(step([span(1)], [target("a")]));
    store.undelivered("a", 1);
    store.spans({});
    store.retain({ days: 1, maxBytes: 1e9 }, NEW_YEAR);
    open.pop()?.close();
    expect(readdirSync(folder)).toEqual(["traces.db"]);
  });

  test("a schema newer than this program's is an error value and the file keeps every byte", () => {
    const path = `${tempFolder()}/traces.db`;
    const db = new Database(path);
    db.run("CREATE TABLE future (a)");
    db.run(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
    db.close();
    const before = readFileSync(path);
    const error = { problem: "newer", version: MIGRATIONS.length + 1, supported: MIGRATIONS.length } as const;
    expect(openStore(path)).toEqual({ ok: false, error });
    expect(openReader(path)).toEqual({ ok: false, error });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test.each(MIGRATIONS.map((_, version) => version))(
    "a database of schema version %i is brought up to date",
    (version) => {
      const path = `${tempFolder()}/traces.db`;
      const db = new Database(path, { create: true });
      migrate(db, MIGRATIONS.slice(0, version));
      expect(versionOf(db)).toBe(version);
      db.close();
      const store = makeStore(path);
      store.commitStep(step([span(1)]));
      expect(store.spans({}).map((each) => each.span)).toEqual([span(1)]);
    },
  );

  test("a migration added later keeps what is stored, and one that fails leaves the version before it", () => {
    const path = `${tempFolder()}/traces.db`;
    makeStore(path).commitStep(step([span(1)]));
    open.pop()?.close();
    const extended = [...MIGRATIONS, "ALTER TABLE spans ADD COLUMN extra TEXT DEFAULT 'x'", "NO SQL AT ALL"];
    expect(openStore(path, extended).ok).toBe(false);
    const db = new Database(path);
    expect(versionOf(db)).toBe(MIGRATIONS.length + 1);
    expect(db.query("SELECT name, extra FROM spans").all()).toEqual([{ name: "span 1", extra: "x" }]);
    db.close();
  });

  test("a damaged file is told apart, moved aside with its content, and replaced", () => {
    const path = `${tempFolder()}/traces.db`;
    const junk = "this is no database, whatever its name says. ".repeat(50);
    writeFileSync(path, junk);
    const opened = openStore(path);
    expect(opened).toMatchObject({ ok: false, error: { problem: "corrupt" } });
    const kept = moveAside(path, 42);
    expect(kept).toBe(`${path}.corrupt-42`);
    expect(readFileSync(kept, "utf8")).toBe(junk);
    expect(existsSync(path)).toBe(false);
    writeFileSync(path, junk);
    expect(moveAside(path, 42)).toBe(`${path}.corrupt-42-1`);
    makeStore(path).commitStep(step([span(1)]));
  });

  test("only damage counts as damage", () => {
    expect(isDamage(new Error("disk I/O error"))).toBe(false);
    expect(isDamage(Object.assign(new Error("x"), { code: "SQLITE_CORRUPT_INDEX" }))).toBe(true);
  });

  test("a reader of a store that does not exist answers empty and makes no file", () => {
    const path = `${tempFolder()}/traces.db`;
    const reader = makeReader(path);
    expect(reader.listSessions({})).toEqual([]);
    expect(reader.spans({})).toEqual([]);
    expect(reader.sinks()).toEqual([]);
    expect(reader.drops()).toEqual({});
    expect(existsSync(path)).toBe(false);
  });

  test("a reader sees each commit while the writer goes on, and a walk sees one state", () => {
    const path = `${tempFolder()}/traces.db`;
    const store = makeStore(path);
    store.commitStep(step([span(1), span(2)]));
    const reader = makeReader(path);
    const seen: string[] = [];
    for (const { span: each } of reader.eachSpan({})) {
      seen.push(each.name);
      store.commitStep(step([span(seen.length + 10)]));
    }
    expect(seen).toEqual(["span 1", "span 2"]);
    expect(reader.spans({}).length).toBe(4);
  });
});

describe("steps", () => {
  test("a span comes back exactly as it was stored, to the nanosecond", () => {
    const store = makeStore();
    const root = span(
      1,
      {
        kind: "AGENT",
        status: { code: "ERROR", message: "API Error: 529 – überlastet" },
        links: [{ traceId: "a".repeat(32), spanId: "b".repeat(16), attributes: { reason: "answers" } }],
      },
      { list: ["a", "b"], cost: 0.25, yes: true },
    );
    const child = span(2, { parentId: root.spanId, traceId: root.traceId });
    store.commitStep(step([child, root]));
    expect(store.spans({})).toEqual([
      { agent: "claude-code", session: "s", span: root },
      { agent: "claude-code", session: "s", span: child },
    ]);
  });

  test("the first copy of a span wins, with its deliveries", () => {
    const store = makeStore();
    expect(store.commitStep(step([span(1)], [target("a")]))).toBe(1);
    expect(store.commitStep(step([span(1, { name: "later" }), span(2)], [target("a"), target("b")]))).toBe(1);
    expect(store.spans({}).map((each) => each.span.name)).toEqual(["span 1", "span 2"]);
    expect(store.sinks().map(({ target: { id }, pending }) => [id, pending])).toEqual([
      ["a", 2],
      ["b", 1],
    ]);
  });

  test("progress, sources, offsets and drops are kept; what a step does not name stays", () => {
    const store = makeStore();
    const ref = { agent: "claude-code", session: "s" };
    expect(store.loadSession(ref)).toBeUndefined();
    store.commitStep(
      step([], [], {
        progress: { fold: '{"v":1}', hints: { transcript: "/t" }, context: "{}", wakeAt: NEW_YEAR + 5.5 },
        journal: { "claude-code/s.1.jsonl": 10, "claude-code/s.2.jsonl": 20 },
        sources: {
          main: { path: "/t", offset: 3, cursor: "1", readAt: 1, settled: false },
          sub: { path: "/u", offset: 4, cursor: "2", readAt: 2, settled: true },
        },
        drops: { torn: 2, none: 0 },
      }),
    );
    store.commitStep(
      step([], [], {
        progress: { fold: '{"v":2}', hints: {}, context: undefined, wakeAt: undefined },
        journal: { "claude-code/s.2.jsonl": 30 },
        sources: { main: { path: "/t", offset: 9, cursor: "3", readAt: 3, settled: false } },
        drops: { torn: 1 },
      }),
    );
    expect(store.loadSession(ref)).toEqual({ fold: '{"v":2}', hints: {}, context: undefined, wakeAt: undefined });
    expect(store.loadSource(ref, "main")).toEqual({ path: "/t", offset: 9, cursor: "3", readAt: 3, settled: false });
    expect(store.loadSource(ref, "sub")).toEqual({ path: "/u", offset: 4, cursor: "2", readAt: 2, settled: true });
    expect(store.settledSources(ref)).toEqual(["sub"]);
    expect(store.loadSource(ref, "other")).toBeUndefined();
    expect([...store.journalOffsets()]).toEqual([
      ["claude-code/s.1.jsonl", 10],
      ["claude-code/s.2.jsonl", 30],
    ]);
    expect(store.drops()).toEqual({ torn: 3 });
    store.forgetSegments(["claude-code/s.1.jsonl"]);
    store.commitJournal({ "claude-code/x.jsonl": 1 }, { torn: 1 });
    expect([...store.journalOffsets().keys()]).toEqual(["claude-code/s.2.jsonl", "claude-code/x.jsonl"]);
    expect(store.drops()).toEqual({ torn: 4 });
  });

  test("several steps are committed together or not at all", () => {
    const store = makeStore();
    const broken = { ...span(2), start: "not a number" };
    expect(() => store.commitSteps([step([span(1)], [target("a")]), step([broken], [], { session: "t" })])).toThrow();
    expect(store.spans({})).toEqual([]);
    expect(store.sinks()).toEqual([]);
    expect(store.loadSession({ agent: "claude-code", session: "s" })).toBeUndefined();
  });

  test("sessions are due by their wake time, the earliest first", () => {
    const store = makeStore();
    const wake = (session: string, wakeAt: number | undefined) =>
      store.commitStep(step([], [], { session, progress: { fold: "{}", hints: {}, context: undefined, wakeAt } }));
    wake("late", 300);
    wake("soon", 100);
    wake("never", undefined);
    wake("now", 200);
    expect(store.dueSessions(200).map(({ session }) => session)).toEqual(["soon", "now"]);
    expect(store.wakes(2)).toEqual([
      { agent: "claude-code", session: "soon", wakeAt: 100 },
      { agent: "claude-code", session: "now", wakeAt: 200 },
    ]);
    expect(store.waking(250)).toBe(2);
  });
});

describe("questions", () => {
  function filled(): Store {
    const store = makeStore();
    const usage = (prompt: number, completion: number) => ({
      "llm.token_count.prompt": prompt,
      "llm.token_count.completion": completion,
    });
    const root = span(
      10,
      { kind: "AGENT", name: "turn", status: { code: "ERROR", message: "x" } },
      {
        "input.value": "first prompt",
        metadata: JSON.stringify({ cwd: "/repo" }),
        ...usage(999, 999),
      },
    );
    const inTurn = { traceId: root.traceId, parentId: root.spanId };
    store.commitStep(
      step([
        span(12, { ...inTurn, kind: "TOOL", name: "Bash" }, { "tool.name": "Bash" }),
        span(11, inTurn, usage(100, 10)),
        span(14, { ...inTurn, status: { code: "ERROR" } }),
        span(13, inTurn, usage(200, 20)),
        root,
        span(20, { kind: "AGENT" }, { "input.value": "second prompt" }),
        span(21, { kind: "CHAIN", name: "compact" }),
      ]),
    );
    store.commitStep(step([span(5, { kind: "AGENT" })], [], { agent: "codex", session: "t" }));
    return store;
  }

  test("a session's summary counts turns, calls, tools, errors and tokens once", () => {
    const [first, second, ...others] = filled().listSessions({});
    expect(first).toEqual({
      agent: "claude-code",
      session: "s",
      firstStart: expect.closeTo(NEW_YEAR + 10, 2),
      lastEnd: expect.closeTo(NEW_YEAR + 21.5, 2),
      turns: 2,
      llmCalls: 3,
      toolCalls: 1,
      errors: 2,
      promptTokens: 300,
      completionTokens: 30,
      firstInput: "first prompt",
      cwd: "/repo",
    });
    expect(second).toMatchObject({ agent: "codex", session: "t", turns: 1, firstInput: undefined, cwd: undefined });
    expect(others).toEqual([]);
  });

  test("a filter chooses sessions, whose sums stay those of the whole session", () => {
    const store = filled();
    const [only, ...others] = store.listSessions({ tool: "Bash" });
    expect(only).toMatchObject({ session: "s", llmCalls: 3, promptTokens: 300 });
    expect(others).toEqual([]);
    expect(store.listSessions({ agent: "codex" }).map(({ session }) => session)).toEqual(["t"]);
    expect(store.listSessions({ limit: 1 }).map(({ session }) => session)).toEqual(["s"]);
    expect(store.listSessions({ since: NEW_YEAR + 1000 })).toEqual([]);
  });

  test("spans are filtered by every field and ordered by start", () => {
    const store = filled();
    const names = (filter: Parameters<Store["spans"]>[0]) => store.spans(filter).map((each) => each.span.name);
    expect(names({ agent: "claude-code" })).toEqual([
      "turn",
      "span 11",
      "Bash",
      "span 13",
      "span 14",
      "span 20",
      "compact",
    ]);
    expect(names({ kind: "TOOL" })).toEqual(["Bash"]);
    expect(names({ tool: "Bash", session: "s" })).toEqual(["Bash"]);
    expect(names({ traceId: span(10).traceId, kind: "LLM" })).toEqual(["span 11", "span 13", "span 14"]);
    expect(names({ since: NEW_YEAR + 13, until: NEW_YEAR + 20 })).toEqual(["span 13", "span 14"]);
    expect(names({ limit: 2 })).toEqual(["span 5", "turn"]);
    expect(names({ session: "'; DROP TABLE spans; --" })).toEqual([]);
  });
});
