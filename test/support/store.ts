/** A store with one hand-made session: a turn with two model calls, a failing shell command and a subagent. */

import type { Paths } from "../../src/paths.ts";
import { openStore } from "../../src/store/open.ts";
import { spanIdOf, traceIdOf } from "../../src/trace/ids.ts";
import { type Attributes, nanosOf, type Span, type SpanKind } from "../../src/trace/span.ts";

/** Id of the session. */
export const SESSION = "3f2a9c51-0000-4000-8000-000000000001";

/** Start of the session: 2026-01-02T03:04:05Z. */
export const START = Date.UTC(2026, 0, 2, 3, 4, 5);

const AGENT = "claude-code";
const TURN = "prompt-1";
const TRACE = traceIdOf(AGENT, SESSION, TURN);

function span(
  key: string,
  parent: string | undefined,
  kind: SpanKind,
  name: string,
  [from, to]: readonly [number, number],
  attributes: Attributes,
  more: Partial<Span> = {},
): Span {
  return {
    traceId: TRACE,
    spanId: spanIdOf(TRACE, key),
    ...(parent === undefined ? {} : { parentId: spanIdOf(TRACE, parent) }),
    name,
    kind,
    start: nanosOf(START + from),
    end: nanosOf(START + to),
    status: { code: "OK" },
    attributes: { "openinference.span.kind": kind, "session.id": SESSION, ...attributes },
    events: [],
    links: [],
    ...more,
  };
}

/** The session's spans. */
export const SPANS: readonly Span[] = [
  span("turn", undefined, "AGENT", "claude-code turn", [0, 4200.5], {
    "input.value": "Fix the build\u001b[31m, please",
    "output.value": "Done: it builds.",
    metadata: JSON.stringify({ cwd: "/home/dev/proj", turn_index: 1 }),
  }),
  span("llm-1", "turn", "LLM", "claude-opus-5-5", [100, 900], {
    "llm.model_name": "claude-opus-5-5",
    "llm.provider": "anthropic",
    "llm.token_count.prompt": 14911,
    "llm.token_count.completion": 90,
    "llm.token_count.total": 15001,
    "llm.token_count.prompt_details.cache_read": 14000,
    "llm.token_count.prompt_details.cache_write": 900,
    "llm.token_count.completion_details.reasoning": 20,
    "llm.finish_reason": "tool_use",
    "output.value": "Let me look.",
  }),
  span(
    "tool-1",
    "llm-1",
    "TOOL",
    "Bash",
    [950, 2100],
    {
      "tool.name": "Bash",
      "tool.id": "toolu_1",
      "tool.command": "make all",
      "input.value": '{"command":"make all"}',
      "output.value": "make: *** No rule\nto make target 'all'.",
      "tool.exit_code": 2,
    },
    {
      status: { code: "ERROR", message: "Exit code 2" },
      events: [{ name: "permission", time: nanosOf(START + 1000), attributes: { decision: "allow", waited_ms: 40 } }],
    },
  ),
  span("tool-2", "llm-1", "TOOL", "Agent", [2110, 3000], {
    "tool.name": "Agent",
    "tool.id": "toolu_2",
    "input.value": '{"prompt":"=look around"}',
    "output.value": "=cmd|'/c calc'!A1",
  }),
  span("agent-1", "tool-2", "AGENT", "Explore", [2120, 2990], { "input.value": "look around" }),
  span("llm-2", "turn", "LLM", "claude-opus-5-5", [3100, 4100], {
    "llm.model_name": "claude-opus-5-5",
    "llm.token_count.prompt": 15100,
    "llm.token_count.completion": 12,
    "output.value": "Done: it builds.",
  }),
];

/** Trace id of the session's one turn. */
export const TRACE_ID = TRACE;

/** Puts the session, and further spans if given, into the store of a home. */
export function seedStore(paths: Paths, spans: readonly Span[] = SPANS, session = SESSION): void {
  const opened = openStore(paths.store);
  if (!opened.ok) throw new Error(JSON.stringify(opened.error));
  opened.store.commitStep({
    agent: AGENT,
    session,
    progress: { fold: undefined, hints: {}, context: undefined, wakeAt: undefined },
    journal: {},
    sources: {},
    spans: spans.map((one) => ({ span: one, sinks: [] })),
    drops: {},
    now: START,
  });
  opened.store.close();
}
