import { describe, expect, test } from "bun:test";
import { SemanticConventions } from "@arizeai/openinference-semantic-conventions";
import { OWN_ATTRIBUTES } from "../../src/trace/attributes.ts";
import { spanIdOf, traceIdOf } from "../../src/trace/ids.ts";
import type { AgentNode, CompactionNode, FinishedNode, LlmNode, ToolNode, TurnNode } from "../../src/trace/node.ts";
import { isReservedAttribute, type SpanContext, toSpan } from "../../src/trace/openinference.ts";

const CONTEXT: SpanContext = {
  agent: "claude-code",
  agentTitle: "Claude Code",
  session: "session-1",
  userId: "ada",
  attributes: { team: "payments", "deployment.environment": "prod", size: 3 },
};

const BASE = {
  turn: "turn-1",
  start: 1_700_000_000_000.25,
  end: 1_700_000_001_500.5,
  outcome: "ok",
  events: [],
  links: [],
  metadata: {},
} as const;

const ON_EVERY_SPAN = {
  "session.id": "session-1",
  "user.id": "ada",
  "deployment.environment": "prod",
  size: 3,
  team: "payments",
};

const TRACE = traceIdOf("claude-code", "session-1", "turn-1");

const TURN: TurnNode = {
  ...BASE,
  kind: "turn",
  key: "root",
  index: 3,
  input: "Fix the test",
  output: "Done.",
  metadata: { permission_mode: "plan", cwd: "/repo", git_branch: "main" },
};

const LLM: LlmNode = {
  ...BASE,
  kind: "llm",
  key: "req-1",
  parent: "root",
  model: "claude-opus-5",
  provider: "anthropic",
  system: "anthropic",
  usage: { prompt: 120, completion: 30, cacheRead: 100, cacheWrite: 10, reasoning: 5 },
  finishReason: "tool_use",
  parameters: { max_tokens: 32_000 },
  cost: 0.25,
  input: [
    { role: "user", parts: [{ type: "text", text: "Fix the test" }] },
    { role: "tool", toolCallId: "call-0", parts: [{ type: "text", text: "1 failed" }] },
    {
      role: "user",
      parts: [
        { type: "media", mime: "image/png" },
        { type: "text", text: "See this" },
      ],
    },
  ],
  output: [
    {
      role: "assistant",
      parts: [
        { type: "reasoning", text: "Let me look." },
        { type: "text", text: "I will run it." },
        { type: "tool_call", id: "call-1", name: "Bash", input: { command: "npm test" }, builtIn: true },
        { type: "tool_call", id: "call-2", name: "Read", input: { file_path: "/repo/a.ts" }, builtIn: true },
      ],
    },
  ],
};

const TOOL: ToolNode = {
  ...BASE,
  kind: "tool",
  key: "call-1",
  parent: "req-1",
  name: "Bash",
  callId: "call-1",
  builtIn: true,
  input: { command: "npm test", description: "Run the tests" },
  output: "1 failed",
  outcome: "error",
  error: { type: "exit", message: "Exit code 1" },
  exitCode: 1,
};

const AGENT: AgentNode = {
  ...BASE,
  kind: "agent",
  key: "agent-1",
  parent: "call-3",
  name: "Explore",
  agentId: "agent-1",
  input: "Find it",
  output: "Found it",
};

const COMPACTION: CompactionNode = {
  ...BASE,
  kind: "compaction",
  key: "compact-1",
  parent: "root",
  trigger: "auto",
  output: "A summary",
};

describe("the span of each kind of node", () => {
  test("a turn is an AGENT root that is named after the agent, never after its prompt", () => {
    expect(toSpan(TURN, CONTEXT)).toEqual({
      traceId: TRACE,
      spanId: spanIdOf(TRACE, "root"),
      name: "claude-code turn",
      kind: "AGENT",
      start: "1700000000000250000",
      end: "1700000001500500000",
      status: { code: "OK" },
      attributes: {
        ...ON_EVERY_SPAN,
        "openinference.span.kind": "AGENT",
        "agent.name": "Claude Code",
        "input.value": "Fix the test",
        "input.mime_type": "text/plain",
        "output.value": "Done.",
        "output.mime_type": "text/plain",
        metadata: '{"cwd":"/repo","git_branch":"main","permission_mode":"plan","turn_index":3}',
      },
      events: [],
      links: [],
    });
  });

  test("a model request is an LLM span with flattened messages", () => {
    expect(toSpan(LLM, CONTEXT)).toMatchObject({
      traceId: TRACE,
      spanId: spanIdOf(TRACE, "req-1"),
      parentId: spanIdOf(TRACE, "root"),
      name: "claude-opus-5",
      kind: "LLM",
    });
    expect(toSpan(LLM, CONTEXT).attributes).toEqual({
      ...ON_EVERY_SPAN,
      "openinference.span.kind": "LLM",
      "llm.model_name": "claude-opus-5",
      "llm.provider": "anthropic",
      "llm.system": "anthropic",
      "llm.token_count.prompt": 120,
      "llm.token_count.completion": 30,
      "llm.token_count.total": 150,
      "llm.token_count.prompt_details.cache_read": 100,
      "llm.token_count.prompt_details.cache_write": 10,
      "llm.token_count.completion_details.reasoning": 5,
      "llm.finish_reason": "tool_use",
      "llm.invocation_parameters": '{"max_tokens":32000}',
      "llm.cost.total": 0.25,
      "input.value": "See this",
      "input.mime_type": "text/plain",
      "output.value": "I will run it.",
      "output.mime_type": "text/plain",
      "llm.input_messages.0.message.role": "user",
      "llm.input_messages.0.message.content": "Fix the test",
      "llm.input_messages.1.message.role": "tool",
      "llm.input_messages.1.message.content": "1 failed",
      "llm.input_messages.1.message.tool_call_id": "call-0",
      "llm.input_messages.2.message.role": "user",
      "llm.input_messages.2.message.contents.0.message_content.type": "image",
      "llm.input_messages.2.message.contents.0.message_content.text": "<image/png>",
      "llm.input_messages.2.message.contents.1.message_content.type": "text",
      "llm.input_messages.2.message.contents.1.message_content.text": "See this",
      "llm.output_messages.0.message.role": "assistant",
      "llm.output_messages.0.message.contents.0.message_content.type": "reasoning",
      "llm.output_messages.0.message.contents.0.message_content.text": "Let me look.",
      "llm.output_messages.0.message.contents.1.message_content.type": "text",
      "llm.output_messages.0.message.contents.1.message_content.text": "I will run it.",
      "llm.output_messages.0.message.tool_calls.0.tool_call.id": "call-1",
      "llm.output_messages.0.message.tool_calls.0.tool_call.function.name": "Bash",
      "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments": '{"command":"npm test"}',
      "llm.output_messages.0.message.tool_calls.1.tool_call.id": "call-2",
      "llm.output_messages.0.message.tool_calls.1.tool_call.function.name": "Read",
      "llm.output_messages.0.message.tool_calls.1.tool_call.function.arguments": '{"file_path":"/repo/a.ts"}',
    });
  });

  test("a tool call is a TOOL span with its well-known inputs, exit code and error", () => {
    const span = toSpan(TOOL, CONTEXT);
    expect(span).toMatchObject({
      name: "Bash",
      kind: "TOOL",
      parentId: spanIdOf(TRACE, "req-1"),
      status: { code: "ERROR", message: "Exit code 1" },
    });
    expect(span.attributes).toEqual({
      ...ON_EVERY_SPAN,
      "openinference.span.kind": "TOOL",
      "tool.name": "Bash",
      "tool.id": "call-1",
      "input.value": '{"command":"npm test","description":"Run the tests"}',
      "input.mime_type": "application/json",
      "output.value": "1 failed",
      "output.mime_type": "text/plain",
      "tool.parameters": '{"command":"npm test","description":"Run the tests"}',
      "tool.command": "npm test",
      "tool.description": "Run the tests",
      "tool.exit_code": 1,
      metadata: '{"exit_code":1}',
    });
    expect(span.events).toEqual([
      {
        name: "exception",
        time: "1700000001500500000",
        attributes: { "exception.type": "exit", "exception.message": "Exit code 1" },
      },
    ]);
  });

  test("a subagent is an AGENT span named by its type", () => {
    const span = toSpan(AGENT, CONTEXT);
    expect(span).toMatchObject({ name: "Explore", kind: "AGENT", parentId: spanIdOf(TRACE, "call-3") });
    expect(span.attributes).toEqual({
      ...ON_EVERY_SPAN,
      "openinference.span.kind": "AGENT",
      "agent.name": "Explore",
      "input.value": "Find it",
      "input.mime_type": "text/plain",
      "output.value": "Found it",
      "output.mime_type": "text/plain",
      metadata: '{"agent_id":"agent-1"}',
    });
  });

  test("a compaction is a CHAIN span with its trigger", () => {
    const span = toSpan(COMPACTION, CONTEXT);
    expect(span).toMatchObject({ name: "compact", kind: "CHAIN" });
    expect(span.attributes).toEqual({
      ...ON_EVERY_SPAN,
      "openinference.span.kind": "CHAIN",
      "output.value": "A summary",
      "output.mime_type": "text/plain",
      metadata: '{"trigger":"auto"}',
    });
  });
});

const SPARSE_LLM: LlmNode = { ...BASE, kind: "llm", key: "k", parent: "root", input: [], output: [] };

describe("unknown is absent", () => {
  test("a model request of which nothing is known", () => {
    const { userId: _, ...context } = CONTEXT;
    const span = toSpan(SPARSE_LLM, { ...context, attributes: {} });
    expect(span.name).toBe("llm");
    expect(span.attributes).toEqual({ "openinference.span.kind": "LLM", "session.id": "session-1" });
  });

  test("the total needs both of its parts", () => {
    const { attributes } = toSpan({ ...SPARSE_LLM, usage: { prompt: 10, cacheRead: 0 } }, CONTEXT);
    expect(attributes["llm.token_count.prompt"]).toBe(10);
    expect(attributes["llm.token_count.prompt_details.cache_read"]).toBe(0);
    expect(Object.keys(attributes)).not.toContain("llm.token_count.total");
    expect(Object.keys(attributes)).not.toContain("llm.token_count.completion");
  });

  test("a tool without input and output has neither value nor parameters", () => {
    const { input: _i, output: _o, error: _e, exitCode: _x, ...rest } = TOOL;
    const names = Object.keys(toSpan({ ...rest, outcome: "unset" }, CONTEXT).attributes);
    expect(names.filter((name) => /value|mime|parameters|command|exit|metadata/.test(name))).toEqual([]);
  });

  test("an empty user id is none", () => {
    expect(toSpan(TURN, { ...CONTEXT, userId: "" }).attributes["user.id"]).toBeUndefined();
  });
});

describe("input and output of a model request", () => {
  test("an answer of tool calls alone is shown as their JSON", () => {
    const { attributes } = toSpan(
      {
        ...SPARSE_LLM,
        output: [{ role: "assistant", parts: [{ type: "tool_call", id: "c", name: "Read", input: { a: 1 } }] }],
      },
      CONTEXT,
    );
    expect(attributes["output.value"]).toBe('[{"id":"c","name":"Read","input":{"a":1}}]');
    expect(attributes["output.mime_type"]).toBe("application/json");
  });

  test("a single text is message.content, reasoning alone is message.contents", () => {
    const { attributes } = toSpan(
      {
        ...SPARSE_LLM,
        output: [
          { role: "assistant", parts: [{ type: "text", text: "a" }] },
          { role: "assistant", parts: [{ type: "reasoning", text: "b" }] },
        ],
      },
      CONTEXT,
    );
    expect(attributes["llm.output_messages.0.message.content"]).toBe("a");
    expect(attributes["llm.output_messages.1.message.contents.0.message_content.type"]).toBe("reasoning");
    expect(attributes["llm.output_messages.1.message.content"]).toBeUndefined();
  });

  test("offered tools are there as JSON schemas", () => {
    const { attributes } = toSpan({ ...SPARSE_LLM, tools: [{ name: "Read", schema: { name: "Read" } }] }, CONTEXT);
    expect(attributes["llm.tools.0.tool.json_schema"]).toBe('{"name":"Read"}');
  });
});

describe("well-known inputs of tools", () => {
  const ROWS: readonly (readonly [unknown, Readonly<Record<string, string>>])[] = [
    [{ cmd: ["bash", "-lc", "ls"] }, { "tool.command": "bash -lc ls" }],
    [{ file_path: "/a" }, { "tool.file_path": "/a" }],
    [{ notebook_path: "/n" }, { "tool.file_path": "/n" }],
    [
      { pattern: "x", path: "/p" },
      { "tool.file_path": "/p", "tool.query": "x" },
    ],
    [
      { query: "q", url: "https://u" },
      { "tool.query": "q", "tool.url": "https://u" },
    ],
    [{ command: "", query: 5 }, {}],
    ["plain text", {}],
    [["command"], {}],
    [null, {}],
  ];
  for (const [input, expected] of ROWS) {
    test(JSON.stringify(input), () => {
      const { attributes } = toSpan({ ...TOOL, input }, CONTEXT);
      const found = Object.entries(attributes).filter(([name]) => /^tool\.(command|file_path|query|url)$/.test(name));
      expect(Object.fromEntries(found)).toEqual(expected);
    });
  }

  test("an MCP tool names its server", () => {
    const { attributes } = toSpan({ ...TOOL, name: "mcp__db__query", mcpServer: "db", builtIn: false }, CONTEXT);
    expect(attributes["mcp.server.name"]).toBe("db");
    expect(attributes.metadata).toBe('{"exit_code":1,"mcp_server":"db"}');
  });
});

describe("status", () => {
  test("interrupted is an error that says so, in the status and in the metadata", () => {
    const span = toSpan({ ...TURN, outcome: "interrupted", metadata: {} }, CONTEXT);
    expect(span.status).toEqual({ code: "ERROR", message: "interrupted" });
    expect(span.attributes.metadata).toBe('{"interrupted":true,"turn_index":3}');
    const told = toSpan(
      { ...TURN, outcome: "interrupted", error: { type: "interrupted", message: "by user" } },
      CONTEXT,
    );
    expect(told.status).toEqual({ code: "ERROR", message: "by user" });
  });

  test("nothing said is unset; an error without a message shows its type", () => {
    expect(toSpan({ ...TURN, outcome: "unset" }, CONTEXT).status).toEqual({ code: "UNSET" });
    expect(toSpan({ ...TURN, outcome: "error" }, CONTEXT).status).toEqual({ code: "ERROR" });
    expect(toSpan({ ...TURN, outcome: "error", error: { type: "overloaded", message: "" } }, CONTEXT).status).toEqual({
      code: "ERROR",
      message: "overloaded",
    });
  });
});

describe("events and links", () => {
  test("an event keeps its time and attributes", () => {
    const events = [{ name: "permission", at: 1_700_000_000_500, attributes: { decision: "allow", waited_ms: 120 } }];
    expect(toSpan({ ...TOOL, outcome: "ok", events }, CONTEXT).events[0]).toEqual({
      name: "permission",
      time: "1700000000500000000",
      attributes: { decision: "allow", waited_ms: 120 },
    });
  });

  test("a link to another node has that node's ids", () => {
    const other = traceIdOf("claude-code", "session-1", "turn-0");
    const links = [{ turn: "turn-0", node: "call-9", reason: "answers" }];
    expect(toSpan({ ...TURN, links }, CONTEXT).links).toEqual([
      { traceId: other, spanId: spanIdOf(other, "call-9"), attributes: { "link.reason": "answers" } },
    ]);
  });

  test("a traceparent is a link, never a parent; what is no traceparent is left out", () => {
    const trace = "0af7651916cd43dd8448eb211c80319c";
    const linksOf = (traceparent: string) => {
      const span = toSpan({ ...TURN, links: [{ traceparent, reason: "outside" }] }, CONTEXT);
      expect(span.parentId).toBeUndefined();
      return span.links;
    };
    expect(linksOf(`00-${trace}-b7ad6b7169203331-01`)).toEqual([
      { traceId: trace, spanId: "b7ad6b7169203331", attributes: { "link.reason": "outside" } },
    ]);
    for (const bad of [
      "",
      "garbage",
      `01-${trace}-b7ad6b7169203331-01`,
      `00-${trace}-b7ad6b7169203331`,
      `00-${trace.toUpperCase()}-b7ad6b7169203331-01`,
      `00-${"0".repeat(32)}-b7ad6b7169203331-01`,
      `00-${trace}-${"0".repeat(16)}-01`,
    ]) {
      expect(linksOf(bad)).toEqual([]);
    }
  });
});

describe("custom attributes", () => {
  test("never take a name that the standard attributes own, on no kind of span", () => {
    const attributes = {
      "session.id": "x",
      "user.id": "x",
      "openinference.span.kind": "x",
      "llm.model_name": "x",
      "llm.anything": "x",
      "tool.command": "x",
      "input.value": "x",
      metadata: "x",
      "": "x",
      "tag.tags": "mine",
    };
    for (const node of [TURN, LLM, TOOL, AGENT, COMPACTION] as const) {
      const plain = toSpan(node, { ...CONTEXT, attributes: {} }).attributes;
      expect(toSpan(node, { ...CONTEXT, attributes }).attributes).toEqual({ ...plain, "tag.tags": "mine" });
    }
  });

  test("come last, sorted", () => {
    const names = Object.keys(toSpan(LLM, CONTEXT).attributes);
    expect(names.slice(-3)).toEqual(["deployment.environment", "size", "team"]);
  });
});

const NODES: readonly FinishedNode[] = [
  TURN,
  { ...LLM, tools: [{ name: "Read", schema: {} }] },
  { ...TOOL, mcpServer: "db", input: { command: "c", path: "p", query: "q", url: "u", description: "d" } },
  AGENT,
  { ...COMPACTION, input: "i" },
];

describe("attribute names and values", () => {
  const standard = new Set<string>(Object.values(SemanticConventions));
  /** `llm.input_messages.0.message.tool_calls.1.tool_call.id` → its names of the conventions. */
  const segments = (name: string) => name.split(/\.\d+\.?/).filter((part) => part !== "");

  test("each name is one of OpenInference, of our own list, or custom", () => {
    for (const node of NODES) {
      for (const name of Object.keys(toSpan(node, { ...CONTEXT, attributes: {} }).attributes)) {
        const known = OWN_ATTRIBUTES.includes(name) || segments(name).every((segment) => standard.has(segment));
        expect([name, known]).toEqual([name, true]);
        expect([name, isReservedAttribute(name)]).toEqual([name, true]);
      }
    }
  });

  test("our own names are none of OpenInference's", () => {
    expect(OWN_ATTRIBUTES.filter((name) => standard.has(name))).toEqual([]);
  });

  test("values are scalars", () => {
    for (const node of NODES) {
      const values = Object.values(toSpan(node, CONTEXT).attributes);
      expect(values.filter((value) => !["string", "number", "boolean"].includes(typeof value))).toEqual([]);
    }
  });

  test("the same node gives the same bytes", () => {
    for (const node of NODES) expect(JSON.stringify(toSpan(node, CONTEXT))).toBe(JSON.stringify(toSpan(node, CONTEXT)));
  });
});
