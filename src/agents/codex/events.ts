/** Hook payloads → facts. Pure. */

import * as v from "valibot";
import type { JournalEvent } from "../../journal/event.ts";
import { PARENT_VARIABLE } from "../../setup/command.ts";
import { type AgentStartFact, type Fact, MAIN_THREAD, UNNAMED_CALL, UNNAMED_TURN } from "../../trace/facts.ts";
import type { Observed, SessionHints } from "../agent.ts";
import { misfit } from "../misfit.ts";
import {
  DEFAULT_AGENT,
  isBuiltIn,
  isBuiltInAgent,
  mcpServerOf,
  parsedJson,
  usageOf,
  withoutImages,
} from "./content.ts";
import { rolloutHint, threadOfPath } from "./sources.ts";
import { REVIEW } from "./turns.ts";
import { HookPayload } from "./wire.ts";

/** Sources of `SessionStart` that mean a new process; `compact` and `clear` come from a running one. */
const NEW_PROCESS = new Set(["startup", "resume", "fork"]);

/** Facts of one hook call of Codex. */
export function observe(event: JournalEvent, known: SessionHints = {}): Observed {
  const parsed = v.safeParse(HookPayload, event.payload);
  if (!parsed.success) return misfit(event, parsed.issues);
  const payload = parsed.output;
  const facts = factsOf(event, payload).map((fact) => ({ ...fact, live: true as const }));
  return { facts, hints: hintsOf(event, payload, known) };
}

function hintsOf(event: JournalEvent, payload: HookPayload, known: SessionHints): SessionHints {
  const hints: Record<string, string> = {};
  for (const path of [payload.transcript_path, payload.agent_transcript_path]) {
    const thread = path ? threadOfPath(path) : undefined;
    if (!path || !thread) continue;
    hints[rolloutHint(thread)] = path;
    if (thread === payload.session_id) hints.transcript = path;
  }
  const parent = event.env[PARENT_VARIABLE];
  if (parent) {
    hints.parent = parent;
    // Some shells start the hook in a process of their own, which is gone with it: Codex itself comes again.
    if (known.parent === parent) hints.pid = parent;
  }
  return hints;
}

function factsOf(event: JournalEvent, payload: HookPayload): Fact[] {
  const at = event.ts;
  const agentId = payload.agent_id ?? reviewOf(payload);
  const thread = agentId ?? MAIN_THREAD;
  // A subagent's hooks name its own turn, never the one that it works for.
  const turn = payload.agent_id ? UNNAMED_TURN : (payload.turn_id ?? UNNAMED_TURN);
  const base = { at, turn, thread };
  const callId = payload.tool_use_id ?? undefined;
  const name = payload.tool_name ?? "tool";
  const builtIn = isBuiltIn(name);
  switch (payload.hook_event_name) {
    case "SessionStart":
      return [
        ...sessionFacts(event, payload),
        ...(NEW_PROCESS.has(payload.source ?? "")
          ? [{ type: "session.start" as const, at, reason: payload.source ?? "" }]
          : []),
      ];
    case "SessionEnd":
      return [{ type: "session.end", at, ...(payload.reason && { reason: payload.reason }) }];
    case "UserPromptSubmit":
      return [
        ...(payload.agent_id ? [] : [...sessionFacts(event, payload), turnStart(payload, at, turn)]),
        ...(agentId ? [{ ...agentStart(payload, agentId, at), turn }] : []),
      ];
    case "PreModelRequest":
      return [{ type: "llm.start", ...base, call: UNNAMED_CALL, ...(payload.model && { model: payload.model }) }];
    case "PostModelRequest":
      return requestEnd(payload, base);
    case "PreToolUse":
      if (!callId) return [];
      return [{ type: "tool.start", ...base, callId, name, input: payload.tool_input, builtIn, ...server(name) }];
    case "PermissionRequest":
      return [{ type: "tool.permission", ...base, name, input: asCalled(payload.tool_input), builtIn }];
    case "PostToolUse":
      return callId ? toolEnd(payload, base, callId, name) : [];
    case "PreCompact":
      return [{ type: "compaction.start", ...base, ...(payload.trigger && { trigger: payload.trigger }) }];
    case "PostCompact":
      // The rollout tells its end, with its times and its text.
      return payload.transcript_path ? [] : [{ type: "compaction.end", ...base }];
    case "SubagentStart":
      return agentId ? [agentStart(payload, agentId, at)] : [];
    case "SubagentStop":
      if (!agentId) return [];
      return [{ type: "agent.end", at, turn, agentId, source: "claimed", outcome: "ok", ...answer(payload) }];
    case "Stop":
      return [{ type: "turn.end", at, turn, source: "claimed", outcome: "ok", ...answer(payload) }];
    case "Interrupt":
      return [{ type: "turn.end", at, turn, source: "claimed", outcome: "interrupted", error: INTERRUPTED }];
    default:
      return [];
  }
}

const INTERRUPTED = { type: "interrupted", message: "Interrupted by the user" } as const;

function turnStart(payload: HookPayload, at: number, turn: string): Fact {
  return {
    type: "turn.start",
    at,
    turn,
    ...(payload.prompt !== undefined && payload.prompt !== null && { prompt: payload.prompt }),
    metadata: { ...(payload.permission_mode && { permission_mode: payload.permission_mode }) },
  };
}

/** A review runs in a thread of its own, whose hooks name no agent: only their file is another than the session's. */
function reviewOf(payload: HookPayload): string | undefined {
  if (payload.agent_id || !payload.turn_id) return undefined;
  const thread = threadOfPath(payload.transcript_path ?? "");
  return thread === payload.session_id ? undefined : thread;
}

function agentStart(payload: HookPayload, agentId: string, at: number): AgentStartFact {
  const name = payload.agent_type || (payload.agent_id ? DEFAULT_AGENT : REVIEW);
  return {
    type: "agent.start",
    at,
    turn: UNNAMED_TURN,
    agentId,
    name,
    builtIn: isBuiltInAgent(name),
    ...(payload.prompt && { input: payload.prompt }),
  };
}

interface Place {
  readonly at: number;
  readonly turn: string;
  readonly thread: string;
}

function requestEnd(payload: HookPayload, base: Place): Fact[] {
  const usage = usageOf(payload.token_usage);
  const call = UNNAMED_CALL;
  const end = { type: "llm.end" as const, ...base, call };
  const told: Fact[] = usage ? [{ type: "llm.output", ...base, call, index: 0, parts: [], usage }] : [];
  switch (payload.status) {
    case "failed":
      return [...told, { ...end, outcome: "error", error: { type: "request_failed", message: payload.error ?? "" } }];
    case "cancelled":
      return [...told, { ...end, outcome: "interrupted", error: INTERRUPTED }];
    default:
      return [...told, { ...end, outcome: "ok" }];
  }
}

function toolEnd(payload: HookPayload, base: Place, callId: string, name: string): Fact[] {
  const response = parsedJson(payload.tool_response);
  const spawned = name.endsWith("spawn_agent") ? (response as { agent_id?: unknown } | null)?.agent_id : undefined;
  return [
    ...(typeof spawned === "string"
      ? [{ type: "agent.link" as const, at: base.at, turn: base.turn, agentId: spawned, callId }]
      : []),
    { type: "tool.end", ...base, callId, outcome: "ok", output: withoutImages(payload.tool_response) },
  ];
}

/** The question has a reason that the call itself has not. */
function asCalled(input: unknown): unknown {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return input;
  const { description: _description, ...called } = input as Record<string, unknown>;
  return called;
}

function server(name: string): { mcpServer?: string } {
  const mcpServer = mcpServerOf(name);
  return mcpServer === undefined ? {} : { mcpServer };
}

function answer(payload: HookPayload): { output?: string } {
  return payload.last_assistant_message ? { output: payload.last_assistant_message } : {};
}

function sessionFacts(event: JournalEvent, payload: HookPayload): Fact[] {
  return payload.cwd ? [{ type: "session", at: event.ts, metadata: { cwd: payload.cwd } }] : [];
}
