/** The OpenAI Chat Completions API as far as the agents use it. */

import type { TrueUsage } from "../truth.ts";
import type { Answer, ScriptedTool } from "./script.ts";

export interface ChatMessage {
  readonly role: string;
  readonly content?: string | readonly { readonly text?: string }[] | null;
  readonly tool_call_id?: string;
}

export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly tools?: readonly unknown[];
}

/** A scripted tool call with the id that the server gave it. */
export interface NamedTool extends ScriptedTool {
  readonly id: string;
}

export function textOf({ content }: ChatMessage): string {
  if (typeof content === "string") return content;
  return (content ?? []).map(({ text }) => text ?? "").join("\n");
}

interface Delta {
  readonly choices: readonly unknown[];
  readonly usage?: unknown;
}

function delta(content: object, finish: string | null = null): Delta {
  return { choices: [{ index: 0, delta: content, finish_reason: finish }] };
}

/** The pieces of an answer in their order, without its end. */
export function pieces(answer: Answer, tools: readonly NamedTool[]): Delta[] {
  const list: Delta[] = [];
  for (const word of answer.thinking?.split(/(?<= )/) ?? []) list.push(delta({ reasoning_content: word }));
  for (const word of answer.text?.split(/(?<= )/) ?? []) list.push(delta({ content: word }));
  for (const [index, { id, tool, input }] of tools.entries()) {
    const name = { index, id, type: "function", function: { name: tool, arguments: "" } };
    list.push(delta({ tool_calls: [name] }));
    list.push(delta({ tool_calls: [{ index, function: { arguments: JSON.stringify(input) } }] }));
  }
  return list;
}

/** The end of an answer: why, and the usage. */
export function closing(finish: string, usage: TrueUsage): Delta[] {
  return [
    delta({}, finish),
    {
      choices: [],
      usage: {
        prompt_tokens: usage.prompt,
        completion_tokens: usage.completion,
        total_tokens: usage.prompt + usage.completion,
        prompt_tokens_details: { cached_tokens: usage.cacheRead },
        completion_tokens_details: { reasoning_tokens: usage.reasoning },
      },
    },
  ];
}

/** One server-sent event. */
export function encode(id: string, model: string, piece: Delta): string {
  return `data: ${JSON.stringify({ id, object: "chat.completion.chunk", created: 0, model, ...piece })}\n\n`;
}

export const DONE = "data: [DONE]\n\n";
