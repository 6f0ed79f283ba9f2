/** Texts, tools and tokens as Devin writes them. */

import type { Message, Part, Usage } from "../../trace/node.ts";
import type { ChatMessage, Metrics, ToolCall } from "./wire.ts";

/** Tools that ship with Devin CLI, of every version known. */
const BUILT_IN: ReadonlySet<string> = new Set([
  "apply_patch",
  "ask_user_question",
  "edit",
  "exec",
  "get_output",
  "glob",
  "grep",
  "kill_shell",
  "notebook_edit",
  "notebook_read",
  "read",
  "read_subagent",
  "request_scope",
  "run_subagent",
  "sidekick",
  "skill",
  "todo_write",
  "web_search",
  "webfetch",
  "write",
  "write_to_process",
]);

const MCP_TOOL = /^mcp__(.+?)__/;

export function isBuiltIn(name: string): boolean {
  return BUILT_IN.has(name);
}

/** `srv` of `mcp__srv__tool`. */
export function mcpServerOf(name: string): string | undefined {
  return MCP_TOOL.exec(name)?.[1];
}

/** All text of a content: a string, or parts that hold text. */
export function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.flatMap((part) => (typeof Object(part).text === "string" ? Object(part).text : [])).join("\n");
}

function thinkingOf(thinking: unknown): string {
  const inner: unknown = typeof thinking === "object" ? Object(thinking).thinking : thinking;
  return typeof inner === "string" ? inner : "";
}

/** Name and input of a tool call. */
export function calledOf(call: ToolCall): { readonly name: string; readonly input: unknown } {
  const given = call.arguments ?? call.function?.arguments;
  return { name: call.name ?? call.function?.name ?? "tool", input: typeof given === "string" ? parsed(given) : given };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Parts of an answer. @param idOf the id by which a call is known in its turn */
export function answerParts(message: ChatMessage, idOf: (id: string) => string): readonly Part[] {
  const reasoning = thinkingOf(message.thinking);
  const text = textOf(message.content);
  return [
    ...(reasoning === "" ? [] : [{ type: "reasoning" as const, text: reasoning }]),
    ...(text === "" ? [] : [{ type: "text" as const, text }]),
    ...(message.tool_calls ?? []).map((call) => {
      const { name, input } = calledOf(call);
      return { type: "tool_call" as const, id: idOf(call.id), name, input: input ?? {}, builtIn: isBuiltIn(name) };
    }),
  ];
}

/** A message that is no answer, as the model gets it. */
export function messageOf(message: ChatMessage, callId: string | undefined): Message {
  const parts: readonly Part[] = [{ type: "text", text: textOf(message.content) }];
  if (message.role === "tool") return { role: "tool", ...(callId !== undefined && { toolCallId: callId }), parts };
  return { role: message.role === "system" ? "system" : "user", parts };
}

/** Devin counts what came from the cache and what went into it apart from `input_tokens`. */
export function usageOf(metrics: Metrics): Usage {
  const { input_tokens, output_tokens, cache_read_tokens, cache_creation_tokens } = metrics;
  const cached = (cache_read_tokens ?? 0) + (cache_creation_tokens ?? 0);
  return {
    ...(typeof input_tokens === "number" && { prompt: input_tokens + cached }),
    ...(typeof output_tokens === "number" && { completion: output_tokens }),
    ...(typeof cache_read_tokens === "number" && { cacheRead: cache_read_tokens }),
    ...(typeof cache_creation_tokens === "number" && { cacheWrite: cache_creation_tokens }),
  };
}
