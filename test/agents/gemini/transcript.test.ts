import { describe, expect, test } from "bun:test";
import type { HistorySource } from "../../../src/agents/agent.ts";
import { history } from "../../../src/agents/gemini/transcript.ts";
import type { Fact } from "../../../src/trace/facts.ts";
import { fold, initialFold } from "../../../src/trace/fold.ts";
import { guardOf } from "../../../src/trace/protect.ts";
import { OPEN } from "../../support/recording.ts";
import { treeText } from "../../support/tree.ts";

const MAIN: HistorySource = { id: "main", path: "/chats/session.jsonl", role: {} };
const START = Date.parse("2026-11-22T00:00:00.000Z");
const LATER_MS = 60_000;

/** Seconds after the start, as records have it. */
const at = (seconds: number) => new Date(START + seconds * 1000).toISOString();
const head = { sessionId: "s", projectHash: "p", startTime: at(0), lastUpdated: at(0), kind: "main" };
const TOKENS = { input: 100, output: 5, cached: 0, thoughts: 0, tool: 0, total: 105 };
const user = (id: string, seconds: number, content: unknown) => ({ id, timestamp: at(seconds), type: "user", content });
const answer = (id: string, seconds: number, content: unknown, more: object = {}) => ({
  id,
  timestamp: at(seconds),
  type: "gemini",
  content,
  thoughts: [],
  tokens: TOKENS,
  model: "gemini-2.5-pro",
  ...more,
});
const info = (seconds: number, content: string) => ({
  id: `i${seconds}`,
  timestamp: at(seconds),
  type: "info",
  content,
});
const checkpoint = (seconds: number, messages: readonly object[]) => ({ $set: { messages, lastUpdated: at(seconds) } });
const call = (id: string, name: string, args: object, seconds: number, more: object = {}) => ({
  id,
  name,
  args,
  status: "success",
  timestamp: at(seconds),
  result: [{ functionResponse: { id, name, response: { output: "out" } } }],
  ...more,
});
const results = (id: string, ...ids: readonly string[]) =>
  ids.map((one) => ({ functionResponse: { id: one, name: id, response: { output: "out" } } }));

function factsOf(records: readonly unknown[], source = MAIN): Fact[] {
  let cursor = history.initial(source);
  return records.flatMap((record) => {
    const read = history.read(JSON.parse(JSON.stringify(cursor)), record, OPEN);
    cursor = read.cursor;
    return read.facts;
  });
}

function treeOf(records: readonly unknown[]): string {
  const facts = factsOf(records);
  const newest = Math.max(...facts.map((fact) => fact.at));
  const end: Fact[] = [
    { type: "session.end", at: newest },
    { type: "tick", at: newest + LATER_MS },
  ];
  return treeText(fold(initialFold(), [...facts, ...end]).nodes);
}

describe("what opens a turn", () => {
  test("a prompt does; the results of tools, a nudge to go on and a loop warning belong to the turn that runs", () => {
    const tree = treeOf([
      head,
      user("u1", 1, [{ text: "go" }]),
      answer("g1", 2, "", { toolCalls: [call("c1", "glob", {}, 3)] }),
      user("u2", 3, results("glob", "c1")),
      answer("g2", 4, "half"),
      user("u3", 4.5, [{ text: "Please continue." }]),
      answer("g3", 5, "whole"),
      user("u4", 6, [{ text: "System: Potential loop detected. Details: x" }]),
      answer("g4", 7, "end"),
    ]);
    expect(tree.match(/^turn/gm)?.length).toBe(1);
    expect(tree.match(/^ {2}llm/gm)?.length).toBe(4);
    expect(tree).toContain('"go" → "end"');
  });

  test("the editor's context and a command that the user ran do not, and nothing is asked of the model for them", () => {
    const tree = treeOf([
      head,
      user("x1", 1, [{ text: "Here is the user's editor context as a JSON object. {}" }]),
      user("x2", 2, [{ text: "I ran the following shell command:\n```sh\nls\n```" }]),
      user("u1", 3, "hello"),
      answer("g1", 4, "hi"),
    ]);
    expect(tree.match(/^turn/gm)?.length).toBe(1);
    expect(tree.match(/llm/g)?.length).toBe(1);
  });

  test("a conversation that is written down anew does not, wherever it comes from", () => {
    const copied = [
      user("n1", 9, [{ text: "<session_context>\nx" }, { text: "hello" }]),
      { ...answer("n2", 9, [{ text: "hi" }]), tokens: null },
      user("n3", 9, results("glob", "c1")),
    ];
    const records = [head, user("u1", 1, "hello"), answer("g1", 2, "hi"), ...copied, checkpoint(9, copied)];
    const more = [user("u2", 10, "again"), answer("g2", 11, "yes")];
    const tree = treeOf([...records, ...more]);
    expect(tree.match(/^turn/gm)?.length).toBe(2);
    expect(tree.match(/llm/g)?.length).toBe(2);
  });
});

test("a rewind takes nothing back: what happened is told, and the next prompt is a turn", () => {
  const tree = treeOf([
    head,
    user("u1", 1, "one"),
    answer("g1", 2, "1"),
    { $rewindTo: "u1" },
    user("u2", 3, "other"),
    answer("g2", 4, "2"),
  ]);
  expect(tree).toContain('turn 1 "one" → "1"');
  expect(tree).toContain('turn 2 "other" → "2"');
});

test("an answer that is written again with its tools is one call, however often", () => {
  const tools = [call("c1", "glob", {}, 3), call("c2", "glob", { p: 1 }, 3)];
  const grown = answer("g1", 2, "look", { toolCalls: tools });
  const records = [
    head,
    user("u1", 1, "go"),
    answer("g1", 2, "look"),
    { ...grown, toolCalls: tools.slice(0, 1) },
    grown,
  ];
  const tree = treeOf([...records, user("u2", 3, results("glob", "c1", "c2")), answer("g2", 4, "done")]);
  expect(tree.match(/llm/g)?.length).toBe(2);
  expect(tree.match(/tool glob/g)?.length).toBe(2);
});

test("tokens: cached ones are part of the prompt, thoughts part of the completion, tool-use prompts are added", () => {
  const tokens = { input: 1000, output: 20, cached: 900, thoughts: 30, tool: 7, total: 1057 };
  const facts = factsOf([head, user("u1", 1, "go"), answer("g1", 2, "x", { tokens })]);
  expect(facts.find((fact) => fact.type === "llm.output")?.usage).toEqual({
    prompt: 1007,
    completion: 50,
    cacheRead: 900,
    reasoning: 30,
  });
});

test("without any figure the tokens are unknown, not 0", () => {
  const tokens = { input: 0, output: 0, cached: 0, thoughts: 0, tool: 0, total: 0 };
  const facts = factsOf([head, user("u1", 1, "go"), answer("g1", 2, "x", { tokens })]);
  expect(facts.find((fact) => fact.type === "llm.output")).not.toHaveProperty("usage");
});

describe("how a turn fails", () => {
  test("a prompt that is taken back: its request failed for good", () => {
    const tree = treeOf([head, user("u1", 1, "go"), checkpoint(3, [user("ctx", 0, "<session_context>")])]);
    expect(tree).toContain("error !request_failed");
    expect(tree).toContain("+0..+2000 error");
  });

  test("a message of the CLI about a request that was not answered", () => {
    const error = { id: "e", timestamp: at(3), type: "error", content: "[API Error: quota]" };
    expect(treeOf([head, user("u1", 1, "go"), error])).toContain('error !api_error: "[API Error: quota]"');
    const late = treeOf([head, user("u1", 1, "go"), answer("g1", 2, "x"), error]);
    expect(late).not.toContain("api_error");
  });

  test("the user's Escape, in a stream, in a tool, at a dialog", () => {
    expect(treeOf([head, user("u1", 1, "go"), info(3, "Request cancelled.")])).toContain("interrupted !cancelled");
    const stopped = call("c1", "glob", {}, 3, {
      status: "cancelled",
      result: [{ functionResponse: { id: "c1", response: { error: "[Operation Cancelled] Reason: x" } } }],
    });
    const denied = call("c2", "run_shell_command", {}, 3, {
      status: "cancelled",
      result: [{ functionResponse: { response: { error: "[Operation Cancelled] Reason: User denied execution." } } }],
    });
    const tree = treeOf([
      head,
      user("u1", 1, "go"),
      answer("g1", 2, "", { toolCalls: [stopped, denied] }),
      info(3, "Request cancelled."),
    ]);
    expect(tree).toContain("tool glob");
    expect(tree).toContain('interrupted !cancelled: "[Operation Cancelled] Reason: x"');
    expect(tree).toContain("error !denied");
  });
});

test("the results of a cancelled turn are those of its last answer, and nobody is asked with them", () => {
  const error = { functionResponse: { id: "c1", response: { error: "[Operation Cancelled] Reason: x" } } };
  const stopped = call("c1", "glob", {}, 5, { status: "cancelled", result: [error] });
  const tree = treeOf([
    head,
    user("u1", 1, "go"),
    answer("g1", 2, ""),
    info(4, "Request cancelled."),
    { ...answer("g2", 5, "", { toolCalls: [stopped] }), tokens: undefined },
    user("u2", 5, [error]),
    user("u3", 6, "on"),
    answer("g3", 7, "yes"),
  ]);
  expect(tree.match(/llm/g)?.length).toBe(2);
  expect(tree).toContain("out=glob +0..+1000 ok");
  expect(tree).toContain("tool glob");
});

describe("compression", () => {
  const summary = user("s1", 0, [{ text: "<state_snapshot>short</state_snapshot>" }]);
  const context = user("ctx", 0, [{ text: "<session_context>" }]);

  test("between tools and the next request belongs to the turn, from the tools' end on", () => {
    const tree = treeOf([
      head,
      user("u1", 1, "go"),
      answer("g1", 2, "", { toolCalls: [call("c1", "glob", {}, 3)] }),
      checkpoint(5, [context, summary]),
      user("u2", 5, results("glob", "c1")),
      answer("g2", 6, "done"),
    ]);
    expect(tree).toContain('  compaction auto → "<state_snapshot>short</state_snapshot>" +2000..+4000 ok');
  });

  test("by the user's command is a trace of its own", () => {
    const tree = treeOf([
      head,
      user("u1", 1, "go"),
      answer("g1", 2, "x"),
      checkpoint(60, [context, summary]),
      info(60, ""),
      user("u2", 70, "on"),
      answer("g2", 71, "y"),
    ]);
    expect(tree).toContain("\ncompaction manual");
    expect(tree.match(/^turn/gm)?.length).toBe(2);
  });

  test("the same summary in a later checkpoint is not another one", () => {
    const records = [head, user("u1", 1, "go"), answer("g1", 2, "x"), checkpoint(60, [context, summary]), info(60, "")];
    expect(treeOf([...records, checkpoint(90, [context, summary])]).match(/compaction/g)?.length).toBe(1);
  });

  test("the summary is kept between records only as it may be stored", () => {
    const guard = guardOf({
      log: { prompts: false, toolDetails: true, toolContent: true },
      mask: true,
      maxTextChars: 1000,
    });
    const { cursor } = history.read(history.initial(MAIN), checkpoint(5, [context, summary]), guard);
    expect(JSON.stringify(cursor)).not.toContain("short");
  });
});

describe("a file that is one JSON document", () => {
  const messages = [
    user("u1", 1, "go"),
    answer("g1", 2, "", { toolCalls: [call("c1", "glob", {}, 3)] }),
    answer("g2", 5, "done"),
  ];

  test("gives the same as its messages one by one, read at any stage", () => {
    const whole = treeOf([{ ...head, messages }]);
    const stages = [[messages[0]], [messages[0], answer("g1", 2, "")], messages.slice(0, 2), messages];
    expect(treeOf(stages.map((some) => ({ ...head, messages: some })))).toBe(whole);
    expect(whole).toContain("tool glob");
    // No record says when the second request was sent: when the tools were done.
    expect(whole).toContain("in= out=text +2000..+4000 ok");
  });
});

describe("a subagent's file", () => {
  const source: HistorySource = { id: "agent:a1", path: "/chats/s/a1.jsonl", role: { agentId: "a1" } };

  test("tells its prompt and its calls in a thread of its own, and names no turn", () => {
    const facts = factsOf(
      [{ ...head, sessionId: "a1", kind: "subagent" }, user("u1", 1, "look"), answer("g1", 2, "seen")],
      source,
    );
    expect(facts.every((fact) => !("turn" in fact) || fact.turn === "")).toBe(true);
    expect(facts.every((fact) => !("thread" in fact) || fact.thread === "a1")).toBe(true);
    expect(facts.filter((fact) => fact.type === "agent.start").at(-1)).toMatchObject({ agentId: "a1", input: "look" });
  });
});

test("records of no known shape give nothing and harm nothing", () => {
  const junk = [null, 7, "x", [], {}, { id: 1 }, { id: "a", type: "user" }, { $set: 3 }, { $set: { messages: 3 } }];
  const strange = [
    { id: "b", timestamp: "never", type: "user" },
    { id: "c", timestamp: at(1), type: "later" },
  ];
  expect(factsOf([...junk, ...strange])).toEqual([]);
});
