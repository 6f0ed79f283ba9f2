/**
 * Hook payloads → facts. Pure. `prompt_id` is in no message of Devin's database: turns and tool calls get their names from
 * there, and `prompt_id` only where the database never shows the turn.
 */

import * as v from "valibot";
import type { JournalEvent } from "../../journal/event.ts";
import { PARENT_VARIABLE } from "../../setup/command.ts";
import { type Fact, MAIN_THREAD, UNNAMED_TOOL, UNNAMED_TURN } from "../../trace/facts.ts";
import type { Observed, SessionHints } from "../agent.ts";
import { misfit } from "../misfit.ts";
import { isBuiltIn, textOf } from "./content.ts";
import { HookPayload, ToolResponse } from "./wire.ts";

/** Events that only happen while a turn runs. */
const WITHIN_TURN: ReadonlySet<string> = new Set(["PostToolUse", "Stop"]);

/** Facts of one hook call of Devin CLI. */
export function observe(event: JournalEvent, hints: SessionHints = {}): Observed {
  const parsed = v.safeParse(HookPayload, event.payload);
  if (!parsed.success) return misfit(event, parsed.issues);
  const payload = parsed.output;
  const facts = factsOf(event, payload).map((fact) => ({ ...fact, live: true as const }));
  return { facts, hints: hintsOf(event, hints) };
}

function hintsOf({ event, ts, env }: JournalEvent, known: SessionHints): SessionHints {
  const pid = env[PARENT_VARIABLE];
  return {
    // A turn was running already when the first hook came.
    ...(known.since === undefined && { since: String(ts), ...(WITHIN_TURN.has(event) && { joined: "1" }) }),
    ...(env.XDG_DATA_HOME && { data: env.XDG_DATA_HOME }),
    ...(pid && { pid }),
  };
}

function factsOf(event: JournalEvent, payload: HookPayload): Fact[] {
  const at = event.ts;
  switch (event.event) {
    case "UserPromptSubmit": {
      const cwd = event.env.DEVIN_PROJECT_DIR;
      return [
        ...(cwd ? [{ type: "session" as const, at, metadata: { cwd } }] : []),
        {
          type: "turn.start",
          at,
          turn: UNNAMED_TURN,
          alone: payload.prompt_id ?? `hook:${at}`,
          ...(typeof payload.prompt === "string" && { prompt: payload.prompt }),
          ...(event.env.TRACEPARENT && { traceparent: event.env.TRACEPARENT }),
        },
      ];
    }
    case "PostToolUse":
      return [toolEnd(payload, at)];
    case "Stop":
      return [{ type: "turn.end", at, turn: UNNAMED_TURN, source: "claimed", outcome: "ok" }];
    case "SessionEnd":
      return [{ type: "session.end", at, ...(payload.reason && { reason: payload.reason }) }];
    default:
      return [];
  }
}

/** Ids of hooks and of the database were never seen side by side: tool, input and time tell which call is meant. */
function toolEnd(payload: HookPayload, at: number): Fact {
  const parsed = v.safeParse(ToolResponse, payload.tool_response);
  const { success, output, error } = parsed.success ? parsed.output : {};
  const failed = success === false || Boolean(error);
  const name = payload.tool_name ?? "tool";
  const told = typeof output === "string" || output === undefined ? output : textOf(output) || JSON.stringify(output);
  return {
    type: "tool.end",
    at,
    turn: UNNAMED_TURN,
    thread: MAIN_THREAD,
    callId: UNNAMED_TOOL,
    name,
    input: payload.tool_input,
    builtIn: isBuiltIn(name),
    outcome: failed ? "error" : "ok",
    ...(told !== undefined && { output: told }),
    ...(failed && { error: { type: "tool_error", message: error ?? told ?? "" } }),
  };
}
