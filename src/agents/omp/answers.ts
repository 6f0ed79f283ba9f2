/** Model requests. An answer tells all of its request; before it, only that there is one is known. */

import type { Fact } from "../../trace/facts.ts";
import type { Message, NodeError, Part, Usage } from "../../trace/node.ts";
import type { Memory } from "./memory.ts";
import { isBuiltIn } from "./tools.ts";
import { resumed, threadOf } from "./turns.ts";
import { type Added, addedOf, type Content, type Line, type Usage as WireUsage } from "./wire.ts";

/** Which maker's protocol an API is; the completions API is spoken by everybody. */
const SYSTEMS: Readonly<Record<string, string>> = {
  "anthropic-messages": "anthropic",
  "openai-responses": "openai",
  "azure-openai-responses": "openai",
  "openai-codex-responses": "openai",
  "google-generative-ai": "google",
  "google-vertex": "vertexai",
  "mistral-conversations": "mistralai",
};

const PROVIDERS: Readonly<Record<string, string>> = {
  "amazon-bedrock": "aws",
  "azure-openai-responses": "azure",
  "google-vertex": "google",
  mistral: "mistralai",
};

/** Key of a call: answers have a time and no id that every provider would keep unique. */
export function callOf(thread: string, created: number): string {
  return thread === "" ? `answer:${created}` : `answer:${thread}:${created}`;
}

/** Who serves a model and whose it is, in OpenInference's terms. */
export function servedBy({ provider, api, model }: Pick<Line, "provider" | "api" | "model">) {
  const system = SYSTEMS[api ?? ""];
  return {
    ...(model && { model }),
    ...(provider && { provider: PROVIDERS[provider] ?? provider }),
    ...(system && { system }),
  };
}

/** A request is sent. */
export function requestSent(memory: Memory, line: Line, at: number): void {
  const { provider, model, api } = line;
  const thread = threadOf(memory, line);
  delete thread.pausedAt;
  if (thread.aborted) return;
  thread.request = { at, ...(provider && { provider }), ...(model && { model }), ...(api && { api }) };
}

/** An answer is complete, or its request failed. */
export function answerFacts(memory: Memory, line: Line, at: number): Fact[] {
  const start = line.created ?? at;
  const began = line.thread === undefined ? resumed(memory, start) : [];
  const thread = threadOf(memory, line);
  delete thread.request;
  delete thread.aborted;
  delete thread.pausedAt;
  const error = errorOf(line);
  if (error) thread.failure = error;
  else delete thread.failure;
  const place = { turn: thread.turn, thread: line.thread ?? "", call: callOf(line.thread ?? "", start) };
  const end = line.duration === undefined ? at : start + line.duration;
  const usage = usageOf(line.usage);
  const cost = line.usage?.cost?.total;
  return [
    ...began,
    { type: "llm.start", at: start, ...place, ...servedBy(line), input: addedOf(line).map(messageOf) },
    {
      type: "llm.output",
      at: end,
      ...place,
      index: 0,
      parts: (line.parts ?? []).flatMap(partOf),
      ...(usage && { usage }),
      ...(line.stopReason && { finishReason: line.stopReason }),
      ...(cost !== undefined && cost > 0 && { cost }),
      metadata: { ...(line.responseId && { response_id: line.responseId }) },
    },
    { type: "llm.end", at: end, ...place, outcome: outcomeOf(error), ...(error && { error }) },
  ];
}

function outcomeOf(error: NodeError | undefined): "ok" | "error" | "interrupted" {
  if (!error) return "ok";
  return error.type === "interrupted" ? "interrupted" : "error";
}

function errorOf({ stopReason, errorMessage, errorStatus }: Line): NodeError | undefined {
  if (stopReason === "aborted") return { type: "interrupted", message: errorMessage ?? "The user interrupted" };
  if (stopReason !== "error") return undefined;
  const message = errorMessage ?? "error";
  return { type: "error", message: errorStatus === undefined ? message : `${message} (${errorStatus})` };
}

function partOf({ type, text, id, name, input, intent, mime }: Content): Part[] {
  if (type === "text") return text === undefined ? [] : [{ type, text }];
  if (type === "thinking") return text === undefined ? [] : [{ type: "reasoning", text }];
  if (type === "toolCall") {
    return [
      {
        type: "tool_call",
        id: id ?? "",
        name: name ?? "tool",
        input: withoutIntent(input, intent),
        builtIn: isBuiltIn(name),
      },
    ];
  }
  return [{ type: "media", ...(mime && { mime }) }];
}

/** Oh My Pi adds an argument `i` to every tool, the intent, which the tool itself never sees. */
function withoutIntent(input: unknown, intent: string | undefined): unknown {
  if (intent === undefined || typeof input !== "object" || input === null) return input;
  const { i: _intent, ...own } = input as Readonly<Record<string, unknown>>;
  return own;
}

function messageOf({ role, parts, callID }: Added): Message {
  const own = (parts ?? []).flatMap(partOf);
  if (role === "toolResult") return { role: "tool", parts: own, ...(callID && { toolCallId: callID }) };
  return { role: role === "developer" ? "system" : "user", parts: own };
}

/** Tokens with the cache included in the prompt. Nothing was counted of an answer that failed. */
function usageOf(usage: WireUsage | undefined): Usage | undefined {
  const { input = 0, output = 0, cacheRead = 0, cacheWrite = 0, reasoningTokens } = usage ?? {};
  const prompt = input + cacheRead + cacheWrite;
  if (prompt === 0 && output === 0) return undefined;
  return {
    prompt,
    completion: output,
    cacheRead,
    cacheWrite,
    ...(reasoningTokens !== undefined && reasoningTokens > 0 && { reasoning: reasoningTokens }),
  };
}
