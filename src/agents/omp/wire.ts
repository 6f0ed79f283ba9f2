/** What the extension file writes, one JSON object per line. Loose: unknown fields pass, unknown events are skipped. */

import * as v from "valibot";

const text = v.optional(v.string());
const number = v.optional(v.number());

/** A block of a message: text, thought, tool call, or of anything else only its kind. */
const Content = v.looseObject({
  type: text,
  text,
  id: text,
  name: text,
  input: v.optional(v.unknown()),
  intent: text,
  mime: text,
});
export type Content = v.InferOutput<typeof Content>;

/** A message that is new in a request. */
export const Added = v.looseObject({
  role: v.string(),
  timestamp: number,
  /** Tool results: the call that they answer. */
  callID: text,
  parts: v.optional(v.array(Content)),
});
export type Added = v.InferOutput<typeof Added>;

/** Tokens of one answer. `input` is without cache; `output` is with reasoning. */
const Usage = v.looseObject({
  input: number,
  output: number,
  cacheRead: number,
  cacheWrite: number,
  reasoningTokens: number,
  cost: v.optional(v.looseObject({ total: number })),
});
export type Usage = v.InferOutput<typeof Usage>;

/** Events that the extension tells, and the one that `stream` adds. */
export const OMP_EVENTS = [
  "prompt",
  "user",
  "request",
  "answer",
  "tool.start",
  "tool.end",
  "approval.requested",
  "approval.resolved",
  "compaction.start",
  "compaction.end",
  "end",
  "stream.end",
] as const;

/** One line. Which fields it has depends on `event`; all times are epoch ms. */
export const Line = v.looseObject({
  event: v.picklist(OMP_EVENTS),
  /** Session at the root of subagents. */
  session: v.string(),
  /** Session of the subagent that this is about, of whoever started it, and the name it was given. */
  thread: text,
  parent: text,
  name: text,
  prompt: text,
  cwd: text,
  pid: number,
  created: number,
  duration: number,
  parts: v.optional(v.array(Content)),
  input: v.optional(v.unknown()),
  usage: v.optional(Usage),
  stopReason: text,
  errorMessage: text,
  errorStatus: number,
  provider: text,
  model: text,
  api: text,
  responseId: v.nullish(v.string()),
  callID: text,
  tool: text,
  intent: text,
  isError: v.optional(v.boolean()),
  exit: v.nullish(v.number()),
  server: text,
  path: text,
  spawned: v.optional(v.array(v.looseObject({ id: text, agent: text }))),
  approved: v.optional(v.boolean()),
  reason: text,
  entry: text,
  summary: text,
  tokensBefore: number,
  tokensAfter: number,
  method: text,
  willContinue: v.optional(v.boolean()),
});
export type Line = v.InferOutput<typeof Line>;

/** The messages that a request added; none when the extension does not know. */
export function addedOf(line: Line): readonly Added[] {
  const parsed = v.safeParse(v.array(Added), line.input);
  return parsed.success ? parsed.output : [];
}
