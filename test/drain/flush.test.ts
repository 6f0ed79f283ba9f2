import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, statSync } from "node:fs";
import { flushAndWait, isFlushed, leftOf } from "../../src/drain/flush.ts";
import { acquireLock } from "../../src/drain/lock.ts";
import { drainLog } from "../../src/drain/log.ts";
import { target } from "../store/sample.ts";
import { removeTempFolders, tempFolder } from "../store/temp.ts";
import { answering, makeWorld, playTurn, SETTINGS, turnEnd, turnHistory, turnStart } from "./world.ts";

afterEach(removeTempFolders);

describe("flush", () => {
  test("waits for the quiet that closes the last turn, then for its delivery", async () => {
    const world = makeWorld(tempFolder());
    world.settings = { ...SETTINGS, sinks: [target("a")] };
    playTurn(world, "s", "t1");
    expect(leftOf(world.paths, Number.MAX_SAFE_INTEGER)).toMatchObject({ segments: 1 });
    const left = await flushAndWait(world.paths, 20_000, world.deps());
    expect(left).toEqual({ segments: 0, sessions: 0, deliverable: 0, held: 0 });
    expect(world.ask((reader) => reader.sinks())).toMatchObject([{ delivered: 2, pending: 0 }]);
  });

  test("says what is left when the backend stays down", async () => {
    const world = makeWorld(tempFolder());
    world.settings = { ...SETTINGS, sinks: [target("a")] };
    world.deliver = async () => ({ outcome: "retry", reason: "ECONNREFUSED" });
    playTurn(world, "s", "t1");
    const start = world.clock.now;
    const left = await flushAndWait(world.paths, 10_000, world.deps());
    expect(left).toEqual({ segments: 0, sessions: 0, deliverable: 2, held: 0 });
    expect(isFlushed(left)).toBe(false);
    expect(world.clock.now - start).toBeLessThan(11_100);
  });

  test("does not wait for spans that a paused sink holds", async () => {
    const world = makeWorld(tempFolder());
    world.settings = { ...SETTINGS, sinks: [target("a")] };
    world.deliver = answering({ outcome: "pause", reason: "401" }).deliver;
    playTurn(world, "s", "t1");
    const start = world.clock.now;
    const left = await flushAndWait(world.paths, 50_000, world.deps());
    expect(left).toMatchObject({ deliverable: 0, held: 2 });
    expect(isFlushed(left)).toBe(true);
    expect(world.clock.now - start).toBeLessThan(5_000);
  });

  test("does not wait for a turn that is simply still running", async () => {
    const world = makeWorld(tempFolder());
    world.hook("s", { facts: [turnStart("t1", world.clock.now)], hints: { main: world.history("s") } });
    const start = world.clock.now;
    expect(isFlushed(await flushAndWait(world.paths, 30_000, world.deps()))).toBe(true);
    expect(world.clock.now - start).toBeLessThan(5_000);
  });

  test("waits for the drain of another process and its work", async () => {
    const world = makeWorld(tempFolder());
    playTurn(world, "s", "t1");
    const lock = acquireLock(world.paths.drainLock);
    let polls = 0;
    const deps = world.deps({
      sleep: async (ms) => {
        world.clock.now += ms;
        if (++polls === 5 && lock.state === "held") lock.release();
      },
    });
    expect(isFlushed(await flushAndWait(world.paths, 20_000, deps))).toBe(true);
    expect(world.ask((reader) => reader.spans({}).length)).toBe(2);
  });

  test("with nothing there it is done at once and leaves no wish", async () => {
    const world = makeWorld(tempFolder());
    expect(isFlushed(await flushAndWait(world.paths, 60_000, world.deps()))).toBe(true);
    expect(existsSync(world.paths.drainWanted)).toBe(false);
  });

  test("late history inside the time that was given still counts", async () => {
    const world = makeWorld(tempFolder());
    const at = world.clock.now;
    world.hook("s", { facts: [turnStart("t1", at)], hints: { main: world.history("s") } });
    world.hook("s", { facts: [turnEnd("t1", at + 500)] });
    let written = false;
    const deps = world.deps({
      sleep: async (ms) => {
        world.clock.now += ms;
        if (!written) world.write("s", turnHistory("t1", at));
        written = true;
      },
    });
    await flushAndWait(world.paths, 30_000, deps);
    expect(world.ask((reader) => reader.spans({}).map(({ span }) => span.kind))).toEqual(["AGENT", "LLM"]);
  });
});

describe("the drain's log", () => {
  test("is 0600, one line per entry, and starts afresh when it is large", () => {
    const folder = `${tempFolder()}/logs`;
    const log = drainLog(folder, () => 0);
    log("two\nlines");
    expect(readFileSync(`${folder}/drain.log`, "utf8")).toBe("1970-01-01T00:00:00.000Z two lines\n");
    expect(statSync(`${folder}/drain.log`).mode & 0o777).toBe(0o600);
    for (let n = 0; n < 1200; n++) log("x".repeat(5_000));
    expect(statSync(`${folder}/drain.log`).size).toBeLessThan(1_100_000);
    expect(statSync(`${folder}/drain.log.1`).size).toBeLessThan(1_100_000);
  });
});
