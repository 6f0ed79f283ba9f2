/** Chat messages and offered tools as flattened OpenInference attributes. */

import {
  LLM_TOOLS,
  MESSAGE_CONTENT,
  MESSAGE_CONTENT_TEXT,
  MESSAGE_CONTENT_TYPE,
  MESSAGE_CONTENTS,
  MESSAGE_ROLE,
  MESSAGE_TOOL_CALL_ID,
  MESSAGE_TOOL_CALLS,
  TOOL_CALL_FUNCTION_ARGUMENTS_JSON,
  TOOL_CALL_FUNCTION_NAME,
  TOOL_CALL_ID,
  TOOL_JSON_SCHEMA,
} from "@arizeai/openinference-semantic-conventions";
import type { Message, Part, ToolDefinition } from "./node.ts";
import { type Entry, jsonOf } from "./openinference-values.ts";

type ToolCall = Extract<Part, { type: "tool_call" }>;

/** Stands between the texts of one message when they are shown as one. */
export const TEXT_SEPARATOR = "\n\n";

/** All text parts of a message as one text, or undefined when it has none. Reasoning is not part of it. */
export function textOf(message: Message | undefined): string | undefined {
  const texts = message?.parts.flatMap((part) => (part.type === "text" ? [part.text] : [])) ?? [];
  return texts.length === 0 ? undefined : texts.join(TEXT_SEPARATOR);
}

/** The tool calls that a message asks for. */
export function toolCallsOf(messages: readonly Message[]): readonly ToolCall[] {
  return messages.flatMap((message) => message.parts.filter((part) => part.type === "tool_call"));
}

function* contentEntries(prefix: string, parts: readonly Part[]): Generator<Entry> {
  const content = parts.filter((part) => part.type !== "tool_call");
  const [first] = content;
  if (content.length === 1 && first?.type === "text") {
    yield [`${prefix}.${MESSAGE_CONTENT}`, first.text];
    return;
  }
  for (const [index, part] of content.entries()) {
    const item = `${prefix}.${MESSAGE_CONTENTS}.${index}`;
    if (part.type === "media") {
      const family = part.mime?.split("/")[0];
      yield [`${item}.${MESSAGE_CONTENT_TYPE}`, family === "image" || family === "audio" ? family : "file"];
      // The bytes are never kept: the text says what was there.
      yield [`${item}.${MESSAGE_CONTENT_TEXT}`, `<${part.mime ?? "media"}>`];
    } else {
      yield [`${item}.${MESSAGE_CONTENT_TYPE}`, part.type];
      yield [`${item}.${MESSAGE_CONTENT_TEXT}`, part.text];
    }
  }
}

function* messageEntries(prefix: string, message: Message): Generator<Entry> {
  yield [`${prefix}.${MESSAGE_ROLE}`, message.role];
  yield* contentEntries(prefix, message.parts);
  if (message.toolCallId !== undefined) yield [`${prefix}.${MESSAGE_TOOL_CALL_ID}`, message.toolCallId];
  for (const [index, call] of toolCallsOf([message]).entries()) {
    const item = `${prefix}.${MESSAGE_TOOL_CALLS}.${index}`;
    yield [`${item}.${TOOL_CALL_ID}`, call.id];
    yield [`${item}.${TOOL_CALL_FUNCTION_NAME}`, call.name];
    const args = jsonOf(call.input);
    if (args !== undefined) yield [`${item}.${TOOL_CALL_FUNCTION_ARGUMENTS_JSON}`, args];
  }
}

/**
 * Messages as `<list>.N.message.…`. A message that is one text has `message.content`; with several parts, reasoning or
 * media, `message.contents.M` in their order; tool calls are `message.tool_calls.M`.
 * @param list `llm.input_messages` or `llm.output_messages`
 */
export function* messagesEntries(list: string, messages: readonly Message[]): Generator<Entry> {
  for (const [index, message] of messages.entries()) yield* messageEntries(`${list}.${index}`, message);
}

/** Offered tools as `llm.tools.N.tool.json_schema`. */
export function* toolsEntries(tools: readonly ToolDefinition[]): Generator<Entry> {
  for (const [index, tool] of tools.entries()) {
    const schema = jsonOf(tool.schema) ?? jsonOf({ name: tool.name });
    if (schema !== undefined) yield [`${LLM_TOOLS}.${index}.${TOOL_JSON_SCHEMA}`, schema];
  }
}
