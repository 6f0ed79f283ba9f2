/** Attributes of a model request. */

import {
  LLM_COST_TOTAL,
  LLM_FINISH_REASON,
  LLM_INPUT_MESSAGES,
  LLM_INVOCATION_PARAMETERS,
  LLM_MODEL_NAME,
  LLM_OUTPUT_MESSAGES,
  LLM_PROVIDER,
  LLM_SYSTEM,
  LLM_TOKEN_COUNT_COMPLETION,
  LLM_TOKEN_COUNT_COMPLETION_DETAILS_REASONING,
  LLM_TOKEN_COUNT_PROMPT,
  LLM_TOKEN_COUNT_PROMPT_DETAILS_CACHE_READ,
  LLM_TOKEN_COUNT_PROMPT_DETAILS_CACHE_WRITE,
  LLM_TOKEN_COUNT_TOTAL,
} from "@arizeai/openinference-semantic-conventions";
import type { LlmNode, Message, Usage } from "./node.ts";
import { messagesEntries, TEXT_SEPARATOR, textOf, toolCallsOf, toolsEntries } from "./openinference-messages.ts";
import { type Entry, inputOutputEntries, jsonOf, known } from "./openinference-values.ts";

function* usageEntries(usage: Usage | undefined): Generator<Entry> {
  if (usage === undefined) return;
  yield* known(LLM_TOKEN_COUNT_PROMPT, usage.prompt);
  yield* known(LLM_TOKEN_COUNT_COMPLETION, usage.completion);
  if (usage.prompt !== undefined && usage.completion !== undefined) {
    yield* known(LLM_TOKEN_COUNT_TOTAL, usage.prompt + usage.completion);
  }
  // No other detail key: Phoenix bills every one that it finds.
  yield* known(LLM_TOKEN_COUNT_PROMPT_DETAILS_CACHE_READ, usage.cacheRead);
  yield* known(LLM_TOKEN_COUNT_PROMPT_DETAILS_CACHE_WRITE, usage.cacheWrite);
  yield* known(LLM_TOKEN_COUNT_COMPLETION_DETAILS_REASONING, usage.reasoning);
}

function lastAsked(messages: readonly Message[]): string | undefined {
  const asked = messages.filter((message) => message.role === "user" || message.role === "tool");
  return textOf(asked.findLast((message) => textOf(message) !== undefined));
}

function answered(messages: readonly Message[]): unknown {
  const texts = messages.flatMap((message) => textOf(message) ?? []);
  if (texts.length > 0) return texts.join(TEXT_SEPARATOR);
  const calls = toolCallsOf(messages).map(({ id, name, input }) => ({ id, name, input }));
  return calls.length > 0 ? calls : undefined;
}

/**
 * `llm.*` and, since viewers show them, the newest thing that was asked and what was answered: its text, or the JSON of the
 * tool calls when there is none.
 */
export function* llmEntries(node: LlmNode): Generator<Entry> {
  yield* known(LLM_MODEL_NAME, node.model);
  yield* known(LLM_PROVIDER, node.provider);
  yield* known(LLM_SYSTEM, node.system);
  yield* usageEntries(node.usage);
  yield* known(LLM_FINISH_REASON, node.finishReason);
  yield* known(LLM_INVOCATION_PARAMETERS, node.parameters && jsonOf(node.parameters));
  yield* known(LLM_COST_TOTAL, node.cost);
  yield* inputOutputEntries(lastAsked(node.input), answered(node.output));
  yield* messagesEntries(LLM_INPUT_MESSAGES, node.input);
  yield* messagesEntries(LLM_OUTPUT_MESSAGES, node.output);
  yield* toolsEntries(node.tools ?? []);
}
