/** Lines of the extension → facts. Pure: what must be known of earlier lines comes with the hints and goes back with them. */

import * as v from "valibot";
import type { JournalEvent } from "../../journal/event.ts";
import { type Fact, UNNAMED_TURN } from "../../trace/facts.ts";
import type { Observed, SessionHints } from "../agent.ts";
import { misfit } from "../misfit.ts";
import { answerFacts, requestSent } from "./answers.ts";
import { compactionBegan, compactionFacts } from "./compactions.ts";
import { type Memory, recall, remember } from "./memory.ts";
import { approvalFacts, approved, toolEndFacts, toolStartFacts } from "./tools.ts";
import { endFacts, promptFacts, streamEndFacts, userFacts } from "./turns.ts";
import { Line } from "./wire.ts";

/** Facts of one line. */
export function observe(event: JournalEvent, hints: SessionHints = {}): Observed {
  const parsed = v.safeParse(Line, event.payload);
  if (!parsed.success) return misfit(event, parsed.issues);
  const line = parsed.output;
  const memory = recall(hints);
  // What happens before the first prompt has no turn.
  const facts = factsOf(line, event, memory)
    .filter((fact) => !("turn" in fact) || fact.turn !== UNNAMED_TURN)
    .map((fact) => ({ ...fact, live: true as const }));
  return { facts, hints: { ...remember(memory), ...(line.pid !== undefined && { pid: String(line.pid) }) } };
}

function factsOf(line: Line, event: JournalEvent, memory: Memory): Fact[] {
  const at = event.ts;
  switch (line.event) {
    case "prompt":
      return promptFacts(memory, line, at);
    case "user":
      return userFacts(memory, line, at, event.env.TRACEPARENT);
    case "request":
      requestSent(memory, line, at);
      return [];
    case "answer":
      return answerFacts(memory, line, at);
    case "tool.start":
      return toolStartFacts(memory, line, at);
    case "tool.end":
      return toolEndFacts(memory, line, at);
    case "approval.requested":
      return approvalFacts(memory, line, at);
    case "approval.resolved":
      approved(memory, line, at);
      return [];
    case "compaction.start":
      compactionBegan(memory, line, at);
      return [];
    case "compaction.end":
      return compactionFacts(memory, line, at);
    case "end":
      return endFacts(memory, line, at);
    case "stream.end":
      return streamEndFacts(memory, at);
  }
}
