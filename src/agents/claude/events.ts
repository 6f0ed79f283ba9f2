/** Hook payloads → facts. Pure. */

import * as v from "valibot";
import type { JournalEvent } from "../../journal/event.ts";
import { type Fact, MAIN_THREAD, UNNAMED_TURN } from "../../trace/facts.ts";
import type { Observed, SessionHints } from "../agent.ts";
import { misfit } from "../misfit.ts";
import { exitCodeOf, isBuiltIn, mcpServerOf } from "./content.ts";
import { notifiedCall } from "./prompts.ts";
import { HookPayload } from "./wire.ts";

/** Sources of `SessionStart` that mean a new process; `compact` and `clear` come from a running one. */
const NEW_PROCESS = new Set(["startup", "resume", "fork"]);

/** Fields of `tool_response` that this reader knows. */
const ToolResponse = v.looseObject({
  status: v.optional(v.string()),
  agentId: v.optional(v.string()),
  backgroundTaskId: v.optional(v.string()),
});

/** The key under which a subagent's id is kept among the session's hints (older layouts name the file by it). */
export const AGENT_HINT = "agent:";

/** Facts of one hook call of Claude Code. */
export function observe(event: JournalEvent): Observed {
  const parsed = v.safeParse(HookPayload, event.payload);
  if (!parsed.success) return misfit(event, parsed.issues);
  const payload = parsed.output;
  // Compaction runs an internal agent without a type; its transcript never exists.
  if (payload.agent_id !== undefined && payload.agent_type === "") return { facts: [], hints: hintsOf(event, payload) };
  const facts = factsOf(event, payload).map((fact) => ({ ...fact, live: true as const }));
  return { facts, hints: hintsOf(event, payload) };
}

function hintsOf(event: JournalEvent, payload: HookPayload): SessionHints {
  const agentId = payload.agent_type === "" ? undefined : payload.agent_id;
  const pid = event.env.CLAUDE_PID;
  return {
    ...(payload.transcript_path && { transcript: payload.transcript_path }),
    ...(agentId && { [`${AGENT_HINT}${agentId}`]: "1" }),
    ...(pid && { pid }),
  };
}

function factsOf(event: JournalEvent, payload: HookPayload): Fact[] {
  const at = event.ts;
  const turn = payload.prompt_id ?? UNNAMED_TURN;
  const thread = payload.agent_id ?? MAIN_THREAD;
  const callId = payload.tool_use_id;
  const name = payload.tool_name ?? "tool";
  const input = payload.tool_input;
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
    case "UserPromptSubmit": {
      const answered = notifiedCall(payload.prompt ?? "");
      return [
        ...sessionFacts(event, payload),
        {
          type: "turn.start",
          at,
          turn,
          ...(payload.prompt !== undefined && { prompt: payload.prompt }),
          metadata: { ...(payload.permission_mode && { permission_mode: payload.permission_mode }) },
          ...(answered && { answers: { callId: answered } }),
          ...(event.env.TRACEPARENT && { traceparent: event.env.TRACEPARENT }),
        },
      ];
    }
    case "PreToolUse":
      if (!callId) return [];
      return [
        { type: "tool.start", at, turn, thread, callId, name, input, builtIn: isBuiltIn(name), ...server(payload) },
      ];
    case "PermissionRequest":
      return [
        {
          type: "tool.permission",
          at,
          turn,
          thread,
          name,
          input,
          builtIn: isBuiltIn(name),
          ...(callId && { callId }),
        },
      ];
    case "PostToolUse":
      return callId ? toolEnd(payload, at, turn, thread, callId) : [];
    case "PostToolUseFailure":
      return callId ? [toolFailure(payload, at, turn, thread, callId)] : [];
    case "SubagentStart":
      if (!payload.agent_id) return [];
      return [
        {
          type: "agent.start",
          at,
          turn,
          agentId: payload.agent_id,
          ...(payload.agent_type && { name: payload.agent_type }),
        },
      ];
    case "SubagentStop":
      if (!payload.agent_id) return [];
      return [
        {
          type: "agent.end",
          at,
          turn,
          agentId: payload.agent_id,
          source: "claimed",
          outcome: "ok",
          ...answer(payload),
        },
      ];
    case "Stop":
      return [{ type: "turn.end", at, turn, source: "claimed", outcome: "ok", ...answer(payload) }];
    case "StopFailure":
      return [
        {
          type: "turn.end",
          at,
          turn,
          source: "claimed",
          outcome: "error",
          error: { type: payload.error ?? "error", message: payload.last_assistant_message ?? payload.error ?? "" },
        },
      ];
    case "Notification":
      return [
        {
          type: "turn.note",
          at,
          turn,
          event: {
            name: "notification",
            attributes: {
              ...(payload.notification_type && { "notification.type": payload.notification_type }),
              ...(payload.message && { "notification.message": payload.message }),
            },
            content: "prompts",
          },
        },
      ];
    default:
      return [];
  }
}

function server(payload: HookPayload): { mcpServer?: string } {
  const name = payload.mcp_server?.name ?? mcpServerOf(payload.tool_name ?? "");
  return name ? { mcpServer: name } : {};
}

function answer(payload: HookPayload): { output?: string } {
  return payload.last_assistant_message === undefined ? {} : { output: payload.last_assistant_message };
}

function sessionFacts(event: JournalEvent, payload: HookPayload): Fact[] {
  // `claude-code_2-1-330_harness`
  const version = /^claude-code_(\d+)-(\d+)-(\d+)/.exec(event.env.AI_AGENT ?? "");
  const metadata = {
    ...(payload.cwd && { cwd: payload.cwd }),
    ...(version && { agent_version: version.slice(1, 4).join(".") }),
    ...(event.env.CLAUDE_CODE_ENTRYPOINT && { entrypoint: event.env.CLAUDE_CODE_ENTRYPOINT }),
    ...(event.env.CLAUDE_AGENT_SDK_VERSION && { sdk_version: event.env.CLAUDE_AGENT_SDK_VERSION }),
  };
  return Object.keys(metadata).length > 0 ? [{ type: "session", at: event.ts, metadata }] : [];
}

function toolEnd(payload: HookPayload, at: number, turn: string, thread: string, callId: string): Fact[] {
  const parsed = v.safeParse(ToolResponse, payload.tool_response);
  const response = parsed.success ? parsed.output : undefined;
  const background = response?.status === "async_launched" || response?.backgroundTaskId !== undefined;
  // A span without duration is not for want of a measurement.
  const metadata = { ...(background && { background }), ...(payload.duration_ms === 0 && { duration_ms: 0 }) };
  return [
    ...(response?.agentId ? [{ type: "agent.link" as const, at, turn, agentId: response.agentId, callId }] : []),
    {
      type: "tool.end",
      at,
      turn,
      thread,
      callId,
      outcome: "ok",
      output: payload.tool_response,
      ...(payload.duration_ms !== undefined && { durationMs: payload.duration_ms }),
      ...(background && { background }),
      metadata,
    },
  ];
}

function toolFailure(payload: HookPayload, at: number, turn: string, thread: string, callId: string): Fact {
  const message = payload.error ?? "";
  const exitCode = exitCodeOf(message);
  const interrupted = payload.is_interrupt === true;
  return {
    type: "tool.end",
    at,
    turn,
    thread,
    callId,
    outcome: interrupted ? "interrupted" : "error",
    error: { type: interrupted ? "interrupted" : exitCode !== undefined ? "exit" : "tool_error", message },
    ...(payload.duration_ms !== undefined && { durationMs: payload.duration_ms }),
    ...(exitCode !== undefined && { exitCode }),
  };
}
