import { expect, test } from "bun:test";
import { observe } from "../../../src/agents/opencode/events.ts";
import type { JournalEvent } from "../../../src/journal/event.ts";
import { fold, initialFold } from "../../../src/trace/fold.ts";
import type { FinishedNode } from "../../../src/trace/node.ts";
import { factsOfEvents } from "../../support/recording.ts";

const SESSION = "ses_root";
const LATER_MS = 60_000;

/** Lines as the plugin tells them, a tenth of a second apart. */
function journal(lines: readonly Readonly<Record<string, unknown>>[]): JournalEvent[] {
  return lines.map((line, i) => ({
    v: 1,
    ts: 1_000 + 100 * i,
    agent: "opencode",
    event: String(line.event),
    session: SESSION,
    env: {},
    payload: { session: SESSION, ...line },
  }));
}

function nodesOf(...lines: readonly Readonly<Record<string, unknown>>[]): readonly FinishedNode[] {
  const facts = factsOfEvents(journal(lines), observe).flatMap(({ live }) => live);
  return fold(initialFold(), [...facts, { type: "tick", at: 1_000 + LATER_MS }]).nodes;
}

const prompt = (message: string, text: string) => ({ event: "prompt", message, parts: [{ type: "text", text }] });
const created = (message: string, parentMessage: string, more = {}) => ({
  event: "assistant",
  message,
  parentMessage,
  ...more,
});
const request = (more = {}) => ({ event: "request", agent: "build", model: "m", provider: "p", ...more });
const text = (message: string, words: string, end: number) => ({
  event: "text",
  message,
  part: "prt_000000000001",
  text: words,
  end,
});
const completed = (message: string, parentMessage: string, at: number) => ({
  event: "assistant",
  message,
  parentMessage,
  completed: at,
  finish: "stop",
  tokens: { input: 10, output: 5, reasoning: 2, cache: { read: 3, write: 1 } },
  cost: 0.5,
});

const roots = (nodes: readonly FinishedNode[]) => nodes.filter((node) => node.parent === undefined);

test("tokens of thoughts and of the cache are in the totals", () => {
  const nodes = nodesOf(
    prompt("u1", "Hi"),
    created("a1", "u1"),
    request(),
    text("a1", "Hello", 1_350),
    completed("a1", "u1", 1_400),
    {
      event: "idle",
    },
  );
  const [call] = nodes.filter((node) => node.kind === "llm");
  expect(call?.usage).toEqual({ prompt: 14, completion: 7, cacheRead: 3, cacheWrite: 1, reasoning: 2 });
  expect(call?.cost).toBe(0.5);
  expect([call?.start, call?.end]).toEqual([1_200, 1_350]);
});

test("a prompt that is sent while a turn runs begins its turn with its first answer, and ends the one before", () => {
  const nodes = nodesOf(
    prompt("u1", "First"),
    created("a1", "u1"),
    request(),
    prompt("u2", "Second"),
    { event: "user", message: "u2" },
    text("a1", "One", 1_450),
    completed("a1", "u1", 1_500),
    created("a2", "u2", { created: 1_700 }),
    request({ input: [{ role: "user", id: "u2", parts: [{ type: "text", text: "Second" }] }] }),
    text("a2", "Two", 1_900),
    completed("a2", "u2", 2_000),
    { event: "idle" },
  );
  expect(roots(nodes).map(({ turn, start, end, outcome }) => ({ turn, start, end, outcome }))).toEqual([
    { turn: "u1", start: 1_000, end: 1_700, outcome: "ok" },
    { turn: "u2", start: 1_700, end: 2_100, outcome: "ok" },
  ]);
  expect(roots(nodes).map((node) => node.kind === "turn" && [node.input, node.output])).toEqual([
    ["First", "One"],
    ["Second", "Two"],
  ]);
  expect(nodes.filter((node) => node.kind === "llm").map(({ turn }) => turn)).toEqual(["u1", "u2"]);
});

test("a command that the user runs is a turn with a tool and no model call", () => {
  const nodes = nodesOf(
    { event: "user", message: "u1", created: 990 },
    created("a1", "u1"),
    {
      event: "tool",
      message: "a1",
      part: "prt_000000000001",
      tool: "bash",
      callID: "c",
      status: "running",
      input: { command: "ls" },
      time: { start: 1_200 },
    },
    {
      event: "tool",
      message: "a1",
      part: "prt_000000000001",
      tool: "bash",
      callID: "c",
      status: "completed",
      input: { command: "ls" },
      output: "x",
      exit: 0,
      time: { start: 1_200, end: 1_300 },
    },
    completed("a1", "u1", 1_350),
    { event: "idle" },
  );
  expect(nodes.map(({ kind }) => kind).sort()).toEqual(["tool", "turn"]);
  expect(roots(nodes)[0]).toMatchObject({ turn: "u1", start: 990, outcome: "ok" });
});

test("a tool that waited for the user is timed from the permission on, and says how long it waited", () => {
  const tool = { message: "a1", part: "prt_000000000001", tool: "bash", callID: "c", input: { command: "rm x" } };
  const nodes = nodesOf(
    prompt("u1", "Go"),
    created("a1", "u1"),
    request(),
    { event: "tool", ...tool, status: "running", time: { start: 1_300 } },
    { event: "permission.asked", permission: "per_1", callID: "c" },
    { event: "permission.replied", permission: "per_1", reply: "once" },
    { event: "tool", ...tool, status: "completed", output: "", exit: 0, time: { start: 1_300, end: 1_600 } },
    completed("a1", "u1", 1_700),
    { event: "idle" },
  );
  const [call] = nodes.filter((node) => node.kind === "tool");
  expect(call).toMatchObject({ start: 1_500, end: 1_600, name: "bash", outcome: "ok" });
  expect(call?.events[0]?.attributes).toEqual({ "permission.decision": "accept", "permission.waited_ms": 100 });
});

test("an attempt that failed after its tool ran leaves the answer's id to the tool, and loses nothing", () => {
  const tool = { message: "a1", part: "prt_000000000001", tool: "bash", callID: "c", input: {}, status: "completed" };
  const nodes = nodesOf(
    prompt("u1", "Go"),
    created("a1", "u1"),
    request(),
    { event: "tool", ...tool, output: "", exit: 0, time: { start: 1_300, end: 1_310 } },
    { event: "retry", attempt: 1, message: "reset" },
    request(),
    text("a1", "Done", 1_650),
    completed("a1", "u1", 1_700),
    { event: "idle" },
  );
  const calls = nodes.filter((node) => node.kind === "llm");
  expect(calls.map(({ key, outcome }) => ({ key, outcome }))).toEqual([
    { key: "llm:a1", outcome: "error" },
    { key: "llm:a1#2", outcome: "ok" },
  ]);
  expect(nodes.find(({ kind }) => kind === "tool")?.parent).toBe("llm:a1");
});

test("what is remembered between events has no text of the conversation and stays small", () => {
  let hints: Record<string, string> = {};
  for (let turn = 0; turn < 200; turn++) {
    const lines = [
      prompt(`u${turn}`, "SECRET"),
      created(`a${turn}`, `u${turn}`),
      request({ input: [{ role: "user", parts: [{ type: "text", text: "SECRET" }] }] }),
      text(`a${turn}`, "SECRET", 1_000),
      completed(`a${turn}`, `u${turn}`, 1_000),
      { event: "idle" },
    ];
    for (const event of journal(lines)) hints = { ...hints, ...observe(event, hints).hints };
  }
  expect(JSON.stringify(hints)).not.toContain("SECRET");
  expect(JSON.stringify(hints).length).toBeLessThan(4_000);
});

test("a line that is no line of the plugin is skipped with the reason", () => {
  const [event] = journal([{ event: "surprise" }]);
  expect(event && observe(event)).toMatchObject({ facts: [], skipped: expect.stringContaining("event") });
});
