import { afterEach, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { backoffUntil, NO_CREDENTIAL } from "../../src/drain/deliver.ts";
import { drain } from "../../src/drain/drain.ts";
import { flushAndWait } from "../../src/drain/flush.ts";
import { createDelivery } from "../../src/export/deliver.ts";
import type { Deliver } from "../../src/export/sink.ts";
import type { SinkStatus } from "../../src/store/types.ts";
import { target } from "../store/sample.ts";
import { removeTempFolders, tempFolder } from "../store/temp.ts";
import { answering, makeWorld, playTurn, SETTINGS, type World } from "./world.ts";

afterEach(removeTempFolders);

const servers: { stop: (now: boolean) => unknown }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.stop(true);
});

function sink(world: World, id = "a"): SinkStatus {
  const found = world.ask((reader) => reader.sinks()).find((one) => one.target.id === id);
  if (found === undefined) throw new Error(`no sink ${id}`);
  return found;
}

/** A world with one sink and this many turns, two spans each. */
function worldWith(turns: number, ids: readonly string[] = ["a"]): World {
  const world = makeWorld(tempFolder());
  world.settings = { ...SETTINGS, sinks: ids.map((id) => target(id)) };
  for (let n = 0; n < turns; n++) playTurn(world, "s", `t${n}`);
  // Long quiet: every root is final at the first look.
  world.clock.now += 60_000;
  return world;
}

describe("only a 2xx removes a span's delivery", () => {
  test("accepted spans are delivered, each once", async () => {
    const world = worldWith(3);
    const server = answering();
    world.deliver = server.deliver;
    await drain(world.deps());
    await drain(world.deps());
    expect(server.batches.flat().length).toBe(6);
    expect(new Set(server.batches.flat()).size).toBe(6);
    expect(sink(world)).toMatchObject({ pending: 0, delivered: 6, rejected: 0, failures: 0 });
    expect(existsSync(world.paths.backlog)).toBe(false);
  });

  test("a partial success is counted and not sent again", async () => {
    const world = worldWith(1);
    const server = answering({ outcome: "accepted", rejected: 1 });
    world.deliver = server.deliver;
    await drain({ ...world.deps(), lifeMs: 10_000 });
    expect(sink(world)).toMatchObject({ pending: 0, rejected: 1 });
    expect(server.batches.flat().length).toBe(2);
  });

  test("a transient failure is tried again after a growing pause, with the same spans", async () => {
    const world = worldWith(1);
    const times: number[] = [];
    world.deliver = async () => {
      times.push(world.clock.now);
      return times.length < 4 ? { outcome: "retry", reason: "503" } : { outcome: "accepted", rejected: 0 };
    };
    await drain(world.deps());
    expect(sink(world)).toMatchObject({ pending: 0, failures: 0, lastError: "503" });
    const pauses = times.slice(1, 4).map((time, n) => time - (times[n] ?? 0));
    expect(pauses[0]).toBeGreaterThanOrEqual(750);
    expect(pauses[1]).toBeGreaterThanOrEqual(1500);
    expect(pauses[2]).toBeGreaterThanOrEqual(3000);
    expect(pauses[2]).toBeLessThan(4000);
  });

  test("with the backend down a drain ends after its life, and the next one does not hammer", async () => {
    const world = worldWith(1);
    let requests = 0;
    world.deliver = async () => {
      requests++;
      return { outcome: "retry", reason: "ECONNREFUSED" };
    };
    const start = world.clock.now;
    await drain(world.deps());
    expect(world.clock.now - start).toBeLessThanOrEqual(60_200);
    expect(requests).toBeLessThan(10);
    expect(existsSync(world.paths.backlog)).toBe(true);
    expect(sink(world)).toMatchObject({ pending: 2, lastError: "ECONNREFUSED", failures: requests });
    const before = requests;
    await drain({ ...world.deps(), lifeMs: 100 });
    expect(requests).toBe(before);
    world.clock.now = sink(world).notBefore;
    await drain({ ...world.deps(), lifeMs: 100 });
    expect(requests).toBe(before + 1);
  });

  test("Retry-After is honoured across drains", async () => {
    const world = worldWith(1);
    const server = answering({ outcome: "retry", reason: "429", retryAfterMs: 3_600_000 });
    world.deliver = server.deliver;
    await drain(world.deps());
    const asked = sink(world).notBefore;
    expect(asked - world.clock.now).toBeGreaterThan(3_500_000);
    world.clock.now = asked - 100_000;
    await drain(world.deps());
    expect(server.batches.length).toBe(1);
    world.clock.now = asked;
    await drain(world.deps());
    expect(server.batches.length).toBe(2);
    expect(sink(world).pending).toBe(0);
  });

  test("backoff grows, stays bounded, and never undercuts what the sink asked for", () => {
    expect(backoffUntil(0, 0, undefined, 0)).toBe(500);
    expect(backoffUntil(0, 0, undefined, 0.999)).toBeLessThan(1000);
    expect(backoffUntil(0, 1000, undefined, 1)).toBe(900_000);
    expect(backoffUntil(5, 0, 60_000, 0.5)).toBe(60_005);
  });

  test("a deliver function that throws is a transient failure", async () => {
    const world = worldWith(1);
    world.deliver = async () => {
      throw new Error("socket");
    };
    await drain({ ...world.deps(), lifeMs: 100 });
    expect(sink(world)).toMatchObject({ pending: 2, lastError: "Error: socket" });
  });
});

describe("a paused sink", () => {
  test("keeps its rows and is not asked again until the configuration changes", async () => {
    const world = worldWith(1);
    const server = answering({ outcome: "pause", reason: "401: expired key" });
    world.deliver = server.deliver;
    await drain(world.deps());
    playTurn(world, "s", "more");
    await drain(world.deps());
    expect(server.batches.length).toBe(1);
    expect(sink(world)).toMatchObject({ pending: 4, paused: "401: expired key" });
    expect(existsSync(world.paths.backlog)).toBe(true);
    world.stamp = "two";
    await drain(world.deps());
    expect(sink(world)).toMatchObject({ pending: 0, delivered: 4, paused: undefined });
    expect(existsSync(world.paths.backlog)).toBe(false);
  });

  test("hands its backlog over when the file has a new credential in its place", async () => {
    const world = worldWith(1);
    world.settings = { ...SETTINGS, sinks: [target("old", { credential: "1" })] };
    world.deliver = async ({ id }) =>
      id === "old" ? { outcome: "pause", reason: "401" } : { outcome: "accepted", rejected: 0 };
    await drain(world.deps());
    expect(sink(world, "old").pending).toBe(2);
    world.settings = { ...SETTINGS, sinks: [target("new", { credential: "2" })] };
    world.stamp = "two";
    await drain(world.deps());
    expect(sink(world, "old").pending).toBe(0);
    expect(sink(world, "new")).toMatchObject({ pending: 0, delivered: 2 });
  });

  test("of a session's environment never hands it to another place", async () => {
    const world = worldWith(1);
    world.settings = { ...SETTINGS, sinks: [target("old", { layer: "environment" })] };
    const server = answering({ outcome: "pause", reason: "403" }, { outcome: "pause", reason: "403" });
    world.deliver = server.deliver;
    await drain(world.deps());
    world.settings = { ...SETTINGS, sinks: [target("file"), target("other", { layer: "environment" })] };
    world.stamp = "two";
    await drain(world.deps());
    expect(sink(world, "old")).toMatchObject({ pending: 2, paused: "403" });
  });

  test("is tried once more when a flush is asked for by name", async () => {
    const world = worldWith(1);
    const server = answering({ outcome: "pause", reason: "404" });
    world.deliver = server.deliver;
    await drain(world.deps());
    expect(await flushAndWait(world.paths, 5_000, world.deps())).toEqual({
      segments: 0,
      sessions: 0,
      deliverable: 0,
      held: 0,
    });
    expect(sink(world).delivered).toBe(2);
  });
});

describe("a refused batch", () => {
  /** Refuses every batch that holds the marked span. */
  function refusing(
    outcome: "refused" | "split",
    isBad: (index: number) => boolean,
  ): { deliver: Deliver; sizes: number[] } {
    const order: string[] = [];
    const sizes: number[] = [];
    return {
      sizes,
      deliver: async (_target, _credentials, _agent, spans) => {
        sizes.push(spans.length);
        for (const { spanId } of spans) if (!order.includes(spanId)) order.push(spanId);
        const bad = spans.some(({ spanId }) => isBad(order.indexOf(spanId)));
        return bad ? { outcome, reason: "400: no" } : { outcome: "accepted", rejected: 0 };
      },
    };
  }

  test("is halved until the refused span is alone: kept and shown, all others delivered", async () => {
    const world = worldWith(8);
    const server = refusing("refused", (index) => index === 5);
    world.deliver = server.deliver;
    await drain(world.deps());
    expect(sink(world)).toMatchObject({ pending: 0, refused: 1, delivered: 15 });
    const [refused, ...others] = world.ask((reader) => reader.refused("a", 10));
    expect(refused).toMatchObject({ session: "s", reason: "400: no" });
    expect(others).toEqual([]);
    const requests = server.sizes.length;
    await drain(world.deps());
    expect(server.sizes.length).toBe(requests);
  });

  test("that is too large is sent in halves, and what follows starts small", async () => {
    const world = worldWith(20);
    const sizes: number[] = [];
    world.deliver = async (_target, _credentials, _agent, spans) => {
      sizes.push(spans.length);
      return spans.length > 6 ? { outcome: "split", reason: "413" } : { outcome: "accepted", rejected: 0 };
    };
    await drain(world.deps());
    expect(sink(world)).toMatchObject({ pending: 0, refused: 0, delivered: 40 });
    expect(Math.max(...sizes)).toBeLessThanOrEqual(40);
    expect(sizes.filter((size) => size > 6).length).toBeLessThan(15);
  });

  test("stops being halved when the sink turns out to be down", async () => {
    const world = worldWith(4);
    const server = answering({ outcome: "refused", reason: "400" }, { outcome: "retry", reason: "503" });
    world.deliver = server.deliver;
    await drain({ ...world.deps(), lifeMs: 100 });
    expect(server.batches.map((batch) => batch.length)).toEqual([8, 4]);
    expect(sink(world)).toMatchObject({ refused: 0, pending: 8 });
  });
});

describe("sinks do not depend on each other", () => {
  test("one that is down does not hold up another", async () => {
    const world = worldWith(2, ["down", "up"]);
    world.deliver = async ({ id }) =>
      id === "down" ? { outcome: "retry", reason: "503" } : { outcome: "accepted", rejected: 0 };
    await drain({ ...world.deps(), lifeMs: 5_000 });
    expect(sink(world, "up")).toMatchObject({ pending: 0, delivered: 4 });
    expect(sink(world, "down")).toMatchObject({ pending: 4, delivered: 0 });
  });

  test("one that hangs holds up neither the folding of new events nor the other, and is left at the end", async () => {
    const world = worldWith(1, ["hanging", "up"]);
    let aborted = false;
    world.deliver = ({ id }, _credentials, _agent, _spans, { signal }) =>
      id === "up"
        ? Promise.resolve({ outcome: "accepted", rejected: 0 })
        : new Promise((resolve) => {
            signal?.addEventListener("abort", () => {
              aborted = true;
              resolve({ outcome: "retry", reason: "aborted" });
            });
          });
    let played = 0;
    const deps = world.deps({
      sleep: async (ms) => {
        world.clock.now += ms;
        if (played === 0 && sink(world, "up").delivered === 2) {
          played = world.clock.now;
          playTurn(world, "s", "during");
        }
        await Bun.sleep(0);
      },
    });
    const start = world.clock.now;
    await drain(deps);
    expect(played).toBeGreaterThan(0);
    expect(aborted).toBe(true);
    expect(world.clock.now - start).toBeLessThan(61_000);
    expect(sink(world, "up")).toMatchObject({ pending: 0, delivered: 4 });
    // Ending a request ourselves says nothing against the sink.
    expect(sink(world, "hanging")).toMatchObject({ pending: 4, failures: 0 });
  });

  test("one whose credential this process has not got is left alone and says so, until a drain has it", async () => {
    const world = worldWith(1);
    world.settings = { ...SETTINGS, sinks: [target("a", { credential: "print" }), target("free")] };
    world.credentials = false;
    const server = answering();
    world.deliver = server.deliver;
    await drain(world.deps());
    expect(sink(world, "a")).toMatchObject({ pending: 2, waiting: NO_CREDENTIAL, failures: 0 });
    expect(existsSync(world.paths.backlog)).toBe(true);
    world.credentials = true;
    await drain(world.deps());
    expect(sink(world, "a")).toMatchObject({ pending: 0, delivered: 2, waiting: undefined });
  });
});

describe("over a real connection", () => {
  test("spans wait while the server fails, and arrive once it answers", async () => {
    const world = makeWorld(tempFolder());
    const answers = [503, 400, 200];
    let requests = 0;
    const server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: async (request) => {
        await request.arrayBuffer();
        return new Response(null, { status: answers[requests++] ?? 200 });
      },
    });
    servers.push(server);
    world.settings = {
      ...SETTINGS,
      sinks: [target("a", { kind: "otlp", url: `http://127.0.0.1:${server.port}/v1/traces` })],
    };
    playTurn(world, "s", "t1");
    world.clock.now += 60_000;
    world.deliver = createDelivery({}, () => world.clock.now).deliver;
    // Requests are real here: the clock must not run ahead of them.
    const sleep = async (ms: number) => {
      world.clock.now += ms;
      await Bun.sleep(ms);
    };
    await drain(world.deps({ sleep }));
    expect(sink(world)).toMatchObject({ pending: 0, delivered: 2, refused: 0 });
    expect(requests).toBeGreaterThanOrEqual(3);
  });
});
