/** Lines of the plugin → facts. Pure: what must be known of earlier lines comes with the hints and goes back with them. */

import * as v from "valibot";
import type { JournalEvent } from "../../journal/event.ts";
import { type Fact, UNNAMED_TURN } from "../../trace/facts.ts";
import type { Observed, SessionHints } from "../agent.ts";
import { misfit } from "../misfit.ts";
import { answerFacts, endAnswer, requestFacts, retryFacts, textFacts } from "./answers.ts";
import { type Memory, recall, remember } from "./memory.ts";
import { grantFacts, permissionFacts, toolFacts } from "./tools.ts";
import { assistantFacts, endFacts, errorOf, promptFacts, streamEndFacts, threadOf, userMessage } from "./turns.ts";
import { Line } from "./wire.ts";

/** Facts of one line. */
export function observe(event: JournalEvent, hints: SessionHints = {}): Observed {
  const parsed = v.safeParse(Line, event.payload);
  if (!parsed.success) return misfit(event, parsed.issues);
  const line = parsed.output;
  const memory = recall(hints);
  // What happens before the first prompt, or was begun under another version of this program, has no turn.
  const facts = factsOf(line, event, memory)
    .filter((fact) => !("turn" in fact) || fact.turn !== UNNAMED_TURN)
    .map((fact) => ({ ...fact, live: true as const }));
  return { facts, hints: { ...remember(memory), ...(line.pid !== undefined && { pid: String(line.pid) }) } };
}

function factsOf(line: Line, event: JournalEvent, memory: Memory): Fact[] {
  const at = event.ts;
  switch (line.event) {
    case "prompt":
      return promptFacts(memory, line, at, event.env.TRACEPARENT);
    case "user":
      userMessage(memory, line);
      return [];
    case "assistant":
      return [...assistantFacts(memory, line), ...answerFacts(memory, line)];
    case "request":
      return requestFacts(memory, line, at);
    case "retry":
      return retryFacts(memory, line, at);
    case "text":
    case "reasoning":
      return textFacts(memory, line, at);
    case "tool":
      return toolFacts(memory, line, at);
    case "permission.asked":
      return permissionFacts(memory, line, at);
    case "permission.replied":
      grantFacts(memory, line, at);
      return [];
    case "compaction": {
      const { turn } = threadOf(memory, line);
      const trigger = line.auto ? "auto" : "manual";
      return [{ type: "compaction.start", at, turn, thread: line.thread ?? "", trigger }];
    }
    case "compacted":
      return [];
    case "error": {
      const thread = threadOf(memory, line);
      thread.error = { at, ...errorOf(line.error) };
      return [];
    }
    case "idle":
      return endFacts(memory, line, at);
    case "stream.end":
      return streamEndFacts(memory, at, endAnswer);
  }
}
