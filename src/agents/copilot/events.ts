/**
 * Hook payloads → facts. Pure. The event log says everything better; hooks say that a prompt, an end or a death happened
 * now, before the log does.
 */

import * as v from "valibot";
import type { JournalEvent } from "../../journal/event.ts";
import { type Fact, UNNAMED_TURN } from "../../trace/facts.ts";
import type { Observed, SessionHints } from "../agent.ts";
import { misfit } from "../misfit.ts";
import { HookPayload } from "./wire.ts";

/** Facts of one hook call of Copilot. */
export function observe(event: JournalEvent): Observed {
  const parsed = v.safeParse(HookPayload, event.payload);
  if (!parsed.success) return misfit(event, parsed.issues);
  const facts = factsOf(event, parsed.output).map((fact) => ({ ...fact, live: true as const }));
  return { facts, hints: hintsOf(event, parsed.output) };
}

/** VS Code names its transcript; the CLI keeps its event log at a place that follows from the session. */
function hintsOf({ env, session }: JournalEvent, payload: HookPayload): SessionHints {
  if (payload.transcript_path) return { transcript: payload.transcript_path };
  if (!env.COPILOT_CLI) return {};
  const user = env.HOME || env.USERPROFILE;
  const home = env.COPILOT_HOME || (user && `${user}/.copilot`);
  return home ? { transcript: `${home}/session-state/${session}/events.jsonl` } : {};
}

function factsOf({ event, ts: at, env }: JournalEvent, payload: HookPayload): Fact[] {
  switch (event) {
    case "SessionStart":
      return payload.cwd ? [{ type: "session", at, metadata: { cwd: payload.cwd } }] : [];
    case "UserPromptSubmit":
      return [
        {
          type: "turn.start",
          at,
          turn: UNNAMED_TURN,
          ...(payload.prompt !== undefined && { prompt: payload.prompt }),
          ...(env.TRACEPARENT && { traceparent: env.TRACEPARENT }),
        },
      ];
    case "Stop":
      return [{ type: "turn.end", at, turn: UNNAMED_TURN, source: "claimed", outcome: "ok" }];
    case "SessionEnd":
      // With `-p` this comes while background agents still run, and again when they have ended.
      return [{ type: "session.idle", at, ...(payload.reason && { reason: payload.reason }) }];
    default:
      return [];
  }
}
