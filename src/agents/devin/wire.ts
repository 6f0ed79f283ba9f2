/**
 * Shapes of what Devin CLI sends to hooks and writes into its database. Loose: unknown fields pass, every field that is not
 * needed to place a record is optional.
 */

import * as v from "valibot";

const text = v.nullish(v.string());
const count = v.nullish(v.number());

/** Payload of a hook call; which fields are there depends on the event. */
export const HookPayload = v.looseObject({
  session_id: v.string(),
  hook_event_name: text,
  prompt_id: text,
  prompt: text,
  reason: text,
  tool_name: text,
  tool_input: v.optional(v.unknown()),
  tool_use_id: text,
  tool_response: v.optional(v.unknown()),
});
export type HookPayload = v.InferOutput<typeof HookPayload>;

/** What a tool answered, in a `PostToolUse` payload. */
export const ToolResponse = v.looseObject({
  success: v.optional(v.boolean()),
  output: v.optional(v.unknown()),
  error: v.nullish(v.string()),
});

/** A tool call of an answer; older messages hold name and arguments in `function`. */
const ToolCall = v.looseObject({
  id: v.string(),
  name: text,
  arguments: v.optional(v.unknown()),
  function: v.nullish(v.looseObject({ name: text, arguments: v.optional(v.unknown()) })),
});
export type ToolCall = v.InferOutput<typeof ToolCall>;

/** Token counts and times of one request: `input_tokens` is without what the cache gave and took. */
export const Metrics = v.looseObject({
  input_tokens: count,
  output_tokens: count,
  cache_read_tokens: count,
  cache_creation_tokens: count,
  ttft_ms: count,
  total_time_ms: count,
});
export type Metrics = v.InferOutput<typeof Metrics>;

const Timing = v.nullish(v.looseObject({ started_at: text, finished_at: text, duration_ms: count }));

/** Notes of Devin's own parts on a message. */
const Extensions = v.looseObject({
  "chisel/tool_call_timing": Timing,
  "chisel/tool_result_meta": v.nullish(
    v.looseObject({ success: v.nullish(v.boolean()), failure_reason: v.optional(v.unknown()) }),
  ),
  "chisel/terminal_output": v.nullish(v.looseObject({ exit: v.nullish(v.looseObject({ exit_code: count })) })),
  "subagent/agent_id": text,
  "subagent/chain_node_id": count,
  "subagent/profile_name": text,
  "subagent/model": text,
  "subagent/handoff": v.optional(v.unknown()),
});

/** A message of the conversation, `message_nodes.chat_message`. */
export const ChatMessage = v.looseObject({
  message_id: text,
  role: v.string(),
  content: v.optional(v.unknown()),
  thinking: v.optional(v.unknown()),
  tool_call_id: text,
  tool_calls: v.nullish(v.array(ToolCall)),
  metadata: v.nullish(
    v.looseObject({
      request_id: text,
      generation_model: text,
      finish_reason: text,
      started_generation_at: text,
      created_at: text,
      is_user_input: v.nullish(v.boolean()),
      metrics: v.nullish(Metrics),
      extensions: v.nullish(Extensions),
    }),
  ),
});
export type ChatMessage = v.InferOutput<typeof ChatMessage>;

/** A node's own notes, `message_nodes.metadata`. */
export const NodeNotes = v.looseObject({
  summarized_from: count,
  is_system_prefix: v.nullish(v.boolean()),
});
