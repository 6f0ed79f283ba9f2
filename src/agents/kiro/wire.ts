/**
 * Shapes of what Kiro sends to hooks and writes into its session files. Loose: unknown fields pass, every field that is not
 * needed to place a record is optional.
 */

import * as v from "valibot";

const text = v.nullish(v.string());
const number = v.nullish(v.number());

const ToolUse = v.looseObject({
  tool_name: text,
  tool_input: v.optional(v.unknown()),
  tool_response: v.optional(v.unknown()),
});

/** Payload of a hook call; which fields are there depends on the event. */
export const HookPayload = v.looseObject({
  ...ToolUse.entries,
  hook_event_name: text,
  cwd: text,
  prompt: text,
  assistant_response: text,
  /** Tools of a whole turn at once, where the user configured that. */
  hook_events: v.nullish(v.array(ToolUse)),
});
export type HookPayload = v.InferOutput<typeof HookPayload>;

/** A block of a message of CLI 2: `kind` says what `data` is. */
export const Block = v.looseObject({ kind: v.string(), data: v.optional(v.unknown()) });
export type Block = v.InferOutput<typeof Block>;

export const ToolUseBlock = v.looseObject({ toolUseId: v.string(), name: v.string(), input: v.optional(v.unknown()) });

export const ToolResultBlock = v.looseObject({
  toolUseId: v.string(),
  content: v.optional(v.unknown()),
  status: text,
});

/** A line of `sessions/cli/<id>.jsonl`. Only prompts have a time, in seconds. */
export const Cli2Line = v.looseObject({
  kind: v.string(),
  data: v.looseObject({
    message_id: text,
    content: v.optional(v.array(Block)),
    meta: v.nullish(v.looseObject({ timestamp: number })),
  }),
});
export type Cli2Line = v.InferOutput<typeof Cli2Line>;

/** What a turn has cost, in `sessions/cli/<id>.json`. */
export const TurnMetadata = v.looseObject({
  message_ids: v.nullish(v.array(v.unknown())),
  total_request_count: number,
  input_token_count: number,
  output_token_count: number,
  end_reason: text,
  context_usage_percentage: number,
  metering_usage: v.nullish(v.array(v.looseObject({ value: number, unit: text }))),
});
export type TurnMetadata = v.InferOutput<typeof TurnMetadata>;

/** `sessions/cli/<id>.json`. */
export const Sidecar = v.looseObject({
  session_state: v.nullish(
    v.looseObject({
      agent_name: text,
      rts_model_state: v.nullish(
        v.looseObject({
          model_info: v.nullish(v.looseObject({ model_id: text })),
          context_usage_percentage: number,
        }),
      ),
      conversation_metadata: v.nullish(v.looseObject({ user_turn_metadatas: v.nullish(v.array(v.unknown())) })),
    }),
  ),
});
export type Sidecar = v.InferOutput<typeof Sidecar>;

/** A line of `sessions/<workspace>/<session>/messages.jsonl`. */
export const Cli3Line = v.looseObject({
  id: text,
  timestamp: v.union([v.string(), v.number()]),
  payload: v.looseObject({
    type: v.string(),
    content: v.optional(v.unknown()),
    source: text,
    operationType: text,
    reasoningSignature: v.optional(v.unknown()),
    reasoningModelId: text,
    toolName: text,
    toolCallId: text,
    args: v.optional(v.unknown()),
    success: v.nullish(v.boolean()),
    durationMs: number,
    stopReason: text,
    key: text,
    value: v.optional(v.unknown()),
    promptTurnSummaries: v.nullish(v.array(v.looseObject({ unit: text, usage: number }))),
  }),
});
export type Cli3Line = v.InferOutput<typeof Cli3Line>;
