/** VS Code's agent mode. Its records follow the types of the extension's source; no recording could be made here. */

import { expect, test } from "bun:test";
import { copilot } from "../../../src/agents/copilot/agent.ts";
import type { Fact } from "../../../src/trace/facts.ts";
import { fold, initialFold } from "../../../src/trace/fold.ts";
import { OPEN } from "../../support/recording.ts";
import { treeText } from "../../support/tree.ts";

const START = Date.parse("2026-11-22T10:00:00.000Z");
const SESSION = "5b0c2f0e-0000-4000-8000-000000000001";
const TRANSCRIPT = `/home/dev/.config/Code/User/workspaceStorage/a1/GitHub.copilot-chat/transcripts/${SESSION}.jsonl`;

let count = 0;
const record = (ms: number, type: string, data: Readonly<Record<string, unknown>>) => ({
  type,
  data,
  id: `r${++count}`,
  timestamp: new Date(START + ms).toISOString(),
  parentId: null,
});

const usage = { model: "gpt-5.2", inputTokens: 1200, outputTokens: 40, cacheReadTokens: 1000 };

const RECORDS = [
  record(0, "session.start", {
    sessionId: SESSION,
    version: 1,
    producer: "copilot-agent",
    copilotVersion: "0.42.0",
    vscodeVersion: "1.118.0",
    startTime: new Date(START).toISOString(),
    context: { cwd: "/home/dev/proj" },
  }),
  record(20, "user.message", { content: "What does a.txt hold?", attachments: [] }),
  record(30, "assistant.turn_start", { turnId: "0" }),
  record(900, "assistant.message", {
    messageId: "m1",
    content: "",
    toolRequests: [{ toolCallId: "call_1", name: "read_file", arguments: '{"filePath":"a.txt"}', type: "function" }],
    reasoningText: "I must look.",
  }),
  record(905, "assistant.usage", usage),
  record(910, "tool.execution_start", {
    toolCallId: "call_1",
    toolName: "read_file",
    arguments: { filePath: "a.txt" },
  }),
  record(960, "tool.execution_complete", { toolCallId: "call_1", success: true, result: { content: "alpha" } }),
  record(970, "assistant.turn_end", { turnId: "0" }),
  record(975, "assistant.turn_start", { turnId: "1" }),
  record(1500, "assistant.message", {
    messageId: "m2",
    content: "",
    toolRequests: [{ toolCallId: "call_2", name: "mcp_lab_add", arguments: "{}", type: "function" }],
  }),
  record(1510, "tool.execution_start", { toolCallId: "call_2", toolName: "mcp_lab_add", arguments: {} }),
  record(1610, "tool.execution_complete", { toolCallId: "call_2", success: false, result: { content: "no numbers" } }),
  record(1620, "assistant.turn_end", { turnId: "1" }),
  record(1625, "assistant.turn_start", { turnId: "2" }),
  record(2000, "assistant.message", { messageId: "m3", content: "It holds alpha.", toolRequests: [] }),
  record(2001, "assistant.usage", { ...usage, inputTokens: 1300, outputTokens: 7 }),
  record(2005, "assistant.turn_end", { turnId: "2" }),
  // A prompt that the user stopped: VS Code writes no end of it, and calls no hook.
  record(9000, "user.message", { content: "And b.txt?" }),
  record(9010, "assistant.turn_start", { turnId: "0" }),
  record(20_000, "user.message", { content: "Never mind." }),
  record(20_010, "assistant.turn_start", { turnId: "0" }),
  record(20_400, "assistant.message", { messageId: "m4", content: "All right.", toolRequests: [] }),
  record(20_410, "assistant.turn_end", { turnId: "0" }),
];

const hook = (ms: number, event: string, more: Readonly<Record<string, unknown>> = {}) =>
  copilot.observe(
    {
      v: 1,
      ts: START + ms,
      agent: "copilot",
      event,
      session: SESSION,
      env: {},
      payload: { timestamp: "2026-11-22T10:00:00Z", hook_event_name: event, session_id: SESSION, ...more },
    },
    {},
  );

function history(): Fact[] {
  let cursor = copilot.history.initial({ id: "main", path: TRANSCRIPT, role: {} });
  return RECORDS.flatMap((one) => {
    const read = copilot.history.read(cursor, one, OPEN);
    cursor = read.cursor;
    return read.facts;
  });
}

test("hooks name the transcript", () => {
  expect(hook(5, "SessionStart", { transcript_path: TRANSCRIPT, source: "new" }).hints).toEqual({
    transcript: TRANSCRIPT,
  });
});

test("a transcript gives turns, calls with their tokens, tools and a stopped turn", () => {
  const prompt = (ms: number, text: string) => hook(ms, "UserPromptSubmit", { prompt: text }).facts;
  const live = [
    ...prompt(10, "What does a.txt hold?"),
    ...hook(2006, "Stop", { stop_hook_active: false }).facts,
    ...prompt(8995, "And b.txt?"),
    ...prompt(19_990, "Never mind."),
    ...hook(20_412, "Stop").facts,
  ];
  const { nodes } = fold(initialFold(), [...live, ...history(), { type: "tick", at: START + 60_000 }]);
  expect(treeText(nodes)).toBe(`turn 1 "What does a.txt hold?" → "It holds alpha." +0..+1996 ok
  llm gpt-5.2 tokens(prompt=1200 cache_read=1000 completion=40) finish=- in=user out=reasoning,read_file +20..+890 ok
    tool read_file "{\\"filePath\\":\\"a.txt\\"}" → "alpha" +900..+950 ok
  llm ? finish=- in=tool out=mcp_lab_add +965..+1490 ok
    tool mcp_lab_add "{}" → "no numbers" +1500..+1600 error !tool_error: "no numbers"
  llm gpt-5.2 tokens(prompt=1300 cache_read=1000 completion=7) finish=- in=tool out=text +1615..+1990 ok
turn 2 "And b.txt?" → "" +8985..+19990 interrupted !interrupted: "The turn never reported its end"
  llm ? finish=- in=user out= +9000..+19990 interrupted !interrupted: "The request was interrupted"
turn 3 "Never mind." → "All right." +19980..+20402 ok
  llm ? finish=- in=user out=text +20000..+20390 ok
`);
});
