import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { waitForDrain, wantsDrain } from "../../src/hook/drain.ts";
import { flushWish } from "../../src/hook/environment.ts";
import { callHook, claudePayload, type Home, makeHome, SILENT } from "../support/hook.ts";

const BUILD_TIMEOUT_MS = 120_000;

let home: Home;
beforeEach(() => {
  home = makeHome();
});
afterEach(() => {
  home.remove();
});

describe("a drain is wanted", () => {
  test("whenever something ended", () => {
    expect(wantsDrain(home.paths, "end", Date.now())).toBe(true);
  });

  test("at a session's start only with a backlog", () => {
    expect(wantsDrain(home.paths, "start", Date.now())).toBe(false);
    writeFileSync(home.paths.backlog, "");
    expect(wantsDrain(home.paths, "start", Date.now())).toBe(true);
  });

  test("never while the agent waits to go on", () => {
    rmSync(home.paths.drainLast);
    writeFileSync(home.paths.backlog, "");
    expect(wantsDrain(home.paths, "never", Date.now())).toBe(false);
  });

  test("within a turn only when the last progress is over five seconds old, or was never, or is in the future", () => {
    const now = Date.now();
    const progressed = (ms: number) => utimesSync(home.paths.drainLast, ms / 1000, ms / 1000);
    progressed(now - 4_900);
    expect(wantsDrain(home.paths, "within", now)).toBe(false);
    progressed(now - 5_100);
    expect(wantsDrain(home.paths, "within", now)).toBe(true);
    progressed(now + 60_000);
    expect(wantsDrain(home.paths, "within", now)).toBe(true);
    rmSync(home.paths.drainLast);
    expect(wantsDrain(home.paths, "within", now)).toBe(true);
  });
});

test("hooks wait in CI or when told to, and ARIZE_FLUSH has the last word", () => {
  expect(flushWish({})).toBeUndefined();
  expect(flushWish({ CI: "true" })).toBe("sync");
  expect(flushWish({ CI: "woodpecker" })).toBe("sync");
  for (const CI of ["", "false", "0"]) expect(flushWish({ CI })).toBeUndefined();
  expect(flushWish({ ARIZE_FLUSH: "sync" })).toBe("sync");
  expect(flushWish({ ARIZE_FLUSH: "async", CI: "true" })).toBe("async");
});

describe("waiting for a drain", () => {
  test("ends when no wish is left, whoever fulfilled it", async () => {
    writeFileSync(home.paths.drainWanted, "");
    let waited = false;
    const wait = waitForDrain(home.paths, Date.now() + 30_000).then(() => {
      waited = true;
    });
    await Bun.sleep(50);
    expect(waited).toBe(false);
    rmSync(home.paths.drainWanted);
    await wait;
    expect(waited).toBe(true);
  });

  test("ends at its deadline, whatever the drain does", async () => {
    writeFileSync(home.paths.drainWanted, "");
    await waitForDrain(home.paths, Date.now() + 30);
    expect(existsSync(home.paths.drainWanted)).toBe(true);
  });
});

describe("the end of a turn", () => {
  const stop = JSON.stringify(claudePayload({ hook_event_name: "Stop" }));

  test(
    "in CI returns when the drain has consumed the journal",
    async () => {
      expect(await callHook({ stdin: stop, env: { HOME: home.folder, CI: "true", PATH: "/usr/bin:/bin" } })).toEqual(
        SILENT,
      );
      expect(existsSync(home.paths.drainWanted)).toBe(false);
      expect(existsSync(home.paths.store)).toBe(true);
    },
    BUILD_TIMEOUT_MS,
  );

  test("with the mark that install leaves in CI waits as well", async () => {
    writeFileSync(home.paths.flushSync, "");
    expect(await callHook({ stdin: stop, env: { HOME: home.folder } })).toEqual(SILENT);
    expect(existsSync(home.paths.drainWanted)).toBe(false);
  });

  test("elsewhere returns at once and leaves a drain behind that holds none of the agent's pipes", async () => {
    expect(await callHook({ stdin: stop, env: { HOME: home.folder } })).toEqual(SILENT);
    while (existsSync(home.paths.drainWanted)) await Bun.sleep(10);
    expect(existsSync(home.paths.store)).toBe(true);
    // The drain may still be closing its files: a second one ends only after it.
    expect(await callHook({ args: ["drain"], env: { HOME: home.folder } })).toMatchObject({ exitCode: 0 });
  });
});
