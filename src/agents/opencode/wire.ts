/** What the plugin file writes, one JSON object per line. Loose: unknown fields pass, unknown events are skipped. */

import * as v from "valibot";

const text = v.optional(v.string());
const time = v.optional(v.number());

/** Content of a message as the plugin cuts it down: texts, and of files only their kind. */
const Content = v.looseObject({ type: v.string(), text, mime: text });

/** A message that is new in a request. */
const Added = v.looseObject({
  role: v.string(),
  /** User messages: their id. */
  id: text,
  parts: v.optional(v.array(Content)),
  /** Tool results: the call that they answer. */
  callID: text,
  text,
});
export type Added = v.InferOutput<typeof Added>;

const ErrorInfo = v.looseObject({ name: text, message: text, statusCode: v.optional(v.number()) });
export type ErrorInfo = v.InferOutput<typeof ErrorInfo>;

/** Tokens of one answer. `input` is without cache; `output` is without reasoning. */
const Tokens = v.looseObject({
  input: v.optional(v.number()),
  output: v.optional(v.number()),
  reasoning: v.optional(v.number()),
  cache: v.optional(v.looseObject({ read: v.optional(v.number()), write: v.optional(v.number()) })),
});
export type Tokens = v.InferOutput<typeof Tokens>;

/** Events that the plugin tells, and the one that `stream` adds. */
export const OPENCODE_EVENTS = [
  "prompt",
  "user",
  "assistant",
  "request",
  "retry",
  "text",
  "reasoning",
  "tool",
  "permission.asked",
  "permission.replied",
  "compaction",
  "compacted",
  "error",
  "idle",
  "stream.end",
] as const;
export type OpenCodeEvent = (typeof OPENCODE_EVENTS)[number];

/** One line. Which fields it has depends on `event`; all times are epoch ms. */
export const Line = v.looseObject({
  event: v.picklist(OPENCODE_EVENTS),
  /** Session at the root of subagents. */
  session: v.string(),
  /** Session of the subagent that this is about, and of whoever started it. */
  thread: text,
  parent: text,
  message: text,
  parentMessage: text,
  part: text,
  agent: text,
  model: text,
  provider: text,
  package: text,
  parameters: v.optional(v.record(v.string(), v.unknown())),
  parts: v.optional(v.array(Content)),
  input: v.optional(v.unknown()),
  created: time,
  completed: time,
  end: time,
  finish: text,
  summary: v.optional(v.boolean()),
  error: v.optional(v.union([ErrorInfo, v.string()])),
  tokens: v.optional(Tokens),
  cost: v.optional(v.number()),
  text,
  tool: text,
  callID: text,
  status: text,
  output: v.optional(v.unknown()),
  exit: v.nullish(v.number()),
  sessionId: text,
  time: v.optional(v.looseObject({ start: time, end: time })),
  /** When the call was complete, just before the tool was prepared to run. */
  called: time,
  attempt: v.optional(v.number()),
  auto: v.optional(v.boolean()),
  permission: text,
  reply: text,
  version: text,
  directory: text,
  servers: v.optional(v.array(v.string())),
  pid: v.optional(v.number()),
});
export type Line = v.InferOutput<typeof Line>;

/** The messages that a request added; none when the plugin does not know. */
export function addedOf(line: Line): readonly Added[] {
  const parsed = v.safeParse(v.array(Added), line.input);
  return parsed.success ? parsed.output : [];
}
