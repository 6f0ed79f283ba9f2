import { describe, expect, test } from "bun:test";
import { score } from "./score.ts";
import type { SeenAttributes, SeenSpan } from "./seen-span.ts";
import type { TrueCall, TrueUsage, Truth } from "./truth.ts";

/** Start of the made-up run, epoch milliseconds. */
const T0 = 1_795_000_000_000;

const usage = (prompt: number): TrueUsage => ({
  prompt,
  completion: 40,
  cacheRead: 10,
  cacheWrite: 5,
  reasoning: 3,
});

function call(index: number, at: number, more: Partial<TrueCall> = {}): TrueCall {
  return {
    index,
    role: "main",
    model: "model-1",
    start: T0 + at,
    end: T0 + at + 100,
    status: 200,
    outcome: "ok",
    finishReason: "end_turn",
    usage: usage(100 + index),
    toolCalls: [],
    ...more,
  };
}

function span(
  spanId: string,
  kind: string,
  parentId: string | undefined,
  at: number,
  more: Partial<SeenSpan> = {},
): SeenSpan {
  return {
    traceId: "t1",
    spanId,
    ...(parentId === undefined ? {} : { parentId }),
    name: spanId,
    kind,
    start: T0 + at,
    end: T0 + at + 100,
    instant: false,
    status: "OK",
    statusMessage: "",
    attributes: { "session.id": "s1", ...more.attributes },
    events: [],
    links: 0,
    resource: {},
    received: T0,
    ...Object.fromEntries(Object.entries(more).filter(([key]) => key !== "attributes")),
  };
}

function llm(
  spanId: string,
  parentId: string,
  at: number,
  prompt: number,
  finish: string,
  more: Partial<SeenSpan> = {},
) {
  const attributes: SeenAttributes = {
    "llm.model_name": "model-1",
    "llm.finish_reason": finish,
    "llm.token_count.prompt": prompt,
    "llm.token_count.completion": 40,
    "llm.token_count.prompt_details.cache_read": 10,
    "llm.token_count.prompt_details.cache_write": 5,
    "llm.token_count.completion_details.reasoning": 3,
    ...more.attributes,
  };
  return span(spanId, "LLM", parentId, at, { ...more, attributes });
}

function tool(spanId: string, parentId: string, at: number, name: string, more: Partial<SeenSpan> = {}) {
  const attributes = { "tool.id": spanId, "tool.name": name, "output.value": "fine", ...more.attributes };
  return span(spanId, "TOOL", parentId, at, { ...more, attributes });
}

/** A turn that starts a subagent, which runs a command; one attempt was refused. */
const truth: Truth = {
  agent: "made-up",
  scenario: "all",
  turns: 1,
  failedTurns: 0,
  sessions: 1,
  calls: [
    call(0, 0, { finishReason: "tool_use", toolCalls: [{ id: "start", name: "Agent" }] }),
    call(1, 200, {
      role: "subagent",
      subagent: "a1",
      finishReason: "tool_use",
      toolCalls: [{ id: "run", name: "Bash" }],
    }),
    call(2, 500, { role: "subagent", subagent: "a1" }),
    { index: 3, role: "main", start: T0 + 700, end: T0 + 720, status: 529, outcome: "http_error", toolCalls: [] },
    call(4, 800),
  ],
  toolResults: [
    { id: "run", isError: false, length: 4 },
    { id: "start", isError: false, length: 10 },
  ],
  traceless: false,
  unknowable: [],
};

const spans: readonly SeenSpan[] = [
  span("turn", "AGENT", undefined, 0),
  llm("call0", "turn", 5, 100, "tool_use"),
  tool("start", "call0", 120, "Agent"),
  span("sub", "AGENT", "start", 130),
  llm("call1", "sub", 205, 101, "tool_use"),
  tool("run", "call1", 350, "Bash"),
  llm("call2", "sub", 510, 102, "end_turn"),
  span("call3", "LLM", "turn", 700, { end: T0 + 722, status: "ERROR", statusMessage: "overloaded" }),
  llm("call4", "turn", 801, 104, "end_turn"),
];

/** The spans with one of them changed. */
function changed(spanId: string, change: (span: SeenSpan) => SeenSpan): readonly SeenSpan[] {
  return spans.map((span) => (span.spanId === spanId ? change(span) : span));
}

const attribute = (name: string, value: string | number) => (span: SeenSpan) => ({
  ...span,
  attributes: { ...span.attributes, [name]: value },
});

const without = (...ids: string[]) => spans.filter(({ spanId }) => !ids.includes(spanId));

/** The reasons as one text. */
const why = (seen: readonly SeenSpan[], of: Truth = truth) => score(of, seen).reasons.join("\n");

describe("a run is exact", () => {
  test("when everything agrees", () => {
    const result = score(truth, spans);
    expect(result.reasons).toEqual([]);
    expect(result.verdict).toBe("exact");
    expect(result.calls).toEqual({ truth: 4, seen: 4 });
    expect(result.failed).toEqual({ truth: 1, seen: 1 });
    expect(result.tokens.prompt).toEqual({ truth: 407, seen: 407 });
    expect(result.tools).toEqual({ truth: 2, seen: 2 });
    expect(result.subagents).toEqual({ truth: 1, seen: 1 });
    expect(result.turns).toEqual({ truth: 1, seen: 1 });
    expect(result.startError).toBe(10);
  });

  test("without any span, when it must leave none", () => {
    expect(score({ ...truth, traceless: true }, []).verdict).toBe("exact");
  });

  test("when a refused attempt is told as a retry event of the call that it delayed", () => {
    const retried = without("call3").map((span) =>
      span.spanId === "call4" ? { ...span, events: [{ name: "retry", time: T0 + 720, attributes: {} }] } : span,
    );
    expect(why(retried)).toBe("");
  });

  test("when refused attempts are missing that no source of the agent tells", () => {
    expect(why(without("call3"), { ...truth, unknowable: ["failed_calls"] })).toBe("");
  });

  test("with or without a span for a call that need not have one", () => {
    const compaction = call(5, 900, { role: "compaction" });
    const more: Truth = { ...truth, calls: [...truth.calls, compaction] };
    expect(why(spans, more)).toBe("");
    expect(why([...spans, llm("call5", "turn", 900, 105, "end_turn")], more)).toBe("");
  });

  test("when a call ends at another time of which no source tells", () => {
    const cut = {
      ...truth,
      calls: truth.calls.map((call) => (call.index === 3 ? { ...call, endUnknowable: true } : call)),
    };
    expect(
      why(
        changed("call3", (span) => ({ ...span, end: span.end + 900 })),
        cut,
      ),
    ).toBe("");
    expect(why(changed("call3", (span) => ({ ...span, end: span.end + 900 })))).toBe("LLM end off by 902 ms");
  });

  test("when a tool of a tool, which the model did not ask for, has a span", () => {
    expect(why([...spans, tool("inner", "run", 360, "Read")])).toBe("");
  });
});

describe("a run is inexact", () => {
  test("without spans", () => {
    expect(why([])).toContain("no spans");
  });

  test("with spans where none may be", () => {
    expect(why(spans, { ...truth, traceless: true })).toBe("9 spans where none may be");
  });

  test("when a request has no LLM span", () => {
    expect(why(without("call2"))).toContain("call 2 (subagent): no LLM span");
  });

  test("when a refused attempt has no LLM span", () => {
    expect(why(without("call3"))).toBe("call 3 (main, http_error 529): no LLM span");
  });

  test("when a refused attempt is told as a good one", () => {
    const reasons = why(changed("call3", (span) => ({ ...span, status: "OK" })));
    expect(reasons).toContain("call 3 (main, http_error 529): no LLM span");
    expect(reasons).toContain("LLM span call3 (OK) stands for no request");
  });

  test("when an LLM span stands for no request", () => {
    expect(why([...spans, llm("ghost", "turn", 900, 7, "end_turn")])).toBe("LLM span ghost (OK) stands for no request");
  });

  for (const [name, kind] of [
    ["llm.token_count.prompt", "prompt"],
    ["llm.token_count.completion", "completion"],
    ["llm.token_count.prompt_details.cache_read", "cacheRead"],
    ["llm.token_count.prompt_details.cache_write", "cacheWrite"],
    ["llm.token_count.completion_details.reasoning", "reasoning"],
  ] as const) {
    test(`when the ${kind} tokens of a call differ`, () => {
      expect(why(changed("call4", attribute(name, 1)))).toContain(`call 4 (main): ${kind} tokens 1, true `);
    });
  }

  test("when two calls have swapped their tokens, though the sums agree", () => {
    const swapped = changed("call4", attribute("llm.token_count.prompt", 105)).map((span) =>
      span.spanId === "call2" ? attribute("llm.token_count.prompt", 101)(span) : span,
    );
    expect(why(swapped)).toContain("prompt tokens");
  });

  test("when the finish reason differs", () => {
    expect(why(changed("call4", attribute("llm.finish_reason", "stop")))).toContain(
      "finish reason stop, true end_turn",
    );
  });

  test("when the model differs", () => {
    expect(why(changed("call4", attribute("llm.model_name", "other")))).toContain("model other, true model-1");
  });

  test("when an LLM span starts too early or too late", () => {
    expect(why(changed("call4", (span) => ({ ...span, start: span.start - 200 })))).toBe("LLM start off by 199 ms");
  });

  test("when an LLM span ends too early or too late", () => {
    expect(why(changed("call4", (span) => ({ ...span, end: span.end + 200 })))).toBe("LLM end off by 201 ms");
  });

  test("when an LLM span has no duration", () => {
    expect(why(changed("call4", (span) => ({ ...span, instant: true })))).toContain("LLM span without duration");
  });

  test("when a tool call has no TOOL span", () => {
    expect(why(without("run"))).toBe("tool Bash run: no TOOL span");
  });

  test("when a TOOL span stands for no tool call", () => {
    expect(why([...spans, tool("ghost", "call0", 120, "Bash")])).toBe("TOOL span ghost ghost stands for no tool call");
  });

  test("when a tool call has two TOOL spans", () => {
    const twin = { ...tool("twin", "call1", 350, "Bash"), attributes: { ...spans[5]?.attributes } };
    expect(why([...spans, twin])).toBe("1 tool calls have more than one TOOL span");
  });

  test("when a tool has another name", () => {
    expect(why(changed("run", attribute("tool.name", "Read")))).toContain("tool.name is Read");
  });

  test("when a TOOL span is not below the call that asked for it", () => {
    expect(why(changed("run", (span) => ({ ...span, parentId: "call2" })))).toContain("not below the LLM span");
  });

  test("when a tool that worked has no duration", () => {
    expect(why(changed("run", (span) => ({ ...span, instant: true })))).toContain("TOOL span without duration");
    const measured = (ms: number) => (span: SeenSpan) => {
      const attributes = { ...span.attributes, metadata: JSON.stringify({ duration_ms: ms }) };
      return { ...span, instant: true, attributes };
    };
    expect(why(changed("run", measured(1)))).toContain("TOOL span without duration");
    expect(why(changed("run", measured(0)))).not.toContain("TOOL span without duration");
  });

  test("when a failed tool is told as a good one", () => {
    const failed = { ...truth, toolResults: [{ id: "run", isError: true, length: 4 }, ...truth.toolResults.slice(1)] };
    expect(why(spans, failed)).toBe("tool Bash run: status OK, true error");
  });

  test("when a good tool is told as a failed one", () => {
    expect(why(changed("run", (span) => ({ ...span, status: "ERROR" })))).toBe("tool Bash run: status ERROR, true ok");
  });

  test("when a tool that never answered is told as a good one", () => {
    expect(why(spans, { ...truth, toolResults: truth.toolResults.slice(1) })).toContain("status OK, true no result");
  });

  test("when a failed tool says nothing about its failure", () => {
    const failed = { ...truth, toolResults: [{ id: "run", isError: true, length: 4 }, ...truth.toolResults.slice(1)] };
    expect(
      why(
        changed("run", (span) => ({ ...span, status: "ERROR" })),
        failed,
      ),
    ).toContain("ERROR without a message");
  });

  test("when the result of a tool is missing", () => {
    expect(why(changed("run", attribute("output.value", "")))).toBe("tool Bash run: result is missing");
  });

  test("when a subagent has no span of its own", () => {
    const flat = without("sub").map((span) => (span.parentId === "sub" ? { ...span, parentId: "turn" } : span));
    const reasons = why(flat);
    expect(reasons).toContain("0 subagent spans, 1 subagents");
    expect(reasons).toContain("call 1 is not below the span of its subagent a1");
  });

  test("when a call of the main agent hangs below a subagent", () => {
    expect(why(changed("call4", (span) => ({ ...span, parentId: "sub" })))).toBe(
      "call 4 of the main agent hangs below a subagent",
    );
  });

  test("when a subagent is not below the tool that started it", () => {
    expect(why(changed("sub", (span) => ({ ...span, parentId: "turn" })))).toBe(
      "subagent sub is not below the tool that started it",
    );
  });

  test("when two subagents share one span", () => {
    const two = { ...truth, calls: truth.calls.map((call) => (call.index === 2 ? { ...call, subagent: "a2" } : call)) };
    const reasons = why(spans, two);
    expect(reasons).toContain("1 subagent spans, 2 subagents");
    expect(reasons).toContain("two subagents share one AGENT span");
  });

  test("when a span's parent never arrived", () => {
    expect(why(changed("call4", (span) => ({ ...span, parentId: "nowhere" })))).toContain("1 orphans: call4");
  });

  test("when a span's parent is in another trace", () => {
    expect(why(changed("call4", (span) => ({ ...span, traceId: "t2" })))).toContain("1 orphans: call4");
  });

  test("when a span was delivered twice", () => {
    expect(why([...spans, ...spans.slice(0, 2)])).toBe("2 spans delivered twice");
  });

  test("when a turn has no root, or two", () => {
    expect(why(spans, { ...truth, turns: 2 })).toBe("1 roots, 2 turns\n1 traces, 2 turns");
    expect(why([...spans, span("turn2", "AGENT", undefined, 900)])).toBe("2 roots, 1 turns");
  });

  test("when a failed turn does not say so, or a good one claims to have failed", () => {
    expect(why(spans, { ...truth, failedTurns: 1 })).toBe("0 failed roots, 1 failed turns");
    expect(why(changed("turn", (span) => ({ ...span, status: "ERROR" })))).toBe("1 failed roots, 0 failed turns");
  });

  test("when spans have no session, or too many", () => {
    const { "session.id": _, ...rest } = spans[0]?.attributes ?? {};
    expect(why(changed("turn", (span) => ({ ...span, attributes: rest })))).toBe("spans without session.id");
    expect(why(changed("turn", attribute("session.id", "s2")))).toBe("2 sessions, true 1");
  });
});
