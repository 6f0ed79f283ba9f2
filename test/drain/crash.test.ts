import { afterEach, expect, test } from "bun:test";
import { appendFileSync, existsSync } from "node:fs";
import { acquireLock } from "../../src/drain/lock.ts";
import { listSegments } from "../../src/journal/segments.ts";
import type { StoredSpan } from "../../src/store/types.ts";
import { removeTempFolders, tempFolder } from "../store/temp.ts";
import { makeWorld, playTurn, type World } from "./world.ts";

afterEach(removeTempFolders);

const CHILD = `${import.meta.dir}/crash-child.ts`;

const servers: { stop: (now: boolean) => unknown }[] = [];
const children: Bun.Subprocess[] = [];
afterEach(() => {
  for (const one of children.splice(0)) one.kill("SIGKILL");
  for (const server of servers.splice(0)) server.stop(true);
});

/** Runs a drain in its own process. */
async function child(home: string, step: number, url = "", hours = 0) {
  const spawned = Bun.spawn([process.execPath, CHILD, home, String(step), url, String(hours)], {
    env: { HOME: home, PATH: process.env.PATH ?? "" },
    stdout: "pipe",
    stderr: "pipe",
  });
  children.push(spawned);
  const [out, problems] = await Promise.all([new Response(spawned.stdout).text(), new Response(spawned.stderr).text()]);
  await spawned.exited;
  return { out, problems, signal: spawned.signalCode };
}

/** A collector that knows which span ids it has taken. */
function collector() {
  const bodies: string[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => {
      const body = new Uint8Array(await request.arrayBuffer());
      const plain = request.headers.get("content-encoding") === "gzip" ? Bun.gunzipSync(body) : body;
      bodies.push(Buffer.from(plain).toString("hex"));
      return new Response(null, { status: 200 });
    },
  });
  servers.push(server);
  return {
    url: `http://127.0.0.1:${server.port}/v1/traces`,
    // Field 2 of a protobuf span: eight bytes of span id. As a parent's id (field 4) it does not count.
    times: ({ span }: StoredSpan) => bodies.filter((body) => body.includes(`1208${span.spanId}`)).length,
  };
}

function filled(): World {
  const world = makeWorld(tempFolder());
  for (const turn of ["t1", "t2"]) playTurn(world, "s", turn);
  playTurn(world, "other", "t1");
  const [segment] = listSegments(world.paths);
  appendFileSync(segment?.path ?? "", '\n{"torn":\n');
  return world;
}

const home = (world: World) => world.paths.root.replace(/\/\.arize\/harness$/, "");

const SPANS = 6;
const EXPECTED_DROPS = { "journal line not readable": 1 };

test("a drain killed at any step loses nothing and doubles nothing: the next one finishes the work", async () => {
  const undisturbed = filled();
  const server = collector();
  const whole = await child(home(undisturbed), 0, server.url);
  expect(whole).toMatchObject({ signal: null, problems: "" });
  const steps = Number(whole.out.split(" ")[1]);
  expect(steps).toBeGreaterThan(10);
  const ids = (world: World) => world.ask((reader) => reader.spans({}).map(({ span }) => span.spanId));
  const expected = ids(undisturbed);
  expect(expected.length).toBe(SPANS);
  expect(undisturbed.ask((reader) => reader.drops())).toEqual(EXPECTED_DROPS);

  for (let step = 1; step <= steps; step++) {
    const world = filled();
    const sink = collector();
    expect((await child(home(world), step, sink.url)).signal).toBe("SIGKILL");
    expect(await child(home(world), 0, sink.url)).toMatchObject({ signal: null, problems: "" });
    expect({ step, ids: ids(world) }).toEqual({ step, ids: expected });
    expect({ step, drops: world.ask((reader) => reader.drops()) }).toEqual({ step, drops: EXPECTED_DROPS });
    const [status] = world.ask((reader) => reader.sinks());
    expect({ step, pending: status?.pending }).toEqual({ step, pending: 0 });
    const times = world.ask((reader) => reader.spans({}).map((stored) => sink.times(stored)));
    // At least once; twice only where the kill came between the answer and its record.
    for (const time of times) expect(time).toBeGreaterThanOrEqual(1);
    expect(times.filter((time) => time > 1).length === 0 || Math.max(...times) === 2).toBe(true);
    expect(existsSync(world.paths.drainWanted)).toBe(false);
  }
}, 120_000);

test("a drain killed while it deletes consumed segments leaves nothing to be read twice", async () => {
  const measure = filled();
  await child(home(measure), 0);
  const steps = Number((await child(home(measure), 0, "", 3)).out.split(" ")[1]);
  expect(listSegments(measure.paths)).toEqual([]);
  for (let step = 1; step <= steps; step++) {
    const world = filled();
    await child(home(world), 0);
    await child(home(world), step, "", 3);
    expect((await child(home(world), 0, "", 3)).signal).toBeNull();
    expect(listSegments(world.paths)).toEqual([]);
    expect(world.ask((reader) => reader.spans({}).length)).toBe(SPANS);
    expect(world.ask((reader) => reader.drops())).toEqual(EXPECTED_DROPS);
    expect(world.ask((reader) => reader.journalOffsets().size)).toBe(0);
  }
}, 60_000);

test("drains that race do the work once, and every one of them ends", async () => {
  const world = filled();
  const server = collector();
  const results = await Promise.all(Array.from({ length: 6 }, () => child(home(world), 0, server.url)));
  const outcomes = results.map(({ out }) => out.split(" ")[0] ?? "");
  for (const { problems } of results) expect(problems).toBe("");
  for (const outcome of outcomes) expect(["done", "busy"]).toContain(outcome);
  expect(outcomes).toContain("done");
  const spans = world.ask((reader) => reader.spans({}));
  expect(spans.length).toBe(SPANS);
  expect(spans.map((stored) => server.times(stored))).toEqual(spans.map(() => 1));
  expect(world.ask((reader) => reader.drops())).toEqual(EXPECTED_DROPS);
});

test("the lock of a killed process is free at once", async () => {
  const path = `${tempFolder()}/drain.lock`;
  const holder = Bun.spawn(
    [
      process.execPath,
      "-e",
      `const { acquireLock } = await import(${JSON.stringify(`${import.meta.dir}/../../src/drain/lock.ts`)});
       console.log(acquireLock(${JSON.stringify(path)}).state);
       setInterval(() => {}, 1000);`,
    ],
    { stdout: "pipe", stderr: "ignore" },
  );
  children.push(holder);
  const { value } = await holder.stdout.getReader().read();
  expect(new TextDecoder().decode(value).trim()).toBe("held");
  expect(acquireLock(path).state).toBe("busy");
  holder.kill("SIGKILL");
  await holder.exited;
  const lock = acquireLock(path);
  expect(lock.state).toBe("held");
  if (lock.state === "held") lock.release();
});
