/**
 * Tool calls. `postToolUse` and `postToolUseFailure` know a call's id, input, output and duration. Older versions only have
 * `afterShellExecution`, `afterMCPExecution` and `afterFileEdit`, which know no id: the fold takes them for the same call
 * where both come.
 */

import { type Fact, MAIN_THREAD, type ToolEndFact, type ToolResultFact, UNNAMED_TOOL } from "../../trace/facts.ts";
import type { NodeError, Outcome } from "../../trace/node.ts";
import { fieldOf, parsed, shellResult } from "./content.ts";
import { hashOf, type Memory, noteTool, threadOf } from "./memory.ts";
import { type Entered, enter } from "./turns.ts";
import type { HookPayload } from "./wire.ts";

const SHELL = "Shell";
const TASK = "Task";

/** What an edit is called whose tool is not told. */
const EDIT = "Edit";

/** Tools whose calls `afterFileEdit` tells too. */
const EDITORS: ReadonlySet<string> = new Set([
  "Write",
  "StrReplace",
  "Edit",
  "MultiEdit",
  "ApplyPatch",
  "EditNotebook",
]);

const MCP_PREFIX = "MCP:";

/** What is told of a call besides its times. */
interface Call {
  readonly name: string;
  readonly builtIn: boolean;
  readonly input: unknown;
}

function calledTool(payload: HookPayload): Call {
  const name = payload.tool_name ?? "tool";
  const isMcp = name.startsWith(MCP_PREFIX);
  return { name: isMcp ? name.slice(MCP_PREFIX.length) : name, builtIn: !isMcp, input: parsed(payload.tool_input) };
}

/** How the events without ids tell the same call. */
function seenAs({ name, builtIn, input }: Call): ToolResultFact["seenAs"] {
  if (!builtIn) return { name, builtIn, input };
  if (name === SHELL) return { name, builtIn, input: { command: fieldOf(input, "command") } };
  if (!EDITORS.has(name)) return undefined;
  return { name: EDIT, builtIn, input: { file_path: fieldOf(input, "file_path") ?? fieldOf(input, "path") } };
}

function failureOf(payload: HookPayload): { readonly outcome: Outcome; readonly error: NodeError } {
  const message = payload.error_message || "The tool call failed";
  if (payload.is_interrupt) return { outcome: "interrupted", error: { type: "interrupted", message } };
  return { outcome: "error", error: { type: payload.failure_type || "error", message } };
}

function successOf(name: string, payload: HookPayload) {
  const { output, exitCode } =
    name === SHELL ? shellResult(payload.tool_output) : { output: parsed(payload.tool_output) };
  if (exitCode === undefined || exitCode === 0)
    return { outcome: "ok" as const, output, ...(exitCode === 0 && { exitCode }) };
  const error: NodeError = { type: "exit", message: `The command ended with exit code ${exitCode}` };
  return { outcome: "error" as const, output, exitCode, error };
}

/** When a call began that has just ended; never before its turn. */
function beganAt(entered: Entered, from: number): number {
  return Math.max(from, entered.turn?.start ?? from);
}

/** A call ended of which everything is told. */
export function toolFacts(memory: Memory, payload: HookPayload, at: number, failed: boolean): Fact[] {
  const callId = payload.tool_use_id;
  const durationMs = payload.duration ?? undefined;
  const entered = enter(memory, payload, at - (durationMs ?? 0));
  const call = calledTool(payload);
  const { name, builtIn, input } = call;
  const result = failed ? failureOf(payload) : successOf(name, payload);
  const thread = payload.subagent_id || MAIN_THREAD;
  const start = beganAt(entered, at - (durationMs ?? 0));
  ran(entered, thread, start, at);
  const where = { turn: entered.key, thread } as const;
  const ended = { at, outcome: result.outcome, ...(durationMs !== undefined && { durationMs }) };
  if (!callId) return [...entered.facts, { type: "tool.end", ...where, ...unnamed(call), ...ended, ...result }];
  const seen = seenAs(call);
  return [
    ...entered.facts,
    {
      type: "tool.start",
      at: start,
      ...where,
      callId,
      name,
      builtIn,
      input,
      ...(payload.mcp_server_name && { mcpServer: payload.mcp_server_name }),
      ...(thread === MAIN_THREAD && { unasked: true }),
    },
    { type: "tool.end", ...where, callId, ...ended },
    { type: "tool.result", at, ...where, callId, ...result, ...(seen && { seenAs: seen }) },
    ...(name === TASK ? linkFacts(memory, entered.key, callId, input, at) : []),
  ];
}

function unnamed(call: Call): Pick<ToolEndFact, "callId" | "name" | "input" | "builtIn" | "unasked"> {
  return { callId: UNNAMED_TOOL, ...call, unasked: true };
}

/** The thread's next request can only be sent now. */
function ran({ turn }: Entered, thread: string, start: number, end: number): void {
  if (!turn) return;
  const { free } = threadOf(turn, thread);
  threadOf(turn, thread).free = Math.max(free, end);
  if (thread === MAIN_THREAD) noteTool(turn, start, end);
}

/** The subagent that ended with this task was started by this call. */
function linkFacts(memory: Memory, turn: string, callId: string, input: unknown, at: number): Fact[] {
  const tasks = [fieldOf(input, "prompt"), fieldOf(input, "task"), fieldOf(input, "description")]
    .filter((task) => task !== undefined)
    .map(hashOf);
  const agentId = Object.entries(memory.subagents).find(([, task]) => tasks.includes(task))?.[0];
  if (agentId === undefined) return [];
  delete memory.subagents[agentId];
  return [{ type: "agent.link", at, turn, agentId, callId }];
}

/** A shell command, an MCP call or an edit of which no id is told. */
export function unnamedFacts(memory: Memory, event: string, payload: HookPayload, at: number): Fact[] {
  const durationMs = payload.duration ?? undefined;
  const entered = enter(memory, payload, at - (durationMs ?? 0));
  const start = beganAt(entered, at - (durationMs ?? 0));
  if (entered.turn) {
    const thread = threadOf(entered.turn, MAIN_THREAD);
    thread.free = Math.max(thread.free, at);
  }
  const { call, output, metadata } = described(event, payload);
  return [
    ...entered.facts,
    {
      type: "tool.end",
      at,
      turn: entered.key,
      thread: MAIN_THREAD,
      ...unnamed(call),
      outcome: "ok",
      // An execution that is said to be longer than its turn is as long as that.
      ...(durationMs !== undefined && { durationMs: at - start }),
      ...(output !== undefined && { output }),
      ...(metadata && { metadata }),
    },
  ];
}

function described(
  event: string,
  payload: HookPayload,
): { call: Call; output: unknown; metadata?: { sandbox: boolean } } {
  if (event === "afterMCPExecution") {
    return { call: { ...calledTool(payload), builtIn: false }, output: parsed(payload.result_json) };
  }
  if (event === "afterFileEdit") {
    return {
      call: { name: EDIT, builtIn: true, input: { file_path: payload.file_path } },
      output: { edits: payload.edits },
    };
  }
  return {
    call: { name: SHELL, builtIn: true, input: { command: payload.command } },
    output: payload.output,
    ...(typeof payload.sandbox === "boolean" && { metadata: { sandbox: payload.sandbox } }),
  };
}

/** An accepted completion: a trace of its own, since Cursor shows it beside the conversation. */
export function tabFacts(payload: HookPayload, at: number): Fact[] {
  const turn = `tab:${hashOf([payload.file_path, payload.edits])}:${at}`;
  const call = { turn, thread: MAIN_THREAD, callId: turn } as const;
  const input = { file_path: payload.file_path, edits: payload.edits };
  return [
    { type: "turn.start", at, turn, metadata: { trigger: "tab" } },
    { type: "tool.start", at, ...call, name: "Tab", builtIn: true, input, unasked: true },
    { type: "tool.end", at, ...call, outcome: "ok" },
    { type: "tool.result", at, ...call, outcome: "ok" },
    { type: "turn.end", at, turn, source: "recorded", outcome: "ok" },
  ];
}
