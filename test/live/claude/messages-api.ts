/** The parts of Anthropic's Messages API that a client sees: requests, event stream, errors. Pure. */

import type { Answer, Block } from "./script.ts";

/** A message of a request, as far as the server looks at it. */
export interface ApiMessage {
  readonly role: string;
  readonly content: string | readonly ApiBlock[];
}

export interface ApiBlock {
  readonly type: string;
  readonly text?: string;
  readonly tool_use_id?: string;
  readonly is_error?: boolean;
  readonly content?: string | readonly ApiBlock[];
}

export interface ApiRequest {
  readonly model: string;
  readonly stream?: boolean;
  readonly tools?: readonly unknown[];
  readonly messages: readonly ApiMessage[];
}

/** Usage as sent on the wire. */
export interface WireUsage {
  readonly input_tokens: number;
  readonly cache_creation_input_tokens: number;
  readonly cache_read_input_tokens: number;
  readonly output_tokens: number;
  readonly thinking_tokens: number;
}

const ERROR_TYPES: Readonly<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  529: "overloaded_error",
};

/** All text of a message, tool results included. */
export function textOf(content: ApiMessage["content"]): string {
  if (typeof content === "string") return content;
  return content.map((block) => block.text ?? (block.content === undefined ? "" : textOf(block.content))).join("\n");
}

export function errorBody(status: number, message: string | undefined, requestId: string): object {
  const type = ERROR_TYPES[status] ?? "api_error";
  return { type: "error", error: { type, message: message ?? `scripted ${type}` }, request_id: requestId };
}

/** Usage object of a response; output counts are those known so far. */
export function usageBody(usage: WireUsage, output: number, thinking: number): object {
  return {
    input_tokens: usage.input_tokens,
    cache_creation_input_tokens: usage.cache_creation_input_tokens,
    cache_read_input_tokens: usage.cache_read_input_tokens,
    cache_creation: {
      ephemeral_5m_input_tokens: usage.cache_creation_input_tokens,
      ephemeral_1h_input_tokens: 0,
    },
    output_tokens: output,
    output_tokens_details: { thinking_tokens: thinking },
    service_tier: "standard",
  };
}

/** A block with the id that its tool call got. */
export type NamedBlock = Block & { readonly id?: string };

/** One server-sent event. */
export interface ApiEvent {
  readonly event: string;
  readonly data: object;
}

function deltasOf(block: NamedBlock): readonly object[] {
  if ("tool" in block) {
    const json = JSON.stringify(block.input);
    const middle = Math.floor(json.length / 2);
    return [json.slice(0, middle), json.slice(middle)].map((part) => ({
      type: "input_json_delta",
      partial_json: part,
    }));
  }
  if ("thinking" in block) {
    return [
      { type: "thinking_delta", thinking: block.thinking },
      { type: "signature_delta", signature: "c2lnbmF0dXJlIG9mIGEgdGVzdA==" },
    ];
  }
  const half = Math.ceil(block.text.length / 2);
  return [block.text.slice(0, half), block.text.slice(half)].map((text) => ({ type: "text_delta", text }));
}

function emptyOf(block: NamedBlock): object {
  if ("tool" in block) return { type: "tool_use", id: block.id, name: block.tool, input: {} };
  if ("thinking" in block) return { type: "thinking", thinking: "", signature: "" };
  return { type: "text", text: "" };
}

/** Events of the start of an answer. */
export function openingEvents(id: string, model: string, usage: WireUsage): readonly ApiEvent[] {
  const message = {
    id,
    type: "message",
    role: "assistant",
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: usageBody(usage, 1, 0),
  };
  return [
    { event: "message_start", data: { type: "message_start", message } },
    { event: "ping", data: { type: "ping" } },
  ];
}

/** Events of one content block. */
export function blockEvents(block: NamedBlock, index: number): readonly ApiEvent[] {
  return [
    {
      event: "content_block_start",
      data: { type: "content_block_start", index, content_block: emptyOf(block) },
    },
    ...deltasOf(block).map((delta) => ({
      event: "content_block_delta",
      data: { type: "content_block_delta", index, delta },
    })),
    { event: "content_block_stop", data: { type: "content_block_stop", index } },
  ];
}

/** Events of the end of an answer. */
export function closingEvents(stop: string, usage: WireUsage): readonly ApiEvent[] {
  return [
    {
      event: "message_delta",
      data: {
        type: "message_delta",
        delta: { stop_reason: stop, stop_sequence: null },
        usage: usageBody(usage, usage.output_tokens, usage.thinking_tokens),
      },
    },
    { event: "message_stop", data: { type: "message_stop" } },
  ];
}

/** A whole answer to a request without `stream`. */
export function plainAnswer(
  id: string,
  model: string,
  blocks: readonly NamedBlock[],
  stop: string,
  usage: WireUsage,
): object {
  const content = blocks.map((block) => {
    if ("tool" in block) return { type: "tool_use", id: block.id, name: block.tool, input: block.input };
    if ("thinking" in block) return { type: "thinking", thinking: block.thinking, signature: "" };
    return { type: "text", text: block.text };
  });
  return {
    id,
    type: "message",
    role: "assistant",
    model,
    content,
    stop_reason: stop,
    stop_sequence: null,
    usage: usageBody(usage, usage.output_tokens, usage.thinking_tokens),
  };
}

export function stopOf(answer: Answer): string {
  return answer.stop ?? (answer.blocks.some((block) => "tool" in block) ? "tool_use" : "end_turn");
}

export function encodeEvent({ event, data }: ApiEvent): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
