/** Reading message content of the Messages API as the neutral model has it. */

import type { Part, Usage } from "../../trace/node.ts";
import type { ApiUsage, Block } from "./wire.ts";

/** MCP tools are named `mcp__<server>__<tool>`; everything else ships with Claude Code. */
export function isBuiltIn(toolName: string): boolean {
  return !toolName.startsWith("mcp__");
}

/** The server of an MCP tool, from its name. */
export function mcpServerOf(toolName: string): string | undefined {
  return isBuiltIn(toolName) ? undefined : toolName.split("__")[1];
}

/** All text of a message or of a tool result's content, blocks joined by newlines. */
export function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return content === undefined || content === null ? "" : JSON.stringify(content);
  return content
    .map((block: { type?: unknown; text?: unknown }) =>
      typeof block?.text === "string" ? block.text : `[${String(block?.type ?? "content")}]`,
    )
    .join("\n");
}

function partOf(block: Block): Part | undefined {
  switch (block.type) {
    case "text":
      return { type: "text", text: block.text ?? "" };
    case "thinking":
      return { type: "reasoning", text: block.thinking ?? "" };
    case "tool_use":
      return {
        type: "tool_call",
        id: block.id ?? "",
        name: block.name ?? "tool",
        input: block.input ?? {},
        builtIn: isBuiltIn(block.name ?? ""),
      };
    case "image":
    case "document":
      return { type: "media", ...(block.source?.media_type && { mime: block.source.media_type }) };
    case "redacted_thinking":
      return undefined;
    default:
      // Server tools run inside the model request: they are part of the answer, not calls that the agent makes.
      return { type: "text", text: block.name ? `[${block.type} ${block.name}]` : `[${block.type}]` };
  }
}

/** Parts of a message; tool results are not among them. */
export function partsOf(content: string | readonly Block[]): Part[] {
  if (typeof content === "string") return content === "" ? [] : [{ type: "text", text: content }];
  return content.filter((block) => block.type !== "tool_result").flatMap((block) => partOf(block) ?? []);
}

/** Tokens with the cache included in the prompt. */
export function usageOf(usage: ApiUsage | undefined): Usage | undefined {
  if (!usage) return undefined;
  const read = usage.cache_read_input_tokens ?? undefined;
  const write = usage.cache_creation_input_tokens ?? undefined;
  const reasoning = usage.output_tokens_details?.thinking_tokens ?? undefined;
  return {
    ...(typeof usage.input_tokens === "number" && { prompt: usage.input_tokens + (read ?? 0) + (write ?? 0) }),
    ...(typeof usage.output_tokens === "number" && { completion: usage.output_tokens }),
    ...(read !== undefined && { cacheRead: read }),
    ...(write !== undefined && { cacheWrite: write }),
    ...(reasoning !== undefined && { reasoning }),
  };
}

/** Finer counts than OpenInference has keys for. */
export function usageMetadata(usage: ApiUsage | undefined): Record<string, unknown> {
  const short = usage?.cache_creation?.ephemeral_5m_input_tokens;
  const long = usage?.cache_creation?.ephemeral_1h_input_tokens;
  return {
    ...(short && { cache_write_5m_tokens: short }),
    ...(long && { cache_write_1h_tokens: long }),
    ...(usage?.service_tier && { service_tier: usage.service_tier }),
  };
}

/** Who served a response, from its id: Bedrock and Vertex mark theirs. */
export function providerOf(responseId: string | undefined): string {
  if (responseId?.startsWith("msg_bdrk_")) return "aws";
  if (responseId?.startsWith("msg_vrtx_")) return "google";
  return "anthropic";
}

/** `Exit code N` is how Claude Code begins the text of a failed Bash call. */
export function exitCodeOf(text: string): number | undefined {
  const found = /^(?:Error: )?Exit code (\d+)/.exec(text);
  return found ? Number(found[1]) : undefined;
}
