/** Tool calls, the approvals they waited for, and the subagents they started. */

import type { Fact } from "../../trace/facts.ts";
import type { NodeError } from "../../trace/node.ts";
import type { Memory } from "./memory.ts";
import { textOf, threadOf } from "./turns.ts";
import type { Line } from "./wire.ts";

/** MCP tools are named `mcp__<server>_<tool>`; nearly everything else ships with the agent. */
const MCP = "mcp__";

/** How the agent words the end of a tool call that the user cut short. */
const ABORTED = /^(operation|command|request|tool)?\s*(was )?(aborted|cancelled|interrupted)/i;

/** pi words the exit code only. */
const EXITED = /Command exited with code (\d+)\s*$/;

/** Names of subagents in the arguments of the tool that starts them. */
interface SpawnArguments {
  readonly tasks?: readonly { readonly name?: unknown; readonly agent?: unknown }[];
}

/** Does a tool ship with the agent, as far as its name tells? */
export function isBuiltIn(tool: string | undefined): boolean {
  return tool !== undefined && !tool.startsWith(MCP);
}

/** A tool call begins. */
export function toolStartFacts(memory: Memory, line: Line, at: number): Fact[] {
  const { callID: callId, tool = "tool" } = line;
  if (callId === undefined) return [];
  const { tasks } = Object(line.input) as SpawnArguments;
  if (tool === "task" && Array.isArray(tasks)) {
    for (const { name, agent } of tasks) {
      if (typeof name === "string") spawn(memory, name, callId, typeof agent === "string" ? agent : undefined);
    }
  }
  const place = { turn: threadOf(memory, line).turn, thread: line.thread ?? "", callId };
  return [{ type: "tool.start", at, ...place, name: tool, input: line.input ?? {}, builtIn: isBuiltIn(tool) }];
}

function spawn(memory: Memory, name: string, callId: string, agent: string | undefined): void {
  memory.spawned[name] = { callId, ...(agent && { agent }) };
}

/** A tool call ended: its output, and which subagents it started. */
export function toolEndFacts(memory: Memory, line: Line, at: number): Fact[] {
  const { callID: callId, tool = "tool", server } = line;
  if (callId === undefined) return [];
  const thread = threadOf(memory, line);
  const { turn } = thread;
  const place = { turn, thread: line.thread ?? "", callId };
  const output = textOf(line.parts);
  const exit = line.exit ?? exitCodeOf(line, output);
  const error = errorOf(line, output, exit);
  if (error?.type === "interrupted") thread.aborted = true;
  const granted = memory.granted[callId];
  delete memory.granted[callId];
  const result = {
    at,
    ...place,
    outcome: error ? (error.type === "interrupted" ? "interrupted" : "error") : "ok",
    output,
    ...(error && { error }),
    ...(exit !== undefined && { exitCode: exit }),
    metadata: { ...(line.path && { path: line.path }) },
  } as const;
  const facts: Fact[] = [];
  // Only the result says which server it was.
  if (server) facts.push({ type: "tool.start", at, ...place, name: tool, builtIn: false, mcpServer: server });
  facts.push(
    { type: "tool.end", ...result, ...(granted !== undefined && { durationMs: at - granted }) },
    { type: "tool.result", ...result },
  );
  for (const { id: name, agent } of line.spawned ?? []) {
    if (name === undefined) continue;
    spawn(memory, name, callId, agent);
    for (const [agentId, started] of Object.entries(memory.threads)) {
      if (started.name === name) facts.push({ type: "agent.link", at, turn, agentId, callId });
    }
  }
  return facts;
}

function exitCodeOf({ tool, isError }: Line, output: string): number | undefined {
  const code = tool === "bash" && isError ? EXITED.exec(output)?.[1] : undefined;
  return code === undefined ? undefined : Number(code);
}

function errorOf({ isError }: Line, message: string, exit: number | undefined): NodeError | undefined {
  if (!isError) return undefined;
  if (ABORTED.test(message)) return { type: "interrupted", message };
  return { type: exit ? "exit" : "tool_error", message };
}

/** A tool call waits for the user. */
export function approvalFacts(memory: Memory, line: Line, at: number): Fact[] {
  const { callID, tool = "tool" } = line;
  if (callID === undefined) return [];
  const { turn } = threadOf(memory, line);
  return [
    {
      type: "tool.permission",
      at,
      turn,
      thread: line.thread ?? "",
      callId: callID,
      name: tool,
      builtIn: isBuiltIn(tool),
    },
  ];
}

/** The user let it run: until then it had not. */
export function approved(memory: Memory, { callID, approved }: Line, at: number): void {
  if (callID !== undefined && approved) memory.granted[callID] = at;
}
