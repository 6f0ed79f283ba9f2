/** Hook payloads → facts. Pure. No payload names a turn, a tool call or a subagent: the fold finds out which are meant. */

import * as v from "valibot";
import type { JournalEvent } from "../../journal/event.ts";
import { PARENT_VARIABLE } from "../../setup/command.ts";
import { type Fact, MAIN_THREAD, UNNAMED_TOOL, UNNAMED_TURN } from "../../trace/facts.ts";
import type { Observed, SessionHints } from "../agent.ts";
import { misfit } from "../misfit.ts";
import { exitCodeOf, isBuiltIn, SHELL, textOf } from "./content.ts";
import { HookPayload, SubagentProgress, ToolResponse } from "./wire.ts";

/** The key of a subagent's source, and of the hint that its file lives. */
export const AGENT_HINT = "agent:";

const UNNAMED = { turn: UNNAMED_TURN, thread: MAIN_THREAD, callId: UNNAMED_TOOL } as const;

/** Facts of one hook call of Gemini CLI. */
export function observe(event: JournalEvent): Observed {
  const parsed = v.safeParse(HookPayload, event.payload);
  if (!parsed.success) return misfit(event, parsed.issues);
  const payload = parsed.output;
  const facts = factsOf(event, payload).map((fact) => ({ ...fact, live: true as const }));
  return { facts, hints: hintsOf(event, payload) };
}

function hintsOf(event: JournalEvent, payload: HookPayload): SessionHints {
  const pid = event.env[PARENT_VARIABLE];
  const agentId = payload.hook_event_name === "AfterTool" ? subagentOf(payload) : undefined;
  return {
    ...(payload.transcript_path && { transcript: payload.transcript_path }),
    ...(agentId && { [`${AGENT_HINT}${agentId}`]: "1" }),
    ...(pid && { pid }),
  };
}

function factsOf(event: JournalEvent, payload: HookPayload): Fact[] {
  const at = event.ts;
  switch (payload.hook_event_name) {
    case "SessionStart":
      return [...sessionFacts(payload, at), { type: "session.start", at, reason: payload.source ?? "" }];
    case "SessionEnd":
      return [{ type: "session.end", at, ...(payload.reason && { reason: payload.reason }) }];
    case "BeforeAgent":
      return [
        ...sessionFacts(payload, at),
        {
          type: "turn.start",
          at,
          turn: UNNAMED_TURN,
          ...(payload.prompt !== undefined && { prompt: payload.prompt }),
          ...(event.env.TRACEPARENT && { traceparent: event.env.TRACEPARENT }),
        },
      ];
    case "AfterAgent":
      // `prompt_response` repeats parts of streamed answers: the text is taken from the transcript.
      return [{ type: "turn.end", at, turn: UNNAMED_TURN, source: "claimed", outcome: "ok", complete: true }];
    case "BeforeTool":
      return [{ type: "tool.start", at, ...UNNAMED, ...calledTool(payload) }];
    case "AfterTool":
      return afterTool(payload, at);
    case "Notification":
      return notification(payload, at);
    default:
      return [];
  }
}

function sessionFacts(payload: HookPayload, at: number): Fact[] {
  return payload.cwd ? [{ type: "session", at, metadata: { cwd: payload.cwd } }] : [];
}

function calledTool(payload: HookPayload) {
  const name = payload.original_request_name ?? payload.tool_name ?? "tool";
  const server = payload.mcp_context?.server_name;
  return {
    name,
    input: payload.tool_input,
    builtIn: isBuiltIn(name),
    ...(server !== undefined && { mcpServer: server }),
  };
}

function afterTool(payload: HookPayload, at: number): Fact[] {
  const parsed = v.safeParse(ToolResponse, payload.tool_response);
  const response = parsed.success ? parsed.output : {};
  const { name, input, builtIn } = calledTool(payload);
  const output = textOf(response.llmContent);
  const exitCode = exitCodeOf(name, output);
  const agentId = subagentOf(payload);
  return [
    {
      type: "tool.end",
      at,
      ...UNNAMED,
      name,
      input,
      builtIn,
      outcome: response.error ? "error" : "ok",
      output,
      ...(response.error && {
        error: { type: response.error.type ?? "tool_error", message: response.error.message ?? output },
      }),
      ...(exitCode !== undefined && { exitCode }),
    },
    ...(agentId === undefined
      ? []
      : [
          {
            type: "agent.end" as const,
            at,
            turn: UNNAMED_TURN,
            agentId,
            source: "claimed" as const,
            outcome: response.error ? ("error" as const) : ("ok" as const),
            output,
            ...(response.error && { error: { type: "subagent_error", message: response.error.message ?? output } }),
          },
        ]),
  ];
}

/** Id of the subagent that a finished call ran: it begins the ids of what the subagent did. */
function subagentOf(payload: HookPayload): string | undefined {
  const parsed = v.safeParse(v.looseObject({ returnDisplay: SubagentProgress }), payload.tool_response);
  const id = parsed.success ? parsed.output.returnDisplay.recentActivity?.find(({ id }) => id)?.id : undefined;
  return id?.includes("#") ? id.slice(0, id.indexOf("#")) : undefined;
}

function notification(payload: HookPayload, at: number): Fact[] {
  if (payload.notification_type !== "ToolPermission") {
    const attributes = {
      ...(payload.notification_type && { "notification.type": payload.notification_type }),
      ...(payload.message && { "notification.message": payload.message }),
    };
    return [
      { type: "turn.note", at, turn: UNNAMED_TURN, event: { name: "notification", attributes, content: "prompts" } },
    ];
  }
  return [{ type: "tool.permission", at, ...UNNAMED, ...askedTool(payload.details) }];
}

/** What a dialog is about, as far as it says. */
function askedTool(details: HookPayload["details"]): { name: string; input?: unknown; builtIn?: boolean } {
  if (details?.type === "exec") {
    return {
      name: SHELL,
      builtIn: true,
      ...(details.command !== undefined && { input: { command: details.command } }),
    };
  }
  if (details?.type === "mcp") return { name: `mcp_${details.serverName ?? ""}_${details.toolName ?? ""}` };
  return { name: "" };
}
