/**
 * Shapes of what Codex sends to hooks and writes into rollouts. Loose: unknown fields pass, every field that was not in all
 * recorded versions (0.130.0 to 0.169.0) is optional.
 */

import * as v from "valibot";

const text = v.nullish(v.string());
const count = v.nullish(v.number());

/** Token counts of the Responses API: `input_tokens` includes the cache, `output_tokens` the reasoning. */
export const TokenUsage = v.looseObject({
  input_tokens: count,
  cached_input_tokens: count,
  cache_write_input_tokens: count,
  output_tokens: count,
  reasoning_output_tokens: count,
  total_tokens: count,
});
export type TokenUsage = v.InferOutput<typeof TokenUsage>;

/** Payload of a hook call; which fields are there depends on the event. */
export const HookPayload = v.looseObject({
  session_id: v.string(),
  hook_event_name: v.string(),
  transcript_path: text,
  agent_transcript_path: text,
  cwd: text,
  model: text,
  permission_mode: text,
  turn_id: text,
  agent_id: text,
  agent_type: text,
  source: text,
  reason: text,
  prompt: text,
  trigger: text,
  tool_name: text,
  tool_input: v.optional(v.unknown()),
  tool_use_id: text,
  tool_response: v.optional(v.unknown()),
  status: text,
  error: text,
  token_usage: v.nullish(TokenUsage),
  last_assistant_message: text,
});
export type HookPayload = v.InferOutput<typeof HookPayload>;

/** A line of a rollout. */
export const Line = v.looseObject({
  timestamp: v.string(),
  type: v.string(),
  payload: v.looseObject({ type: text }),
  metadata: v.nullish(v.looseObject({ sampled_through_sequence: count })),
});
export type Line = v.InferOutput<typeof Line>;

/** First line: whose conversation the file holds. */
export const SessionMeta = v.looseObject({
  id: v.string(),
  session_id: text,
  parent_thread_id: text,
  timestamp: text,
  cwd: text,
  originator: text,
  cli_version: text,
  model_provider: text,
  forked_from_id: text,
  source: v.optional(v.unknown()),
  agent_role: text,
  agent_nickname: text,
  base_instructions: v.optional(v.unknown()),
  git: v.nullish(v.looseObject({ branch: text })),
});
export type SessionMeta = v.InferOutput<typeof SessionMeta>;

/** `source` of a subagent's rollout: `{"subagent": {"thread_spawn": {…}}}`, `{"subagent": "review"}` … */
export const SubagentSource = v.looseObject({
  subagent: v.union([
    v.string(),
    v.looseObject({ thread_spawn: v.optional(v.looseObject({ agent_role: text, agent_nickname: text })) }),
  ]),
});

export const TurnContext = v.looseObject({
  turn_id: text,
  model: text,
  effort: text,
  summary: text,
  approval_policy: v.optional(v.unknown()),
  collaboration_mode: v.nullish(v.looseObject({ settings: v.nullish(v.looseObject({ reasoning_effort: text })) })),
});
export type TurnContext = v.InferOutput<typeof TurnContext>;

/** Events of the agent's own log, told apart by `type`. */
export const EventMessage = v.looseObject({
  type: v.string(),
  turn_id: text,
  root_turn_id: text,
  message: v.optional(v.unknown()),
  last_agent_message: text,
  reason: text,
  error: v.nullish(v.looseObject({ message: text, codex_error_info: v.optional(v.unknown()) })),
  info: v.nullish(v.looseObject({ total_token_usage: v.nullish(TokenUsage), last_token_usage: v.nullish(TokenUsage) })),
  item: v.optional(v.unknown()),
  started_at_ms: count,
  completed_at_ms: count,
});
export type EventMessage = v.InferOutput<typeof EventMessage>;

const Duration = v.looseObject({ secs: v.number(), nanos: v.number() });

/** What was done, as `item_completed` tells it. */
export const Item = v.looseObject({
  type: v.string(),
  id: v.string(),
  status: text,
  exit_code: count,
  aggregated_output: text,
  command: v.optional(v.unknown()),
  duration: v.nullish(Duration),
  content: v.optional(v.unknown()),
  server: text,
  tool: text,
  arguments: v.optional(v.unknown()),
  result: v.optional(v.unknown()),
  changes: v.optional(v.unknown()),
  stdout: text,
  stderr: text,
  path: text,
  prompt: text,
  kind: text,
  agent_thread_id: text,
  receiver_thread_ids: v.nullish(v.array(v.string())),
});
export type Item = v.InferOutput<typeof Item>;

/** What the model got or said, told apart by `type`. */
export const ResponseItem = v.looseObject({
  type: v.string(),
  id: text,
  role: text,
  content: v.optional(v.unknown()),
  summary: v.optional(v.unknown()),
  name: text,
  namespace: text,
  arguments: v.optional(v.unknown()),
  input: v.optional(v.unknown()),
  call_id: text,
  status: text,
  output: v.optional(v.unknown()),
  action: v.optional(v.unknown()),
  tools: v.optional(v.unknown()),
});
export type ResponseItem = v.InferOutput<typeof ResponseItem>;

/** One per model response that came to its end; from 0.155 on. */
export const UsageRecord = v.looseObject({
  response_id: text,
  turn_id: text,
  usage: v.nullish(TokenUsage),
});
export type UsageRecord = v.InferOutput<typeof UsageRecord>;

export const Compacted = v.looseObject({ message: text });
