import { afterEach, describe, expect, test } from "bun:test";
import { openStore } from "../../src/store/open.ts";
import { DROPPED_BY_SIZE } from "../../src/store/retention.ts";
import type { Store } from "../../src/store/types.ts";
import { NEW_YEAR, span, step, target } from "./sample.ts";
import { removeTempFolders, tempFolder } from "./temp.ts";

afterEach(removeTempFolders);

const DAY_MS = 86_400_000;
const NO_LIMIT = { days: 30, maxBytes: 1e12 };

const open: { close: () => void }[] = [];
afterEach(() => {
  for (const store of open.splice(0)) store.close();
});

function makeStore(): Store {
  const opened = openStore(`${tempFolder()}/traces.db`);
  if (!opened.ok) throw new Error(JSON.stringify(opened.error));
  open.push(opened.store);
  return opened.store;
}

function status(store: Store, id: string) {
  const found = store.sinks().find((sink) => sink.target.id === id);
  if (found === undefined) throw new Error(`no sink ${id}`);
  return found;
}

describe("deliveries", () => {
  test("spans wait for each sink by itself, oldest first, until it has them", () => {
    const store = makeStore();
    store.commitStep(step([span(2), span(1), span(3)], [target("a"), target("b")]));
    const queue = store.undelivered("a", 2);
    expect(queue.map((each) => each.span.name)).toEqual(["span 2", "span 1"]);
    store.markDelivered(
      "a",
      queue.map(({ row }) => row),
      1,
      77,
    );
    expect(store.undelivered("a", 10).map((each) => each.span.name)).toEqual(["span 3"]);
    expect(status(store, "a")).toMatchObject({ pending: 1, delivered: 1, rejected: 1, lastDelivery: 77 });
    expect(status(store, "b")).toMatchObject({ pending: 3, delivered: 0, lastDelivery: undefined });
  });

  test("a batch ends before it grows past its size, but never holds nothing", () => {
    const store = makeStore();
    store.commitStep(
      step(
        [1, 2, 3].map((n) => span(n, {}, { text: "x".repeat(1000) })),
        [target("a")],
      ),
    );
    const [first] = store.undelivered("a", 10);
    const bytes = first?.bytes ?? 0;
    expect(bytes).toBeGreaterThan(1000);
    expect(store.undelivered("a", 10, 2.5 * bytes).length).toBe(2);
    expect(store.undelivered("a", 10, 1).length).toBe(1);
  });

  test("a refused span is kept with its reason and not sent again", () => {
    const store = makeStore();
    store.commitStep(step([span(1), span(2)], [target("a")]));
    const [first] = store.undelivered("a", 1);
    store.markRefused("a", [first?.row ?? -1], "400: bad attribute");
    expect(store.undelivered("a", 10).map((each) => each.span.name)).toEqual(["span 2"]);
    expect(store.refused("a", 10)).toEqual([
      { agent: "claude-code", session: "s", span: span(1), reason: "400: bad attribute" },
    ]);
    expect(status(store, "a")).toMatchObject({ pending: 1, refused: 1, lastError: "400: bad attribute" });
  });

  test("backoff counts failures until a success ends it", () => {
    const store = makeStore();
    store.commitStep(step([span(1)], [target("a")]));
    store.backoffSink("a", "503", 1000);
    store.backoffSink("a", "timeout", 3000);
    expect(status(store, "a")).toMatchObject({ failures: 2, notBefore: 3000, lastError: "timeout", pending: 1 });
    store.markDelivered(
      "a",
      store.undelivered("a", 9).map(({ row }) => row),
      0,
      5,
    );
    expect(status(store, "a")).toMatchObject({ failures: 0, notBefore: 0, pending: 0 });
  });

  test("a paused sink resumes only under another configuration", () => {
    const store = makeStore();
    store.commitStep(step([span(1)], [target("a"), target("b")]));
    store.pauseSink("a", "401: expired", "one");
    expect(status(store, "a")).toMatchObject({ paused: "401: expired", pending: 1 });
    expect(store.resumeSinks("one")).toEqual([]);
    expect(store.resumeSinks("two")).toEqual(["a"]);
    expect(status(store, "a").paused).toBeUndefined();
  });

  test("a session's waiting spans can follow it to another sink, others stay", () => {
    const store = makeStore();
    store.commitStep(
      step([span(1), span(2)], [target("old")], {
        progress: { fold: "{}", hints: {}, context: "C", wakeAt: undefined },
      }),
    );
    store.commitStep(step([span(3)], [target("old")], { session: "t" }));
    expect(store.pendingSessions("old")).toEqual([
      { agent: "claude-code", session: "s", context: "C" },
      { agent: "claude-code", session: "t", context: undefined },
    ]);
    expect(store.retarget({ agent: "claude-code", session: "s" }, "old", target("new"))).toBe(2);
    expect(status(store, "old").pending).toBe(1);
    expect(store.undelivered("new", 9).map((each) => each.span.name)).toEqual(["span 1", "span 2"]);
  });

  test("a sink added later starts from now; a backfill gives it what was before, once", () => {
    const store = makeStore();
    store.commitStep(step([span(1), span(2)]));
    store.commitStep(step([span(3)], [target("a")]));
    expect(status(store, "a").pending).toBe(1);
    store.markDelivered(
      "a",
      store.undelivered("a", 9).map(({ row }) => row),
      0,
      5,
    );
    expect(store.addDeliveries({}, [target("a"), target("b")])).toBe(5);
    expect(store.addDeliveries({}, [target("a"), target("b")])).toBe(0);
    expect(store.undelivered("a", 9).map((each) => each.span.name)).toEqual(["span 1", "span 2"]);
    expect(status(store, "b").pending).toBe(3);
  });

  test("a changed encoding of a known sink is kept", () => {
    const store = makeStore();
    store.commitStep(step([span(1)], [target("a")]));
    store.putSink(target("a", { encoding: "json" }));
    expect(status(store, "a").target.encoding).toBe("json");
    expect(store.sinks().length).toBe(1);
  });

  test("a sink that waits for its credential says so until it does not", () => {
    const store = makeStore();
    store.commitStep(step([span(1)], [target("a")]));
    store.markWaiting("a", "waiting for its credential");
    expect(status(store, "a").waiting).toBe("waiting for its credential");
    store.markWaiting("a", undefined);
    expect(status(store, "a").waiting).toBeUndefined();
  });
});

describe("retention", () => {
  test("old spans go when every sink has them; waiting and refused ones stay", () => {
    const store = makeStore();
    store.commitStep(step([span(1)]));
    store.commitStep(step([span(2), span(3), span(4)], [target("a")]));
    store.commitStep(step([span(5)], [], { now: NEW_YEAR + 9 * DAY_MS }));
    const [delivered, refused] = store.undelivered("a", 9);
    store.markDelivered("a", [delivered?.row ?? -1], 0, NEW_YEAR);
    store.markRefused("a", [refused?.row ?? -1], "400");
    const now = NEW_YEAR + 10 * DAY_MS;
    expect(store.retain({ days: 10, maxBytes: 1e12 }, now - 1)).toEqual({ aged: 0, capped: 0, dropped: 0 });
    expect(store.retain({ days: 10, maxBytes: 1e12 }, now)).toEqual({ aged: 2, capped: 0, dropped: 0 });
    expect(store.spans({}).map((each) => each.span.name)).toEqual(["span 3", "span 4", "span 5"]);
    expect(store.lastRetention()).toBe(now);
    expect(store.retain({ days: 10, maxBytes: 1e12 }, NEW_YEAR + 60 * DAY_MS).aged).toBe(2);
    expect(store.spans({}).map((each) => each.span.name)).toEqual(["span 4"]);
    expect(store.drops()).toEqual({});
  });

  test("with 0 days spans stay only until every sink has them", () => {
    const store = makeStore();
    store.commitStep(step([span(1)]));
    store.commitStep(step([span(2)], [target("a"), target("b")]));
    const rows = store.undelivered("a", 9).map(({ row }) => row);
    store.markDelivered("a", rows, 0, NEW_YEAR);
    expect(store.retain({ days: 0, maxBytes: 1e12 }, NEW_YEAR).aged).toBe(1);
    store.markDelivered("b", rows, 0, NEW_YEAR);
    expect(store.retain({ days: 0, maxBytes: 1e12 }, NEW_YEAR).aged).toBe(1);
    expect(store.spans({})).toEqual([]);
    expect(store.listSessions({})).toEqual([]);
  });

  test("over the size limit the oldest delivered spans go first, then the oldest waiting ones, counted", () => {
    const store = makeStore();
    const large = (n: number) => span(n, {}, { text: "x".repeat(4000) });
    for (let n = 0; n < 600; n++)
      store.commitStep(step([large(n)], n < 100 ? [target("a")] : [], { now: NEW_YEAR + n }));
    const full = store.size();
    const first = store.retain({ days: 30, maxBytes: full / 2 }, NEW_YEAR + 1000);
    expect(first).toMatchObject({ aged: 0, dropped: 0 });
    expect(first.capped).toBeGreaterThan(200);
    expect(store.size()).toBeLessThanOrEqual(full / 2);
    expect(status(store, "a").pending).toBe(100);
    const second = store.retain({ days: 30, maxBytes: 1 }, NEW_YEAR + 1000);
    expect(second.dropped).toBe(100);
    expect(store.drops()).toEqual({ [DROPPED_BY_SIZE]: 100 });
    expect(status(store, "a").pending).toBe(0);
  });

  test("progress outlives the spans of a session, so that nothing is read twice", () => {
    const store = makeStore();
    store.commitStep(
      step([span(1)], [], { sources: { main: { path: "/t", offset: 9, cursor: "{}", readAt: 1, settled: false } } }),
    );
    store.retain(NO_LIMIT, NEW_YEAR + 100 * DAY_MS);
    const ref = { agent: "claude-code", session: "s" };
    expect(store.spans({})).toEqual([]);
    expect(store.loadSource(ref, "main")?.offset).toBe(9);
    store.retain(NO_LIMIT, NEW_YEAR + 500 * DAY_MS);
    expect(store.loadSession(ref)).toBeUndefined();
    expect(store.loadSource(ref, "main")).toBeUndefined();
  });
});
