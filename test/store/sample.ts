/** Sample steps and sinks for the tests of store and drain. */

import type { SinkTarget } from "../../src/config/settings.ts";
import type { SessionStep } from "../../src/store/types.ts";
import type { Attributes, Span } from "../../src/trace/span.ts";

/** 2026-01-01T00:00:00Z, epoch ms. */
export const NEW_YEAR = 1_767_225_600_000;

export function target(id: string, more: Partial<SinkTarget> = {}): SinkTarget {
  return {
    id,
    kind: "phoenix",
    url: `http://127.0.0.1:1/${id}/v1/traces`,
    project: "claude-code",
    encoding: "protobuf",
    compression: "gzip",
    headers: {},
    layer: "file",
    ...more,
  };
}

/** A span whose ids are made of its number; starts `n` ms into the year and lasts half a millisecond. */
export function span(n: number, more: Partial<Span> = {}, attributes: Attributes = {}): Span {
  return {
    traceId: n.toString(16).padStart(32, "0"),
    spanId: n.toString(16).padStart(16, "0"),
    name: `span ${n}`,
    kind: "LLM",
    start: `${NEW_YEAR + n}000001`,
    end: `${NEW_YEAR + n}500001`,
    status: { code: "OK" },
    attributes: { "openinference.span.kind": more.kind ?? "LLM", "session.id": "s", ...attributes },
    events: [{ name: "retry", time: `${NEW_YEAR + n}100000`, attributes: { attempt: 1 } }],
    links: [],
    ...more,
  };
}

/** A step that stores spans of one session for the given sinks. */
export function step(
  spans: readonly Span[],
  sinks: readonly SinkTarget[] = [],
  more: Partial<SessionStep> = {},
): SessionStep {
  return {
    agent: "claude-code",
    session: "s",
    progress: { fold: "{}", hints: {}, context: undefined, wakeAt: undefined },
    journal: {},
    sources: {},
    spans: spans.map((each) => ({ span: each, sinks })),
    drops: {},
    now: NEW_YEAR,
    ...more,
  };
}
