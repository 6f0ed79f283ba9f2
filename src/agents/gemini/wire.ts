/**
 * Shapes of what Gemini CLI sends to hooks and writes into chat transcripts. Loose: unknown fields pass, every field that
 * is not needed to place a record is optional.
 */

import * as v from "valibot";

const text = v.optional(v.string());
const count = v.nullish(v.number());

/** Payload of a hook call; which fields are there depends on the event. */
export const HookPayload = v.looseObject({
  session_id: v.string(),
  hook_event_name: v.string(),
  transcript_path: text,
  cwd: text,
  source: text,
  reason: text,
  prompt: text,
  tool_name: text,
  original_request_name: text,
  tool_input: v.optional(v.unknown()),
  tool_response: v.optional(v.unknown()),
  mcp_context: v.nullish(v.looseObject({ server_name: text })),
  notification_type: text,
  message: text,
  details: v.nullish(v.looseObject({ type: text, command: text, serverName: text, toolName: text })),
});
export type HookPayload = v.InferOutput<typeof HookPayload>;

/** What a tool answered, in an `AfterTool` payload. */
export const ToolResponse = v.looseObject({
  llmContent: v.optional(v.unknown()),
  returnDisplay: v.optional(v.unknown()),
  error: v.nullish(v.looseObject({ message: text, type: text })),
});

/** How a subagent fared, in the display of its tool: every activity's id begins with the subagent's. */
export const SubagentProgress = v.looseObject({
  isSubagentProgress: v.literal(true),
  recentActivity: v.optional(v.array(v.looseObject({ id: text }))),
});

/** A piece of a message, as the Gemini API has it. */
export const ContentPart = v.looseObject({
  text: text,
  thought: v.optional(v.boolean()),
  functionCall: v.optional(v.unknown()),
  functionResponse: v.optional(v.looseObject({ id: text, name: text, response: v.optional(v.unknown()) })),
  inlineData: v.optional(v.looseObject({ mimeType: text })),
  fileData: v.optional(v.looseObject({ mimeType: text })),
});
export type ContentPart = v.InferOutput<typeof ContentPart>;

const Content = v.union([v.string(), v.array(v.union([v.string(), ContentPart])), ContentPart]);

/** Token counts: `input` includes `cached`, `output` is without `thoughts`, `tool` is counted apart. */
export const Tokens = v.looseObject({ input: count, output: count, cached: count, thoughts: count, tool: count });
export type Tokens = v.InferOutput<typeof Tokens>;

/** A tool call with its result, added to the answer that asked for it when all tools of that answer are done. */
export const ToolCall = v.looseObject({
  id: v.string(),
  name: v.string(),
  args: v.optional(v.unknown()),
  result: v.nullish(v.unknown()),
  status: text,
  timestamp: text,
  agentId: v.nullish(v.string()),
});
export type ToolCall = v.InferOutput<typeof ToolCall>;

/** A message of the conversation. `type`: `user`, `gemini`, `info`, `warning`, `error`. */
export const MessageRecord = v.looseObject({
  id: v.string(),
  timestamp: v.string(),
  type: v.string(),
  content: v.optional(Content),
  thoughts: v.nullish(v.array(v.looseObject({ subject: text, description: text }))),
  tokens: v.nullish(Tokens),
  model: v.nullish(v.string()),
  toolCalls: v.nullish(v.array(ToolCall)),
});
export type MessageRecord = v.InferOutput<typeof MessageRecord>;

/** A change of the conversation as a whole; `messages` replaces all of it. */
export const UpdateRecord = v.looseObject({
  $set: v.looseObject({
    lastUpdated: text,
    messages: v.optional(v.array(v.looseObject({ id: text, type: text, content: v.optional(v.unknown()) }))),
  }),
});
export type UpdateRecord = v.InferOutput<typeof UpdateRecord>;

/** First record of a file; in versions that wrote one JSON document, all of it. */
export const HeadRecord = v.looseObject({
  sessionId: v.string(),
  startTime: v.string(),
  kind: text,
  messages: v.optional(v.array(v.unknown())),
});
export type HeadRecord = v.InferOutput<typeof HeadRecord>;
