/**
 * Shapes of what Cursor sends to hooks and writes into agent transcripts. Loose: unknown fields pass, every field is
 * optional. Names in camelCase are of early builds of the command line program.
 */

import * as v from "valibot";

const text = v.nullish(v.string());
const count = v.nullish(v.number());

/** Payload of a hook call; which fields are there depends on the event. */
export const HookPayload = v.looseObject({
  conversation_id: text,
  generation_id: text,
  model: text,
  model_id: text,
  cursor_version: text,
  workspace_roots: v.nullish(v.array(v.string())),
  cwd: text,
  transcript_path: text,
  composer_mode: text,
  is_background_agent: v.nullish(v.boolean()),
  prompt: text,
  attachments: v.nullish(v.array(v.unknown())),
  text: text,
  duration: count,
  duration_ms: count,
  tool_name: text,
  tool_use_id: text,
  tool_input: v.optional(v.unknown()),
  tool_output: v.optional(v.unknown()),
  result_json: v.optional(v.unknown()),
  mcp_server_name: text,
  error_message: text,
  failure_type: text,
  is_interrupt: v.nullish(v.boolean()),
  command: text,
  output: v.optional(v.unknown()),
  sandbox: v.nullish(v.boolean()),
  file_path: text,
  edits: v.optional(v.unknown()),
  subagent_id: text,
  subagent_type: text,
  task: text,
  summary: text,
  tool_call_id: text,
  message_count: count,
  tool_call_count: count,
  trigger: text,
  context_tokens: count,
  context_window_size: count,
  context_usage_percent: count,
  messages_to_compact: count,
  status: text,
  reason: text,
  loop_count: count,
  input_tokens: count,
  output_tokens: count,
  cache_read_tokens: count,
  cache_write_tokens: count,
  inputTokens: count,
  outputTokens: count,
});
export type HookPayload = v.InferOutput<typeof HookPayload>;

/** A block of a transcript's message. `tool_use` blocks have no id. */
const Block = v.looseObject({ type: text, text: text, name: text });

/** A message of an agent transcript, or the end of a turn. */
export const TranscriptRecord = v.looseObject({
  role: text,
  type: text,
  message: v.nullish(v.looseObject({ content: v.nullish(v.union([v.string(), v.array(Block)])) })),
});
export type TranscriptRecord = v.InferOutput<typeof TranscriptRecord>;
