import { afterAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { callHook, journaled, makeHome, SILENT } from "../support/hook.ts";

const home = makeHome();
afterAll(() => home.remove());

const RECORDED = join(import.meta.dir, "../recorded");

/** How many calls of each set are of registered events. */
const SETS = [
  ["devin", "print-turn", 4],
  ["kiro", "cli2-tui-turn", 4],
  ["kiro", "cli2-no-interactive", 4],
  ["kiro", "cli3-standalone", 3],
] as const;

test.each(SETS)(
  "%s, %s: every call ends well and without a byte, and what is registered is journaled",
  async (agent, set, count) => {
    const before = journaled(home).events.length;
    for (const line of readFileSync(join(RECORDED, agent, set, "payloads.jsonl"), "utf8")
      .trim()
      .split("\n")) {
      const { env, payload } = JSON.parse(line);
      const stdin = JSON.stringify(payload);
      const own = { ...env, HOME: home.folder, HARNESS_AGENT_PID: "1" };
      expect(await callHook({ args: ["hook", agent], env: own, stdin })).toEqual(SILENT);
    }
    expect(journaled(home).events.length - before).toBe(count);
  },
);

test.each(["devin", "kiro"])("%s: garbage and nothing at all are silent too", async (agent) => {
  const before = journaled(home).events.length;
  for (const stdin of ["", "{", "[]", "null", '{"hook_event_name":"Stop"}', "\uFEFF{}"]) {
    expect(await callHook({ args: ["hook", agent], env: { HOME: home.folder }, stdin })).toEqual(SILENT);
  }
  expect(journaled(home).events.length).toBe(before);
});
