/**
 * Shapes of what Claude Code sends to hooks and writes into transcripts. Loose: unknown fields pass, every field that was
 * not in all recorded versions (2.0.76 to 2.1.330) is optional.
 */

import * as v from "valibot";

const text = v.optional(v.string());

/** Payload of a hook call; which fields are there depends on the event. */
export const HookPayload = v.looseObject({
  session_id: v.string(),
  hook_event_name: v.string(),
  transcript_path: text,
  cwd: text,
  prompt_id: text,
  permission_mode: text,
  agent_id: text,
  agent_type: text,
  source: text,
  model: v.optional(v.unknown()),
  reason: text,
  prompt: text,
  tool_name: text,
  tool_input: v.optional(v.unknown()),
  tool_use_id: text,
  tool_response: v.optional(v.unknown()),
  duration_ms: v.optional(v.number()),
  error: text,
  is_interrupt: v.optional(v.boolean()),
  last_assistant_message: text,
  message: text,
  notification_type: text,
  mcp_server: v.optional(v.looseObject({ name: text })),
});
export type HookPayload = v.InferOutput<typeof HookPayload>;

/** A content block of a message. */
export const Block = v.looseObject({
  type: v.string(),
  text: text,
  thinking: text,
  id: text,
  name: text,
  input: v.optional(v.unknown()),
  tool_use_id: text,
  content: v.optional(v.unknown()),
  is_error: v.nullish(v.boolean()),
  source: v.optional(v.looseObject({ media_type: text })),
});
export type Block = v.InferOutput<typeof Block>;

const Content = v.union([v.string(), v.array(Block)]);

/** Token counts of the Messages API: `input_tokens` is without cache. */
export const ApiUsage = v.looseObject({
  input_tokens: v.nullish(v.number()),
  output_tokens: v.nullish(v.number()),
  cache_read_input_tokens: v.nullish(v.number()),
  cache_creation_input_tokens: v.nullish(v.number()),
  cache_creation: v.nullish(
    v.looseObject({
      ephemeral_5m_input_tokens: v.nullish(v.number()),
      ephemeral_1h_input_tokens: v.nullish(v.number()),
    }),
  ),
  output_tokens_details: v.nullish(v.looseObject({ thinking_tokens: v.nullish(v.number()) })),
  service_tier: v.nullish(v.string()),
});
export type ApiUsage = v.InferOutput<typeof ApiUsage>;

const envelope = {
  timestamp: v.string(),
  uuid: text,
  sessionId: text,
  cwd: text,
  version: text,
  gitBranch: text,
  entrypoint: text,
};

export const UserRecord = v.looseObject({
  ...envelope,
  type: v.literal("user"),
  message: v.looseObject({ role: v.string(), content: Content }),
  promptId: text,
  turnOrigin: text,
  promptSource: text,
  permissionMode: text,
  turnPosition: v.optional(v.looseObject({ turnIndex: v.optional(v.number()) })),
  isMeta: v.optional(v.boolean()),
  isCompactSummary: v.optional(v.boolean()),
  toolUseResult: v.optional(v.unknown()),
  toolDenialKind: text,
  permissionDecision: v.optional(v.looseObject({ decision: text, source: text })),
});
export type UserRecord = v.InferOutput<typeof UserRecord>;

export const AssistantRecord = v.looseObject({
  ...envelope,
  type: v.literal("assistant"),
  message: v.looseObject({
    id: text,
    model: text,
    content: Content,
    stop_reason: v.nullish(v.string()),
    usage: v.optional(ApiUsage),
  }),
  requestId: text,
  requestRef: text,
  apiBlockIndex: v.optional(v.number()),
  isAbortedMidStream: v.optional(v.boolean()),
  isApiErrorMessage: v.optional(v.boolean()),
  apiErrorStatus: v.nullish(v.number()),
  apiErrorType: v.nullish(v.string()),
  error: v.nullish(v.string()),
  effort: v.nullish(v.string()),
});
export type AssistantRecord = v.InferOutput<typeof AssistantRecord>;

export const ApiRequestRecord = v.looseObject({
  type: v.literal("api-request"),
  timestamp: v.string(),
  id: v.string(),
  querySource: text,
  params: v.optional(v.record(v.string(), v.unknown())),
});
export type ApiRequestRecord = v.InferOutput<typeof ApiRequestRecord>;

export const SystemRecord = v.looseObject({
  ...envelope,
  type: v.literal("system"),
  subtype: text,
  error: v.optional(v.unknown()),
  retryInMs: v.optional(v.number()),
  retryAttempt: v.optional(v.number()),
  compactMetadata: v.optional(
    v.looseObject({
      trigger: text,
      durationMs: v.optional(v.number()),
      preTokens: v.optional(v.number()),
      postTokens: v.optional(v.number()),
    }),
  ),
});
export type SystemRecord = v.InferOutput<typeof SystemRecord>;

/** `subagents/agent-<id>.meta.json`: the link from a subagent to the tool call that started it. */
export const AgentMeta = v.looseObject({
  agentType: text,
  description: text,
  toolUseId: text,
  isBuiltIn: v.optional(v.boolean()),
  model: text,
  spawnDepth: v.optional(v.number()),
});
export type AgentMeta = v.InferOutput<typeof AgentMeta>;
