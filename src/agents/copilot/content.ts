/** Reading Copilot's records as the neutral model has them. */

import type { Metadata, NodeError, Part, Usage } from "../../trace/node.ts";
import type { AnswerData, ToolRequest, UsageData } from "./wire.ts";

/** Whose model it is, by the beginning of its name. */
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/^claude/i, "anthropic"],
  [/^(gpt|o\d|codex|chatgpt)/i, "openai"],
  [/^grok/i, "xai"],
];

/** Own providers by Copilot's `providerType`. */
const PROVIDERS: Readonly<Record<string, string>> = { openai: "openai", anthropic: "anthropic", azure: "azure" };

/** Subagents that ship with Copilot. */
const BUILT_IN_AGENTS = new Set(["explore", "task", "general-purpose", "code-review", "research", "rubber-duck"]);

/** Copilot says of MCP tools which server they are from; VS Code prefixes their names. */
export function isBuiltIn(name: string, mcpServer: string | undefined): boolean {
  return mcpServer === undefined && !name.startsWith("mcp_");
}

export function isBuiltInAgent(name: string): boolean {
  return BUILT_IN_AGENTS.has(name);
}

/** Who served a request: an own provider, or GitHub. VS Code does not say. */
export function providerOf({ providerType, isByok }: UsageData): string | undefined {
  if (isByok === false) return "github";
  return providerType ? PROVIDERS[providerType] : undefined;
}

export function systemOf(model: string | undefined): string | undefined {
  return SYSTEMS.find(([name]) => name.test(model ?? ""))?.[1];
}

/** Arguments of a tool call: a value in the CLI, JSON text in VS Code. */
export function argumentsOf(value: unknown): unknown {
  if (typeof value !== "string") return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function callPart(request: ToolRequest): Part {
  return {
    type: "tool_call",
    id: request.toolCallId,
    name: request.name,
    input: argumentsOf(request.arguments) ?? {},
    builtIn: isBuiltIn(request.name, request.mcpServerName),
  };
}

/** Parts of an answer, or of a chunk of one. */
export function partsOf({ reasoningText, content, toolRequests }: AnswerData): Part[] {
  return [
    ...(reasoningText ? [{ type: "reasoning" as const, text: reasoningText }] : []),
    ...(content ? [{ type: "text" as const, text: content }] : []),
    ...(toolRequests ?? []).map(callPart),
  ];
}

/** Tokens: Copilot's input includes the cache, its output the reasoning. */
export function usageOf(usage: Partial<UsageData>): Usage {
  const cacheWrite = usage.cacheWriteTokens ?? usage.cacheCreationInputTokens;
  return {
    ...(typeof usage.inputTokens === "number" && { prompt: usage.inputTokens }),
    ...(typeof usage.outputTokens === "number" && { completion: usage.outputTokens }),
    ...(typeof usage.cacheReadTokens === "number" && { cacheRead: usage.cacheReadTokens }),
    ...(typeof cacheWrite === "number" && { cacheWrite }),
    ...(typeof usage.reasoningTokens === "number" && { reasoning: usage.reasoningTokens }),
  };
}

/** What of a request's parameters the log tells. */
export function parametersOf({ reasoningEffort, maxOutputTokens }: UsageData): Readonly<Record<string, unknown>> {
  return {
    ...(reasoningEffort && { reasoning_effort: reasoningEffort }),
    ...(typeof maxOutputTokens === "number" && { max_output_tokens: maxOutputTokens }),
  };
}

/** What OpenInference has no attribute for. `cost` is a multiplier of premium requests, not money. */
export function usageMetadata(usage: UsageData): Metadata {
  return {
    ...(usage.initiator && { initiator: usage.initiator }),
    ...(usage.apiEndpoint && { api_endpoint: usage.apiEndpoint }),
    ...(usage.providerCallId && { request_id: usage.providerCallId }),
    ...(typeof usage.timeToFirstTokenMs === "number" && {
      time_to_first_token_ms: Math.round(usage.timeToFirstTokenMs),
    }),
    ...(usage.cost && { premium_requests: usage.cost }),
  };
}

/** Error texts are the provider's JSON (`{"message":…,"type":…}`), a JSON string, or plain. */
export function errorOf(text: string | undefined, fallback: string): NodeError {
  const parsed = argumentsOf(text ?? "");
  if (typeof parsed === "string") return { type: fallback, message: parsed };
  const { type, code, message } = (parsed ?? {}) as { type?: unknown; code?: unknown; message?: unknown };
  const name = [type, code].find((one) => typeof one === "string" && one !== "");
  return {
    type: typeof name === "string" ? name : fallback,
    message: typeof message === "string" ? message : (text ?? ""),
  };
}

/** Text of a tool's result. */
export function textOf(content: unknown): string | undefined {
  if (content === undefined || content === null || typeof content === "string") return content ?? undefined;
  return JSON.stringify(content);
}
