import { afterEach, describe, expect, test } from "bun:test";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import type { AgentEntry } from "../../src/agents/agent.ts";
import { drain } from "../../src/drain/drain.ts";
import { acquireLock } from "../../src/drain/lock.ts";
import { listSegments } from "../../src/journal/segments.ts";
import type { SpanFilter } from "../../src/store/types.ts";
import { target } from "../store/sample.ts";
import { removeTempFolders, tempFolder } from "../store/temp.ts";
import {
  AGENT_KEY,
  makeWorld,
  playTurn,
  SETTINGS,
  talker,
  turnEnd,
  turnHistory,
  turnStart,
  type World,
} from "./world.ts";

afterEach(removeTempFolders);

const HOUR_MS = 3_600_000;

function names(world: World, filter: SpanFilter = {}): string[] {
  return world.ask((reader) => reader.spans(filter).map(({ span }) => span.name));
}

describe("a drain", () => {
  test("turns journal and history into spans, and leaves no wish and no lock", async () => {
    const world = makeWorld(tempFolder());
    playTurn(world, "s", "t1");
    expect(await drain(world.deps())).toBe("done");
    expect(names(world)).toEqual(["talker turn", "model-1"]);
    const [summary] = world.ask((reader) => reader.listSessions({}));
    expect(summary).toMatchObject({ session: "s", turns: 1, llmCalls: 1, promptTokens: 100, completionTokens: 7 });
    expect(world.ask((reader) => reader.drops())).toEqual({});
    expect(existsSync(world.paths.drainWanted)).toBe(false);
    expect(existsSync(world.paths.drainLast)).toBe(true);
    expect(existsSync(world.paths.backlog)).toBe(false);
    expect(await drain(world.deps())).toBe("done");
    expect(names(world).length).toBe(2);
  });

  test("gives the same spans when it runs after every event as when it runs once", async () => {
    const often = makeWorld(tempFolder());
    const once = makeWorld(tempFolder());
    for (const world of [often, once]) {
      for (const turn of ["t1", "t2", "t3"]) {
        const at = world.clock.now;
        world.hook("s", { facts: [turnStart(turn, at)], hints: { main: world.history("s") } });
        if (world === often) await drain({ ...world.deps(), lifeMs: 0 });
        for (const fact of turnHistory(turn, at)) {
          world.write("s", [fact]);
          if (world === often) await drain({ ...world.deps(), lifeMs: 0 });
        }
        world.clock.now = at + 500;
        world.hook("s", { facts: [turnEnd(turn, at + 500)] });
        if (world === often) await drain({ ...world.deps(), lifeMs: 0 });
        world.clock.now = at + 5_000;
      }
      await drain(world.deps());
    }
    const spans = (world: World) => world.ask((reader) => reader.spans({}));
    expect(spans(once).length).toBe(6);
    expect(spans(often)).toEqual(spans(once));
  });

  test("waits for history that is written after the end was claimed", async () => {
    const world = makeWorld(tempFolder());
    const at = world.clock.now;
    world.hook("s", { facts: [turnStart("t1", at)], hints: { main: world.history("s") } });
    world.hook("s", { facts: [turnEnd("t1", at)] });
    let slept = 0;
    const deps = world.deps({
      sleep: async (ms) => {
        world.clock.now += ms;
        if (slept < 100 && slept + ms >= 100) world.write("s", turnHistory("t1", at));
        slept += ms;
      },
    });
    await drain(deps);
    expect(names(world)).toEqual(["talker turn", "model-1"]);
    expect(slept).toBeLessThan(3_000);
  });

  test("a hook that runs while the history is being looked for is folded before the records written after it", async () => {
    const world = makeWorld(tempFolder());
    const at = world.clock.now;
    const order: string[] = [];
    let meanwhile = true;
    const watched: AgentEntry = {
      ...talker,
      load: async () => {
        const agent = await talker.load();
        return {
          ...agent,
          observe: (event) => {
            order.push("hook");
            return agent.observe(event);
          },
          sources: async (...asked) => {
            // The agent goes on while the drain works: one more hook, then the record.
            if (meanwhile) world.hook("s", { facts: [turnEnd("t1", at)] });
            if (meanwhile) world.write("s", turnHistory("t1", at));
            meanwhile = false;
            return agent.sources(...asked);
          },
          history: {
            initial: (source) => agent.history.initial(source),
            read: (cursor, record, guard) => {
              order.push("record");
              return agent.history.read(cursor, record, guard);
            },
          },
        };
      },
    };
    world.hook("s", { facts: [turnStart("t1", at)], hints: { main: world.history("s") } });
    await drain(world.deps({ agents: [watched] }));
    expect(order).toEqual(["hook", "hook", "record"]);
    expect(names(world)).toEqual(["talker turn", "model-1"]);
  });

  test("a history that never comes delays a turn, and does not keep it", async () => {
    const world = makeWorld(tempFolder());
    world.hook("s", { facts: [turnStart("t1", world.clock.now)], hints: { main: "/nowhere/history" } });
    world.hook("s", { facts: [turnEnd("t1", world.clock.now + 100)] });
    await drain(world.deps());
    expect(names(world)).toEqual(["talker turn"]);
  });

  test("a turn that is quiet only after this drain's life is closed by a later one", async () => {
    const world = makeWorld(tempFolder());
    playTurn(world, "s", "t1");
    await drain({ ...world.deps(), lifeMs: 0 });
    expect(names(world)).toEqual(["model-1"]);
    world.clock.now += 60_000;
    await drain({ ...world.deps(), lifeMs: 0 });
    expect(names(world)).toEqual(["talker turn", "model-1"]);
  });

  test("a turn whose agent was killed is closed once a drain sees that the process is gone", async () => {
    const world = makeWorld(tempFolder());
    const at = world.clock.now;
    const hints = { main: world.history("s"), pid: "4711" };
    world.processes.add(4711);
    world.hook("s", { facts: [turnStart("t1", at)], hints });
    world.write("s", turnHistory("t1", at).slice(0, 2));
    await drain(world.deps());
    world.clock.now += 60_000;
    await drain(world.deps());
    expect(names(world)).toEqual([]);
    world.processes.clear();
    await drain(world.deps());
    expect(names(world, { kind: "AGENT" })).toEqual(["talker turn"]);
    const [root] = world.ask((reader) => reader.spans({ kind: "AGENT" }));
    expect(root?.span.status.code).toBe("ERROR");
    const ended = Number(BigInt(root?.span.end ?? "0") / 1_000_000n);
    expect(ended - at).toBeLessThan(1_000);
  });

  test("a process that was never seen alive is not taken for dead", async () => {
    const world = makeWorld(tempFolder());
    world.hook("s", { facts: [turnStart("t1", world.clock.now)], hints: { pid: "4711" } });
    await drain(world.deps());
    world.clock.now += 3_600_000;
    await drain(world.deps());
    expect(names(world)).toEqual([]);
  });

  test("sessions of one pass do not mix, and sinks come from each session's settings", async () => {
    const world = makeWorld(tempFolder());
    playTurn(world, "a", "t1", { GO: "x" });
    playTurn(world, "b", "t1", { GO: "y" });
    const deps = world.deps();
    const configuration = deps.configuration;
    await drain({
      ...deps,
      configuration: () => ({
        ...configuration(),
        settingsOf: (_agent, context) => ({ ...SETTINGS, sinks: [target(context.env.GO ?? "none")] }),
      }),
    });
    expect(world.ask((reader) => reader.sinks()).map(({ target: { id }, delivered }) => [id, delivered])).toEqual([
      ["x", 2],
      ["y", 2],
    ]);
    expect(names(world, { session: "b" })).toEqual(["talker turn", "model-1"]);
  });

  test("a wish that looks like the one before is seen all the same", async () => {
    const world = makeWorld(tempFolder());
    world.settings = { ...SETTINGS, sinks: [target("a")] };
    world.deliver = async () => ({ outcome: "retry", reason: "503" });
    playTurn(world, "s", "t1");
    const { mtimeMs } = statSync(world.paths.drainWanted);
    let foldedAt: number | undefined;
    let played: number | undefined;
    const deps = world.deps({
      sleep: async (ms) => {
        world.clock.now += ms;
        if (played === undefined && world.logged.length > 0) {
          played = world.clock.now;
          playTurn(world, "s", "t2");
          utimesSync(world.paths.drainWanted, mtimeMs / 1000, mtimeMs / 1000);
        }
        if (played !== undefined && foldedAt === undefined && names(world).length > 2) foldedAt = world.clock.now;
      },
    });
    utimesSync(world.paths.drainWanted, mtimeMs / 1000, mtimeMs / 1000);
    await drain(deps);
    expect((foldedAt ?? Number.NaN) - (played ?? 0)).toBeLessThan(3_000);
  });

  test("routine work is logged when verbose, without any content", async () => {
    const world = makeWorld(tempFolder());
    playTurn(world, "s", "t1");
    await drain(world.deps());
    expect(world.logged).toEqual([]);
    world.settings = { ...SETTINGS, verbose: true };
    world.clock.now += 60_000;
    playTurn(world, "s", "t2");
    await drain(world.deps());
    expect(world.logged.join()).toContain("talker s: ");
    expect(world.logged.join()).not.toContain("of t2");
  });

  test("sessions whose names differ only in case may share a segment", async () => {
    const world = makeWorld(tempFolder());
    playTurn(world, "s", "t1");
    playTurn(world, "S", "t2");
    const [upper, lower] = listSegments(world.paths);
    appendFileSync(lower?.path ?? "", readFileSync(upper?.path ?? ""));
    unlinkSync(upper?.path ?? "");
    await drain(world.deps());
    const turns = world.ask((reader) => reader.spans({ kind: "AGENT" }));
    expect(turns.map(({ session, span }) => [session, span.attributes["input.value"]])).toEqual([
      ["s", "prompt of t1"],
      ["S", "prompt of t2"],
    ]);
  });

  test("an agent is told when whole inputs are wanted", async () => {
    const world = makeWorld(tempFolder());
    const told: (string | undefined)[] = [];
    const listening: AgentEntry = {
      ...talker,
      load: async () => {
        const agent = await talker.load();
        return {
          ...agent,
          sources: (session, hints) => {
            told.push(hints.capture);
            return agent.sources(session, hints);
          },
        };
      },
    };
    playTurn(world, "s", "t1");
    await drain(world.deps({ agents: [listening], lifeMs: 0 }));
    world.settings = { ...SETTINGS, messages: "full" };
    world.clock.now += 60_000;
    await drain(world.deps({ agents: [listening], lifeMs: 0 }));
    expect(told).toEqual([undefined, "full"]);
  });

  test("in a dry run spans are stored and nothing is delivered", async () => {
    const world = makeWorld(tempFolder());
    world.settings = { ...SETTINGS, dryRun: true, sinks: [target("a")] };
    playTurn(world, "s", "t1");
    await drain(world.deps());
    expect(names(world).length).toBe(2);
    expect(world.ask((reader) => reader.sinks())).toEqual([]);
  });

  test("while tracing is off nothing is kept, and switching it on starts from there", async () => {
    const world = makeWorld(tempFolder());
    world.settings = { ...SETTINGS, enabled: false };
    playTurn(world, "s", "t1");
    await drain(world.deps());
    expect(names(world)).toEqual([]);
    expect(world.ask((reader) => reader.drops())).toEqual({});
    world.settings = SETTINGS;
    world.clock.now += 60_000;
    playTurn(world, "s", "t2");
    await drain(world.deps());
    expect(
      world.ask((reader) => reader.spans({ kind: "AGENT" })).map(({ span }) => span.attributes["input.value"]),
    ).toEqual(["prompt of t2"]);
  });

  test("content switches and masking apply before anything is stored", async () => {
    const world = makeWorld(tempFolder());
    world.settings = { ...SETTINGS, log: { ...SETTINGS.log, prompts: false } };
    playTurn(world, "s", "t1");
    await drain({ ...world.deps(), lifeMs: 0 });
    for (const suffix of ["", "-wal"]) {
      if (existsSync(world.paths.store + suffix)) {
        expect(readFileSync(world.paths.store + suffix, "latin1")).not.toContain("prompt of t1");
      }
    }
  });

  test("large histories are committed in steps", async () => {
    const world = makeWorld(tempFolder());
    const at = world.clock.now;
    world.hook("s", { facts: [turnStart("t0", at)], hints: { main: world.history("s") } });
    for (let n = 0; n < 1500; n++)
      world.write("s", [
        ...turnHistory(`t${n}`, at + n * 1000),
        { type: "turn.note", turn: `t${n}`, at: at + n * 1000, metadata: { pad: "x".repeat(1500) } },
      ]);
    world.clock.now = at + 1_500_000;
    const commits: string[] = [];
    await drain(world.deps({ checkpoint: (point) => void (point === "after commit" && commits.push(point)) }));
    expect(world.ask((reader) => reader.listSessions({}))).toMatchObject([
      { turns: 1500, llmCalls: 1500, promptTokens: 150_000 },
    ]);
    expect(commits.length).toBeGreaterThan(3);
  });

  test("a subagent's history is let go when it is long silent, and comes back with its next hook", async () => {
    const world = makeWorld(tempFolder());
    playTurn(world, "s", "t1");
    world.hook("s", { hints: { side: world.history("side") } });
    world.write("side", []);
    await drain(world.deps());
    const turns = () =>
      world.ask((reader) => reader.spans({ kind: "AGENT" }).map(({ span }) => span.attributes["input.value"]));
    const next = async (turn: string) => {
      world.clock.now += 2 * HOUR_MS;
      playTurn(world, "s", turn);
      await drain(world.deps());
    };
    await next("t2");
    // Silent for two hours: what comes now without a hook is not looked at.
    world.write("side", turnHistory("side", world.clock.now));
    await next("t3");
    expect(turns()).toEqual(["prompt of t1", "prompt of t2", "prompt of t3"]);
    world.hook("s", { hints: { side: world.history("side") } });
    world.clock.now += 60_000;
    await drain(world.deps());
    expect(turns()).toEqual(["prompt of t1", "prompt of t2", "prompt of side", "prompt of t3"]);
  });

  test("a history that was rewritten shorter is read from its beginning, without doubling", async () => {
    const world = makeWorld(tempFolder());
    playTurn(world, "s", "t1");
    world.write("s", []);
    await drain(world.deps());
    truncateSync(world.history("s"));
    world.clock.now += 10_000;
    playTurn(world, "s", "t2");
    await drain(world.deps());
    expect(names(world)).toEqual(["talker turn", "model-1", "talker turn", "model-1"]);
  });
});

describe("what is wrong is counted and never fatal", () => {
  test("torn journal lines, unknown events, failing events and unreadable history lines", async () => {
    const world = makeWorld(tempFolder());
    world.hook("s", { skipped: "no idea" });
    world.hook("s", { fail: true });
    playTurn(world, "s", "t1");
    appendFileSync(world.history("s"), 'not json\n{"fail":true}\n');
    const [segment] = listSegments(world.paths);
    appendFileSync(segment?.path ?? "", '\n{"torn":\n');
    await drain(world.deps());
    expect(names(world)).toEqual(["talker turn", "model-1"]);
    expect(world.ask((reader) => reader.drops())).toEqual({
      "history line not readable": 1,
      "history record failed": 1,
      "hook event failed": 1,
      "hook event not understood": 1,
      "journal line not readable": 1,
    });
  });

  test("an event of an agent that this program does not know stays for a newer one, for a day", async () => {
    const world = makeWorld(tempFolder());
    playTurn(world, "s", "t1");
    expect(await drain(world.deps({ agents: [] }))).toBe("done");
    expect(world.logged.join()).toContain(`no agent "${AGENT_KEY}"`);
    await drain(world.deps());
    expect(names(world)).toEqual(["talker turn", "model-1"]);

    playTurn(world, "s", "t2");
    world.clock.now += 26 * HOUR_MS;
    await drain(world.deps({ agents: [] }));
    expect(listSegments(world.paths)).toEqual([]);
    expect(world.ask((reader) => reader.drops())).toEqual({ "journal event expired unfolded": 2 });
  });

  test("notes of losses in the hook are counted once and removed", async () => {
    const world = makeWorld(tempFolder());
    mkdirSync(world.paths.losses, { recursive: true });
    writeFileSync(`${world.paths.losses}/1.json`, JSON.stringify({ v: 1, ts: 1, agent: "talker", reason: "ENOSPC" }));
    writeFileSync(`${world.paths.losses}/2.json`, "");
    await drain(world.deps());
    await drain(world.deps());
    const drops = world.ask((reader) => reader.drops());
    expect(drops["hook: ENOSPC"]).toBe(1);
    expect(Object.values(drops)).toEqual([1, 1]);
    expect(readdirSync(world.paths.losses)).toEqual([]);
  });

  test("a damaged store is set aside, counted and logged, and tracing goes on", async () => {
    const world = makeWorld(tempFolder());
    mkdirSync(world.paths.state, { recursive: true });
    writeFileSync(world.paths.store, "no database ".repeat(100));
    playTurn(world, "s", "t1");
    expect(await drain(world.deps())).toBe("done");
    expect(names(world)).toEqual(["talker turn", "model-1"]);
    expect(world.ask((reader) => reader.drops())).toEqual({ "damaged store set aside": 1 });
    const aside = readdirSync(world.paths.state).filter((name) => name.startsWith("traces.db.corrupt-"));
    expect(aside.length).toBe(1);
    expect(world.logged.join()).toContain("damaged");
  });

  test("a store damaged in its middle is set aside while the drain runs", async () => {
    const world = makeWorld(tempFolder());
    for (let n = 0; n < 60; n++) playTurn(world, "s", `t${n}`);
    await drain(world.deps());
    const bytes = readFileSync(world.paths.store);
    bytes.fill(0xa5, 4096);
    writeFileSync(world.paths.store, bytes);
    playTurn(world, "s", "last");
    expect(await drain(world.deps())).toBe("done");
    expect(world.ask((reader) => reader.drops())["damaged store set aside"]).toBe(1);
    // The journal and the history are still there: everything is read again.
    expect(world.ask((reader) => reader.listSessions({}))).toMatchObject([{ turns: 61 }]);
  });

  test("a store of a newer program is left alone, and so is the journal", async () => {
    const world = makeWorld(tempFolder());
    playTurn(world, "s", "t1");
    const { Database } = await import("bun:sqlite");
    const db = new Database(world.paths.store, { create: true });
    db.run("PRAGMA user_version = 1000");
    db.close();
    expect(await drain(world.deps())).toBe("failed");
    expect(listSegments(world.paths).length).toBe(1);
    expect(world.logged.join()).toContain("newer program");
  });
});

describe("the journal's files", () => {
  test("are deleted when they are closed and consumed, not before", async () => {
    const world = makeWorld(tempFolder());
    playTurn(world, "s", "t1");
    await drain(world.deps());
    expect(listSegments(world.paths).length).toBe(1);
    world.clock.now += 2 * HOUR_MS;
    await drain(world.deps());
    expect(listSegments(world.paths)).toEqual([]);
    expect(world.ask((reader) => reader.journalOffsets().size)).toBe(0);
    expect(names(world)).toEqual(["talker turn", "model-1"]);
  });
});

describe("wish and lock", () => {
  test("a drain that finds the lock held ends at once and leaves the wish", async () => {
    const world = makeWorld(tempFolder());
    playTurn(world, "s", "t1");
    const lock = acquireLock(world.paths.drainLock);
    expect(lock.state).toBe("held");
    expect(await drain(world.deps())).toBe("busy");
    expect(existsSync(world.paths.drainWanted)).toBe(true);
    expect(existsSync(world.paths.store)).toBe(false);
    if (lock.state === "held") lock.release();
    expect(await drain(world.deps())).toBe("done");
    expect(statSync(world.paths.drainLock).mode & 0o777).toBe(0o600);
    expect(readdirSync(world.paths.state).filter((name) => name.startsWith("drain.lock"))).toEqual(["drain.lock"]);
  });

  test.each(["after commit", "after wish", "after release"])(
    "an event that comes %s is served by the same drain",
    async (moment) => {
      const world = makeWorld(tempFolder());
      playTurn(world, "s", "t1");
      let played = false;
      const checkpoint = (point: string) => {
        if (point !== moment || played) return;
        played = true;
        world.clock.now += 10_000;
        playTurn(world, "s", "t2");
      };
      await drain(world.deps({ checkpoint }));
      expect(played).toBe(true);
      expect(names(world)).toEqual(["talker turn", "model-1", "talker turn", "model-1"]);
      expect(existsSync(world.paths.drainWanted)).toBe(false);
    },
  );

  test("an event in the last moment of a life is the next life's", async () => {
    const world = makeWorld(tempFolder());
    playTurn(world, "s", "t1");
    let played = false;
    const checkpoint = (point: string) => {
      if (point !== "after wish" || played) return;
      played = true;
      world.clock.now += 100_000;
      playTurn(world, "s", "t2");
    };
    await drain(world.deps({ checkpoint }));
    expect(names(world)).toEqual(["talker turn", "model-1", "talker turn", "model-1"]);
  });

  test("a lock file that is no database is replaced", () => {
    const path = `${tempFolder()}/drain.lock`;
    writeFileSync(path, "junk ".repeat(300));
    const lock = acquireLock(path);
    expect(lock.state).toBe("held");
    expect(acquireLock(path).state).toBe("busy");
    if (lock.state === "held") lock.release();
  });

  test("a lock that cannot be made is a failure, not an exception", async () => {
    const folder = tempFolder();
    writeFileSync(`${folder}/file`, "");
    expect(acquireLock(`${folder}/file/drain.lock`).state).toBe("failed");
  });
});
