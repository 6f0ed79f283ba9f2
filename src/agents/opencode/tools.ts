/** Tool calls, the permissions they waited for, and the subagents they started. */

import type { Fact } from "../../trace/facts.ts";
import type { NodeError, Outcome } from "../../trace/node.ts";
import { callOf, openAnswer, positionOf, responseOf } from "./answers.ts";
import { keep, type Memory } from "./memory.ts";
import { threadOf } from "./turns.ts";
import type { Line } from "./wire.ts";

/** Tools that ship with OpenCode. */
const BUILT_IN_TOOLS: ReadonlySet<string> = new Set(
  "apply_patch bash batch codesearch edit glob grep invalid list lsp multiedit patch plan_enter plan_exit question read skill task todoread todowrite webfetch websearch write".split(
    " ",
  ),
);

/** Stands in for a tool that does not exist, or arguments that do not fit. */
const INVALID = "invalid";

/** How OpenCode words the end of a tool call that the user cut short. */
const ABORTED = /^Tool execution (was )?aborted/i;

/** How it words a refusal. */
const REFUSED = /rejected permission|permission .*(denied|prevents)|rule which prevents/i;

/** A tool call began, or ended; its line tells all of it each time. */
export function toolFacts(memory: Memory, line: Line, at: number): Fact[] {
  const { callID: callId, tool } = line;
  if (callId === undefined || tool === undefined) return [];
  const open = openAnswer(memory, line);
  const start = line.time?.start ?? at;
  const turn = open?.answer.turn ?? threadOf(memory, line).turn;
  const place = { turn, thread: line.thread ?? "", callId };
  const name = nameOf(line, tool);
  const builtIn = BUILT_IN_TOOLS.has(name);
  const input = line.input ?? {};
  const server = builtIn ? undefined : serverOf(memory, name);
  const facts: Fact[] = [];
  if (open) {
    const { answer } = open;
    answer.named ??= answer.attempts;
    const called = line.called ?? start;
    answer.calledAt = Math.max(answer.calledAt ?? 0, called);
    facts.push({
      type: "llm.output",
      at: called,
      turn,
      thread: place.thread,
      call: callOf(answer),
      index: positionOf(line.part),
      parts: [{ type: "tool_call", id: callId, name, input, builtIn }],
      responseId: responseOf(answer),
    });
  }
  facts.push({ type: "tool.start", at: start, ...place, name, input, builtIn, ...(server && { mcpServer: server }) });
  if (line.sessionId) facts.push({ type: "agent.link", at: start, turn, agentId: line.sessionId, callId });
  if (line.status === "completed" || line.status === "error") facts.push(...endFacts(memory, line, place, at));
  return facts;
}

interface Place {
  readonly turn: string;
  readonly thread: string;
  readonly callId: string;
}

function endFacts(memory: Memory, line: Line, place: Place, at: number): Fact[] {
  const end = line.time?.end ?? at;
  const error = errorOf(line);
  const outcome: Outcome = error ? (error.type === "interrupted" ? "interrupted" : "error") : "ok";
  const granted = memory.granted[place.callId];
  delete memory.granted[place.callId];
  const result = {
    at: end,
    ...place,
    outcome,
    ...(line.output !== undefined && { output: line.output }),
    ...(error && { error }),
    ...(typeof line.exit === "number" && { exitCode: line.exit }),
  };
  return [
    { type: "tool.end", ...result, ...(granted !== undefined && { durationMs: end - granted }) },
    { type: "tool.result", ...result },
    ...(line.sessionId ? [subagentResult(line, line.sessionId, place.turn, end, outcome, error)] : []),
  ];
}

/** What the model got of a subagent, which is the subagent's answer. */
function subagentResult(
  line: Line,
  agentId: string,
  turn: string,
  at: number,
  outcome: Outcome,
  error: NodeError | undefined,
): Fact {
  const text = typeof line.output === "string" ? line.output : undefined;
  const output = /<task_result>\n?([\s\S]*?)\n?<\/task_result>/.exec(text ?? "")?.[1] ?? text;
  return {
    type: "agent.end",
    at,
    turn,
    agentId,
    source: "recorded",
    outcome,
    ...(output !== undefined && { output }),
    ...(error && { error }),
  };
}

function errorOf(line: Line): NodeError | undefined {
  if (line.status === "error") {
    const message = typeof line.error === "string" ? line.error : (line.error?.message ?? "");
    if (ABORTED.test(message)) return { type: "interrupted", message };
    return { type: REFUSED.test(message) ? "permission" : "tool_error", message };
  }
  if (line.tool === INVALID) return { type: "invalid", message: fieldOf(line.input, "error") ?? String(line.output) };
  if (typeof line.exit === "number" && line.exit !== 0) {
    return { type: "exit", message: `exit code ${line.exit}` };
  }
  return undefined;
}

/** The tool that the model asked for, existing or not. */
function nameOf({ input }: Line, tool: string): string {
  return tool === INVALID ? (fieldOf(input, "tool") ?? tool) : tool;
}

function fieldOf(input: unknown, field: string): string | undefined {
  const value = Object(input)[field];
  return typeof value === "string" ? value : undefined;
}

/** MCP tools are named `<server>_<tool>`, the server's name without its odd characters. */
function serverOf({ servers }: Memory, tool: string): string | undefined {
  return servers.find((server) => tool.startsWith(`${server.replace(/[^a-zA-Z0-9_-]/g, "_")}_`));
}

/** A permission dialog opened. */
export function permissionFacts(memory: Memory, line: Line, at: number): Fact[] {
  const { permission, callID } = line;
  if (permission === undefined || callID === undefined) return [];
  keep(memory.asked, permission, callID);
  return [
    {
      type: "tool.permission",
      at,
      turn: threadOf(memory, line).turn,
      thread: line.thread ?? "",
      callId: callID,
      name: "",
    },
  ];
}

/** The user answered it: until then the tool had not run. */
export function grantFacts(memory: Memory, { permission, reply }: Line, at: number): void {
  const callId = memory.asked[permission ?? ""];
  if (callId === undefined || permission === undefined) return;
  delete memory.asked[permission];
  if (reply !== "reject") keep(memory.granted, callId, at);
}
