/**
 * Shapes of what Copilot sends to hooks and writes into its event log (`events.jsonl` of the CLI, version 1.0.102, and
 * the transcripts of VS Code's agent mode, which are a subset with fewer fields). Loose: unknown fields pass, every field
 * that one of both leaves out is optional.
 */

import * as v from "valibot";

const text = v.optional(v.string());
const amount = v.nullish(v.number());

/** Payload of a hook call. */
export const HookPayload = v.looseObject({
  session_id: text,
  sessionId: text,
  cwd: text,
  transcript_path: v.nullish(v.string()),
  source: text,
  prompt: text,
  reason: text,
  stop_reason: text,
});
export type HookPayload = v.InferOutput<typeof HookPayload>;

/** What every record has. `agentId` is there in a subagent's records. */
export const Envelope = v.looseObject({
  type: v.string(),
  id: v.string(),
  timestamp: v.string(),
  agentId: text,
  data: v.looseObject({}),
});
export type Envelope = v.InferOutput<typeof Envelope>;

/** `session.start`, `session.resume`. */
export const SessionData = v.looseObject({
  copilotVersion: text,
  vscodeVersion: text,
  context: v.optional(v.looseObject({ cwd: text, branch: text, gitRoot: text, repository: text })),
  selectedModel: v.nullish(v.string()),
  alreadyInUse: v.optional(v.boolean()),
  sessionWasActive: v.optional(v.boolean()),
});

/** `session.model_change`; with `agentId` it is the model of a subagent. */
export const ModelData = v.looseObject({ newModel: text });

/** `user.message`. */
export const UserData = v.looseObject({
  content: v.string(),
  transformedContent: text,
  interactionId: text,
  source: text,
  agentMode: text,
  isAutopilotContinuation: v.optional(v.boolean()),
});
export type UserData = v.InferOutput<typeof UserData>;

/** `system.message`. */
export const SystemData = v.looseObject({ content: text });

/** `system.notification`: a background agent or shell has ended, a message has come. */
export const NotificationData = v.looseObject({
  content: text,
  kind: v.optional(v.looseObject({ type: text, agentId: text, shellId: text })),
});

/** `assistant.turn_start`, `assistant.turn_end`. */
export const StepData = v.looseObject({ turnId: text, interactionId: text });

/** A tool call in an answer. `arguments` is JSON text in VS Code. */
export const ToolRequest = v.looseObject({
  toolCallId: v.string(),
  name: v.string(),
  arguments: v.optional(v.unknown()),
  mcpServerName: text,
});
export type ToolRequest = v.InferOutput<typeof ToolRequest>;

/** `assistant.message`. Several with one `apiCallId` are the chunks of one answer. */
export const AnswerData = v.looseObject({
  content: text,
  reasoningText: text,
  toolRequests: v.optional(v.array(ToolRequest)),
  model: text,
  apiCallId: text,
  outputTokens: amount,
  chunkIndex: amount,
  chunkCount: amount,
});
export type AnswerData = v.InferOutput<typeof AnswerData>;

/** `data.usage` of `session.usage_record` (CLI), `data` of `assistant.usage` (VS Code). Times in ms. Kept, so not loose. */
export const UsageData = v.object({
  model: text,
  inputTokens: amount,
  outputTokens: amount,
  cacheReadTokens: amount,
  cacheWriteTokens: amount,
  cacheCreationInputTokens: amount,
  reasoningTokens: amount,
  duration: amount,
  timeToFirstTokenMs: amount,
  finishReason: v.nullish(v.string()),
  apiCallId: v.nullish(v.string()),
  providerCallId: v.nullish(v.string()),
  apiEndpoint: v.nullish(v.string()),
  providerType: v.nullish(v.string()),
  isByok: v.nullish(v.boolean()),
  initiator: v.nullish(v.string()),
  reasoningEffort: v.nullish(v.string()),
  maxOutputTokens: amount,
  cost: amount,
});
export type UsageData = v.InferOutput<typeof UsageData>;

/** `session.usage_record`. */
export const UsageRecordData = v.looseObject({ usage: UsageData });

/** `tool.execution_start`. */
export const ToolStartData = v.looseObject({
  toolCallId: v.string(),
  toolName: v.string(),
  arguments: v.optional(v.unknown()),
  mcpServerName: text,
});

/** `tool.execution_complete`. */
export const ToolEndData = v.looseObject({
  toolCallId: v.string(),
  success: v.optional(v.boolean()),
  result: v.nullish(v.looseObject({ content: v.optional(v.unknown()) })),
  error: v.nullish(v.looseObject({ message: text, code: text })),
  shellExecution: v.nullish(v.looseObject({ exitCode: amount })),
});
export type ToolEndData = v.InferOutput<typeof ToolEndData>;

/** `permission.requested`. */
export const PermissionAskedData = v.looseObject({
  requestId: v.string(),
  permissionRequest: v.optional(v.looseObject({ toolCallId: text })),
});

/** `permission.completed`. */
export const PermissionAnsweredData = v.looseObject({
  requestId: v.string(),
  toolCallId: text,
  result: v.optional(v.looseObject({ kind: text })),
  decisionSource: text,
});

/** `subagent.started`, `subagent.completed`, `subagent.failed`. */
export const SubagentData = v.looseObject({
  toolCallId: text,
  agentName: text,
  agentDisplayName: text,
  agentDescription: text,
  executionMode: text,
  model: text,
  error: v.optional(v.unknown()),
});
export type SubagentData = v.InferOutput<typeof SubagentData>;

/** `session.error`: a model request failed for good. */
export const ErrorData = v.looseObject({ errorType: text, message: text, statusCode: amount });

/** `abort`. */
export const AbortData = v.looseObject({ reason: text });

/** `hook.start`; the input of an `errorOccurred` hook is a failed attempt of a model request. */
export const HookStartData = v.looseObject({
  hookType: v.string(),
  input: v.optional(
    v.looseObject({
      agentId: text,
      errorContext: text,
      error: v.optional(v.looseObject({ name: text, message: text })),
    }),
  ),
});

/** `session.compaction_start`, `session.compaction_complete`. */
export const CompactionData = v.looseObject({
  compactionAttemptId: text,
  trigger: text,
  success: v.optional(v.boolean()),
  error: v.optional(v.unknown()),
  summaryContent: text,
  preCompactionTokens: amount,
  postCompactionTokens: amount,
  messagesRemoved: amount,
  compactionTokensUsed: v.nullish(
    v.looseObject({
      model: text,
      inputTokens: amount,
      outputTokens: amount,
      cacheReadTokens: amount,
      cacheWriteTokens: amount,
      duration: amount,
      requestCount: amount,
    }),
  ),
});
export type CompactionData = v.InferOutput<typeof CompactionData>;

/** `model.model_call_success`: the request of a compaction. */
export const ModelCallData = v.looseObject({
  modelCallDurationMs: amount,
  modelCall: v.optional(v.looseObject({ model: text, api_id: v.nullish(v.string()) })),
});
