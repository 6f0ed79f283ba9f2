/** Hook payloads → facts. Pure: what must be known of earlier calls comes with the hints and goes back with them. */

import * as v from "valibot";
import type { JournalEvent } from "../../journal/event.ts";
import { type Fact, MAIN_THREAD } from "../../trace/facts.ts";
import type { Part } from "../../trace/node.ts";
import type { Observed, SessionHints } from "../agent.ts";
import { misfit } from "../misfit.ts";
import { answerFacts, modelOf, usageFacts } from "./answers.ts";
import { hashOf, keep, type Memory, recall, remember, type Turn, threadOf } from "./memory.ts";
import { subagentStartFacts, subagentStopFacts } from "./subagents.ts";
import { tabFacts, toolFacts, unnamedFacts } from "./tools.ts";
import { endOf, enter, promptFacts, sessionEndFacts, sessionFacts } from "./turns.ts";
import { HookPayload } from "./wire.ts";

/** Two registrations of one hook are run at the same time (ms). */
const REPEATED_MS = 500;

/** Hint under which a run without a terminal is kept, for the reader of its transcript. */
export const RUN_HINT = "run";

/** What the reader of a transcript cannot know: transcripts have neither times nor models. */
export interface Run {
  readonly turn: string;
  readonly start: number;
  readonly end: number;
  /** Start and end of its tool calls, in the order in which they ended. */
  readonly tools: Turn["tools"];
  /** Hooks told its answers. */
  readonly answered: boolean;
  readonly model?: string;
  readonly system?: string;
}

/** Facts of one hook call. */
export function observe(event: JournalEvent, hints: SessionHints = {}): Observed {
  const parsed = v.safeParse(HookPayload, event.payload);
  if (!parsed.success) return misfit(event, parsed.issues);
  const payload = parsed.output;
  const memory = recall(hints);
  if (isRepeated(memory, event)) return { facts: [], hints: remember(memory) };
  const { facts, run } = factsOf(event, payload, memory);
  const transcript = payload.transcript_path || event.env.CURSOR_TRANSCRIPT_PATH;
  const folder = payload.workspace_roots?.[0];
  return {
    facts: facts.map((fact) => (fact.type === "tool.result" ? fact : { ...fact, live: true as const })),
    hints: {
      ...remember(memory),
      ...(transcript && { transcript }),
      ...(folder && { folder }),
      ...(run && { [RUN_HINT]: JSON.stringify(run) }),
    },
  };
}

function isRepeated(memory: Memory, event: JournalEvent): boolean {
  const hash = hashOf([event.event, event.payload]);
  const before = memory.seen[hash];
  keep(memory.seen, hash, event.ts);
  return before !== undefined && Math.abs(event.ts - before) < REPEATED_MS;
}

function factsOf(event: JournalEvent, payload: HookPayload, memory: Memory): { facts: readonly Fact[]; run?: Run } {
  if (event.event !== "sessionEnd") return { facts: plainFacts(event, payload, memory) };
  const { facts, run } = sessionEndFacts(memory, payload, event.ts);
  delete memory.prompted;
  delete memory.processAt;
  if (!run) return { facts };
  const { key: turn, start, tools } = run;
  const answered = run.threads[MAIN_THREAD]?.answer !== undefined;
  return { facts, run: { turn, start, end: event.ts, tools, answered, ...modelOf(payload) } };
}

function plainFacts(event: JournalEvent, payload: HookPayload, memory: Memory): readonly Fact[] {
  const at = event.ts;
  switch (event.event) {
    case "sessionStart":
      memory.processAt = at;
      delete memory.prompted;
      return [...sessionFacts(payload, at), { type: "session.start", at }];
    case "beforeSubmitPrompt":
      return promptFacts(memory, payload, at, event.env.TRACEPARENT);
    case "afterAgentThought":
      return pieceFacts(memory, payload, { type: "reasoning", text: payload.text ?? "" }, at);
    case "afterAgentResponse":
      return pieceFacts(memory, payload, { type: "text", text: payload.text ?? "" }, at);
    case "postToolUse":
      return toolFacts(memory, payload, at, false);
    case "postToolUseFailure":
      return toolFacts(memory, payload, at, true);
    case "afterShellExecution":
    case "afterMCPExecution":
    case "afterFileEdit":
      return unnamedFacts(memory, event.event, payload, at);
    case "afterTabFileEdit":
      return [...sessionFacts(payload, at), ...tabFacts(payload, at)];
    case "subagentStart":
      return subagentStartFacts(memory, payload, at);
    case "subagentStop":
      return subagentStopFacts(memory, payload, at);
    case "preCompact":
      return compactionFacts(memory, payload, at);
    case "stop":
      return stopFacts(memory, payload, at);
    default:
      return [];
  }
}

function pieceFacts(memory: Memory, payload: HookPayload, part: Part, at: number): readonly Fact[] {
  if (!payload.text) return [];
  const { turn, facts } = enter(memory, payload, at - (payload.duration_ms ?? 0));
  return turn ? [...facts, ...answerFacts(turn, payload.subagent_id || MAIN_THREAD, payload, part, at)] : facts;
}

/** Only that a compaction begins is told: its span has no length. */
function compactionFacts(memory: Memory, payload: HookPayload, at: number): readonly Fact[] {
  const { turn, key, facts } = enter(memory, payload, at);
  const metadata = {
    ...(payload.context_tokens != null && { context_tokens: payload.context_tokens }),
    ...(payload.context_window_size != null && { context_window_size: payload.context_window_size }),
    ...(payload.context_usage_percent != null && { context_usage_percent: payload.context_usage_percent }),
    ...(payload.message_count != null && { messages: payload.message_count }),
    ...(payload.messages_to_compact != null && { messages_to_compact: payload.messages_to_compact }),
  };
  if (turn) {
    const thread = threadOf(turn, MAIN_THREAD);
    thread.free = Math.max(thread.free, at);
  }
  const trigger = payload.trigger ? { trigger: payload.trigger } : {};
  const where = { at, turn: key, thread: MAIN_THREAD } as const;
  return [...facts, { type: "compaction.start", ...where, ...trigger, metadata }, { type: "compaction.end", ...where }];
}

function stopFacts(memory: Memory, payload: HookPayload, at: number): readonly Fact[] {
  const { turn, key, facts } = enter(memory, payload, at);
  const usage = turn ? usageFacts(turn, payload, at) : [];
  if (turn) turn.ended = true;
  const metadata = payload.loop_count ? { metadata: { loop_count: payload.loop_count } } : {};
  return [
    ...facts,
    ...usage,
    { type: "turn.end", at, turn: key, source: "recorded", ...endOf(payload, payload.status), ...metadata },
  ];
}
