/** Hook payloads → facts. Pure. No payload names a turn or a tool call: the session files do, where there are any. */

import * as v from "valibot";
import type { JournalEvent } from "../../journal/event.ts";
import { PARENT_VARIABLE } from "../../setup/command.ts";
import { type Fact, MAIN_THREAD, UNNAMED_TOOL, UNNAMED_TURN } from "../../trace/facts.ts";
import type { Observed, SessionHints } from "../agent.ts";
import { misfit } from "../misfit.ts";
import { type Mark, withMarks } from "./clock.ts";
import { inputOf, isBuiltIn, mcpServerOf, responseOf } from "./content.ts";
import { HookPayload } from "./wire.ts";

const UNNAMED = { turn: UNNAMED_TURN, thread: MAIN_THREAD, callId: UNNAMED_TOOL } as const;

/** Facts of one hook call of Kiro. */
export function observe(event: JournalEvent, hints: SessionHints = {}): Observed {
  const parsed = v.safeParse(HookPayload, event.payload);
  if (!parsed.success) return misfit(event, parsed.issues);
  const payload = parsed.output;
  const kind = /^[a-z]/.test(event.event) ? "agent" : "file";
  // A version that runs both registrations tells everything twice.
  if (hints.hooks !== undefined && hints.hooks !== kind) return { facts: [] };
  const facts = factsOf(event, payload).map((fact) => ({ ...fact, live: true as const }));
  const pid = event.env[PARENT_VARIABLE];
  return {
    facts,
    hints: {
      hooks: kind,
      clock: withMarks(hints.clock, marksOf(event.event, payload), event.ts),
      ...(event.env.KIRO_HOME && { home: event.env.KIRO_HOME }),
      ...(pid && { pid }),
    },
  };
}

function marksOf(event: string, payload: HookPayload): readonly Mark[] {
  switch (event.toLowerCase()) {
    case "userpromptsubmit":
      return ["u"];
    case "pretooluse":
      return ["b"];
    case "posttooluse":
      return toolsOf(payload).map((): Mark => "a");
    case "stop":
      return ["s"];
    default:
      return [];
  }
}

/** The tool of an event, or all of a turn. */
function toolsOf(payload: HookPayload) {
  return payload.hook_events ?? [payload];
}

function factsOf(event: JournalEvent, payload: HookPayload): Fact[] {
  const at = event.ts;
  switch (event.event.toLowerCase()) {
    case "userpromptsubmit":
      return [
        ...(payload.cwd ? [{ type: "session" as const, at, metadata: { cwd: payload.cwd } }] : []),
        {
          type: "turn.start",
          at,
          turn: UNNAMED_TURN,
          alone: `hook:${at}`,
          // CLI 3 was seen to leave the prompt empty.
          ...(payload.prompt && { prompt: payload.prompt }),
          ...(event.env.TRACEPARENT && { traceparent: event.env.TRACEPARENT }),
        },
      ];
    case "pretooluse": {
      const name = payload.tool_name ?? "tool";
      const mcpServer = mcpServerOf(name);
      const input = inputOf(payload.tool_input);
      const server = mcpServer !== undefined && { mcpServer };
      return [{ type: "tool.start", at, ...UNNAMED, name, input, builtIn: isBuiltIn(name), ...server }];
    }
    case "posttooluse":
      return toolsOf(payload).map((tool): Fact => {
        const name = tool.tool_name ?? "tool";
        const { outcome, output, exitCode } = responseOf(tool.tool_response);
        const error = outcome === "error" && { error: { type: "tool_error", message: output } };
        const told = { name, input: inputOf(tool.tool_input), builtIn: isBuiltIn(name), outcome, output, ...error };
        return { type: "tool.end", at, ...UNNAMED, ...told, ...(exitCode !== undefined && { exitCode }) };
      });
    case "stop":
      return [
        {
          type: "turn.end",
          at,
          turn: UNNAMED_TURN,
          source: "claimed",
          outcome: "ok",
          ...(payload.assistant_response && { output: payload.assistant_response }),
        },
      ];
    default:
      return [];
  }
}
