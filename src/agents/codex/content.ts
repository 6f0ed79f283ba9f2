/** Reading content of the Responses API as the neutral model has it, and the names of Codex's tools. */

import type { Part, Usage } from "../../trace/node.ts";
import type { ResponseItem, TokenUsage } from "./wire.ts";

/** Names under which versions and models know the shell; hooks call it `Bash` always. */
const SHELL_TOOLS: ReadonlySet<string> = new Set([
  "exec_command",
  "shell",
  "local_shell",
  "shell_command",
  "container.exec",
]);
const SHELL = "Bash";

/** Agent types that ship with Codex. */
const BUILT_IN_AGENTS: ReadonlySet<string> = new Set(["default", "explorer", "worker", "review"]);

/** A subagent without a role is of this type. */
export const DEFAULT_AGENT = "default";

/** MCP tools are named `mcp__<server>__<tool>`; everything else ships with Codex. */
export function isBuiltIn(toolName: string): boolean {
  return !toolName.startsWith("mcp__");
}

export function isBuiltInAgent(type: string): boolean {
  return BUILT_IN_AGENTS.has(type);
}

/** The server of an MCP tool, from its name. */
export function mcpServerOf(toolName: string): string | undefined {
  return isBuiltIn(toolName) ? undefined : toolName.split("__")[1];
}

/** The name that hooks have for a tool that the model calls by `name` in `namespace`. */
export function hookNameOf(name: string, namespace: string | null | undefined): string {
  if (namespace?.startsWith("mcp__")) return `${namespace}__${name}`;
  if (namespace) return `${namespace}${name}`;
  return SHELL_TOOLS.has(name) ? SHELL : name;
}

/** The input as hooks have it: a shell's command alone, a patch as `command`. */
export function hookInputOf(name: string, input: unknown): unknown {
  if (typeof input === "string") return { [name === "exec" ? "script" : "command"]: input };
  if (name !== SHELL) return input;
  const { cmd, command } = (input ?? {}) as { cmd?: unknown; command?: unknown };
  const line = cmd ?? command;
  return line === undefined ? input : { command: Array.isArray(line) ? line.at(-1) : line };
}

/** JSON text as a value; what is no JSON stays text. */
export function parsedJson(text: unknown): unknown {
  if (typeof text !== "string") return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Text of content: a string, or a list of typed blocks joined by newlines. Images are named, never copied. */
export function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return content === undefined || content === null ? "" : JSON.stringify(content);
  return content
    .map((block: { type?: unknown; text?: unknown }) =>
      typeof block?.text === "string" ? block.text : `[${String(block?.type ?? "content")}]`,
    )
    .join("\n");
}

/** A hook's tool response without the bytes of images. */
export function withoutImages(value: unknown): unknown {
  if (typeof value === "string") return value.startsWith("data:") && value.includes(";base64,") ? "[image]" : value;
  if (Array.isArray(value)) return value.map(withoutImages);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withoutImages(one)]));
}

/** Parts of a message's content. */
export function partsOf(content: unknown): Part[] {
  if (typeof content === "string") return content === "" ? [] : [{ type: "text", text: content }];
  if (!Array.isArray(content)) return [];
  return content.flatMap((block: { type?: unknown; text?: unknown; image_url?: unknown }): Part[] => {
    if (typeof block?.text === "string") return [{ type: "text", text: block.text }];
    if (block?.type === "input_image") {
      const mime = /^data:([^;,]+)/.exec(String(block.image_url ?? ""))?.[1];
      return [{ type: "media", ...(mime && { mime }) }];
    }
    return [];
  });
}

/** Parts of something that the model said, a tool call's id being the agent's own. */
export function saidParts(item: ResponseItem): Part[] {
  switch (item.type) {
    case "message":
      return partsOf(item.content);
    case "reasoning": {
      const summary = textOf(item.summary);
      return [...(summary ? [summary] : []), ...(item.content ? [textOf(item.content)] : [])].map((text) => ({
        type: "reasoning",
        text,
      }));
    }
    case "function_call":
    case "custom_tool_call":
    case "local_shell_call":
    case "web_search_call":
    case "tool_search_call": {
      const name = modelNameOf(item);
      const input = parsedJson(item.arguments ?? item.input ?? item.action);
      const builtIn = isBuiltIn(hookNameOf(item.name ?? item.type, item.namespace));
      return [{ type: "tool_call", id: item.call_id ?? item.id ?? "", name, input, builtIn }];
    }
    default:
      // Hosted tools run inside the model request: they are part of the answer, not calls that Codex makes.
      return [
        { type: "text", text: `[${item.type}] ${item.action === undefined ? "" : JSON.stringify(item.action)}`.trim() },
      ];
  }
}

/** A tool's name as the model writes it; MCP tools with their server. */
function modelNameOf(item: ResponseItem): string {
  const name = item.name ?? item.type.replace(/_call$/, "");
  return item.namespace?.startsWith("mcp__") ? `${item.namespace}__${name}` : name;
}

/** Tokens; the Responses API counts the cache in the input and reasoning in the output already. */
export function usageOf(usage: TokenUsage | null | undefined): Usage | undefined {
  if (!usage) return undefined;
  const known = {
    prompt: usage.input_tokens,
    completion: usage.output_tokens,
    cacheRead: usage.cached_input_tokens,
    cacheWrite: usage.cache_write_input_tokens,
    reasoning: usage.reasoning_output_tokens,
  };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => typeof value === "number"));
}

/** OpenInference's name for who serves the model, from the name of the provider in Codex's configuration. */
export function providerOf(provider: string): string {
  if (provider.startsWith("amazon-bedrock")) return "aws";
  return provider;
}
