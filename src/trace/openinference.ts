/**
 * Finished nodes → OpenInference spans. Pure: the same node and context give the same span, attribute order included.
 *
 * | node | kind | name |
 * |---|---|---|
 * | turn | AGENT | `<agent key> turn` |
 * | llm | LLM | the model, else `llm` |
 * | tool | TOOL | the tool |
 * | agent | AGENT | the subagent's type |
 * | compaction | CHAIN | `compact` |
 *
 * Unknown is absent: no attribute is ever written for a value that no source told.
 */

import {
  AGENT_NAME,
  INPUT_MIME_TYPE,
  INPUT_VALUE,
  LLM_COST_TOTAL,
  LLM_FINISH_REASON,
  LLM_INPUT_MESSAGES,
  LLM_INVOCATION_PARAMETERS,
  LLM_MODEL_NAME,
  LLM_OUTPUT_MESSAGES,
  LLM_PROVIDER,
  LLM_SYSTEM,
  LLM_TOKEN_COUNT_COMPLETION,
  LLM_TOKEN_COUNT_COMPLETION_DETAILS_REASONING,
  LLM_TOKEN_COUNT_PROMPT,
  LLM_TOKEN_COUNT_PROMPT_DETAILS_CACHE_READ,
  LLM_TOKEN_COUNT_PROMPT_DETAILS_CACHE_WRITE,
  LLM_TOKEN_COUNT_TOTAL,
  METADATA,
  MimeType,
  OUTPUT_MIME_TYPE,
  OUTPUT_VALUE,
  SESSION_ID,
  SemanticConventions,
  TOOL_ID,
  TOOL_NAME,
  TOOL_PARAMETERS,
  USER_ID,
} from "@arizeai/openinference-semantic-conventions";
import {
  EXCEPTION_MESSAGE,
  EXCEPTION_TYPE,
  LINK_REASON,
  MCP_SERVER_NAME,
  OWN_ATTRIBUTES,
  TOOL_EXIT_CODE,
} from "./attributes.ts";
import { spanIdOf, traceIdOf } from "./ids.ts";
import type { FinishedNode, LlmNode, Message, Metadata, NodeLink, Scalar, ToolNode, Usage } from "./node.ts";
import { jsonOf, messagesEntries, textOf, toolCallsOf, toolsEntries } from "./openinference-messages.ts";
import { inputFieldEntries } from "./openinference-tool.ts";
import {
  type Attributes,
  type AttributeValue,
  nanosOf,
  type Span,
  type SpanEvent,
  type SpanKind,
  type SpanLink,
} from "./span.ts";

/** What every span of a session carries. */
export interface SpanContext {
  readonly agent: string;
  /** Agent name for people, `Claude Code`: the root's `agent.name`. */
  readonly agentTitle: string;
  readonly session: string;
  readonly userId?: string;
  /** Custom attributes. */
  readonly attributes: Readonly<Record<string, Scalar>>;
}

type Entry = readonly [string, AttributeValue];

const SPAN_KIND = SemanticConventions.OPENINFERENCE_SPAN_KIND;

// Namespaces in which a custom attribute would change what a span says about the model or about itself.
const RESERVED_PREFIXES: readonly string[] = ["llm.", "openinference."];

// Names that spans of some kind carry: a custom attribute must not appear as one of them on the others.
const RESERVED_NAMES: ReadonlySet<string> = new Set([
  ...OWN_ATTRIBUTES,
  AGENT_NAME,
  INPUT_MIME_TYPE,
  INPUT_VALUE,
  METADATA,
  OUTPUT_MIME_TYPE,
  OUTPUT_VALUE,
  SESSION_ID,
  SemanticConventions.TOOL_DESCRIPTION,
  TOOL_ID,
  TOOL_NAME,
  TOOL_PARAMETERS,
  USER_ID,
]);

// W3C trace context, version 00: version, trace id, parent id, flags.
const TRACEPARENT = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}$/;

/** True for names that custom attributes cannot take, because the standard attributes own their meaning. */
export function isReservedAttribute(name: string): boolean {
  return RESERVED_NAMES.has(name) || RESERVED_PREFIXES.some((prefix) => name.startsWith(prefix));
}

function* textEntries(value: string, mime: string, text: string | undefined): Generator<Entry> {
  if (text === undefined) return;
  yield [value, text];
  yield [mime, MimeType.TEXT];
}

function* valueEntries(name: string, mime: string, value: unknown): Generator<Entry> {
  if (typeof value === "string") yield* textEntries(name, mime, value);
  else if (value !== undefined && value !== null) {
    const json = jsonOf(value);
    if (json === undefined) return;
    yield [name, json];
    yield [mime, MimeType.JSON];
  }
}

function* inputOutputEntries(input: unknown, output: unknown): Generator<Entry> {
  yield* valueEntries(INPUT_VALUE, INPUT_MIME_TYPE, input);
  yield* valueEntries(OUTPUT_VALUE, OUTPUT_MIME_TYPE, output);
}

function* known(name: string, value: AttributeValue | undefined): Generator<Entry> {
  if (value !== undefined && !(typeof value === "number" && !Number.isFinite(value))) yield [name, value];
}

function* usageEntries(usage: Usage | undefined): Generator<Entry> {
  if (usage === undefined) return;
  yield* known(LLM_TOKEN_COUNT_PROMPT, usage.prompt);
  yield* known(LLM_TOKEN_COUNT_COMPLETION, usage.completion);
  if (usage.prompt !== undefined && usage.completion !== undefined) {
    yield* known(LLM_TOKEN_COUNT_TOTAL, usage.prompt + usage.completion);
  }
  // No other detail key: Phoenix bills every one that it finds.
  yield* known(LLM_TOKEN_COUNT_PROMPT_DETAILS_CACHE_READ, usage.cacheRead);
  yield* known(LLM_TOKEN_COUNT_PROMPT_DETAILS_CACHE_WRITE, usage.cacheWrite);
  yield* known(LLM_TOKEN_COUNT_COMPLETION_DETAILS_REASONING, usage.reasoning);
}

function lastAsked(messages: readonly Message[]): string | undefined {
  const asked = messages.filter((message) => message.role === "user" || message.role === "tool");
  return textOf(asked.findLast((message) => textOf(message) !== undefined));
}

function answered(messages: readonly Message[]): unknown {
  const texts = messages.flatMap((message) => textOf(message) ?? []);
  if (texts.length > 0) return texts.join("\n\n");
  const calls = toolCallsOf(messages).map(({ id, name, input }) => ({ id, name, input }));
  return calls.length > 0 ? calls : undefined;
}

function* llmEntries(node: LlmNode): Generator<Entry> {
  yield* known(LLM_MODEL_NAME, node.model);
  yield* known(LLM_PROVIDER, node.provider);
  yield* known(LLM_SYSTEM, node.system);
  yield* usageEntries(node.usage);
  yield* known(LLM_FINISH_REASON, node.finishReason);
  yield* known(LLM_INVOCATION_PARAMETERS, node.parameters && jsonOf(node.parameters));
  yield* known(LLM_COST_TOTAL, node.cost);
  yield* inputOutputEntries(lastAsked(node.input), answered(node.output));
  yield* messagesEntries(LLM_INPUT_MESSAGES, node.input);
  yield* messagesEntries(LLM_OUTPUT_MESSAGES, node.output);
  yield* toolsEntries(node.tools ?? []);
}

function* toolEntries(node: ToolNode): Generator<Entry> {
  yield [TOOL_NAME, node.name];
  yield* known(TOOL_ID, node.callId);
  yield* inputOutputEntries(node.input, node.output);
  yield* known(TOOL_PARAMETERS, node.input === null ? undefined : jsonOf(node.input));
  yield* inputFieldEntries(node.input);
  yield* known(TOOL_EXIT_CODE, node.exitCode);
  yield* known(MCP_SERVER_NAME, node.mcpServer);
}

interface Shape {
  readonly kind: SpanKind;
  readonly name: string;
  readonly entries: Iterable<Entry>;
  /** What the node knows besides its metadata. */
  readonly metadata?: Metadata;
}

function shapeOf(node: FinishedNode, context: SpanContext): Shape {
  switch (node.kind) {
    case "turn":
      return {
        kind: "AGENT",
        name: `${context.agent} turn`,
        entries: [[AGENT_NAME, context.agentTitle], ...inputOutputEntries(node.input, node.output)],
        metadata: { turn_index: node.index },
      };
    case "llm":
      return { kind: "LLM", name: node.model || "llm", entries: llmEntries(node) };
    case "tool":
      return {
        kind: "TOOL",
        name: node.name || "tool",
        entries: toolEntries(node),
        metadata: { exit_code: node.exitCode, mcp_server: node.mcpServer },
      };
    case "agent":
      return {
        kind: "AGENT",
        name: node.name || "agent",
        entries: [[AGENT_NAME, node.name || "agent"], ...inputOutputEntries(node.input, node.output)],
        metadata: { agent_id: node.agentId },
      };
    case "compaction":
      return {
        kind: "CHAIN",
        name: "compact",
        entries: inputOutputEntries(node.input, node.output),
        metadata: { trigger: node.trigger },
      };
  }
}

function metadataJson(node: FinishedNode, extra: Metadata | undefined): string | undefined {
  const marks = node.outcome === "interrupted" ? { interrupted: true } : {};
  const all = Object.entries({ ...node.metadata, ...extra, ...marks });
  const known = all.filter(([, value]) => value !== undefined && value !== null);
  // Sorted: hooks and history may have told the same things in another order.
  known.sort(([a], [b]) => (a < b ? -1 : 1));
  return known.length === 0 ? undefined : jsonOf(Object.fromEntries(known));
}

function* customEntries(context: SpanContext): Generator<Entry> {
  for (const name of Object.keys(context.attributes).sort()) {
    if (name !== "" && !isReservedAttribute(name)) yield* known(name, context.attributes[name]);
  }
}

function statusOf(node: FinishedNode): Span["status"] {
  switch (node.outcome) {
    case "ok":
      return { code: "OK" };
    case "unset":
      return { code: "UNSET" };
    case "error":
      return node.error ? { code: "ERROR", message: node.error.message || node.error.type } : { code: "ERROR" };
    case "interrupted":
      return { code: "ERROR", message: node.error?.message || "interrupted" };
  }
}

function eventsOf(node: FinishedNode): readonly SpanEvent[] {
  const events: SpanEvent[] = node.events.map((event) => ({
    name: event.name,
    time: nanosOf(event.at),
    attributes: { ...event.attributes },
  }));
  if (node.error) {
    const attributes = { [EXCEPTION_TYPE]: node.error.type, [EXCEPTION_MESSAGE]: node.error.message };
    events.push({ name: "exception", time: nanosOf(node.end), attributes });
  }
  return events;
}

function linkOf(link: NodeLink, context: SpanContext): SpanLink | undefined {
  const attributes: Attributes = { [LINK_REASON]: link.reason };
  if ("turn" in link) {
    const traceId = traceIdOf(context.agent, context.session, link.turn);
    return { traceId, spanId: spanIdOf(traceId, link.node), attributes };
  }
  const [, traceId, spanId] = TRACEPARENT.exec(link.traceparent.trim()) ?? [];
  return traceId !== undefined && spanId !== undefined ? { traceId, spanId, attributes } : undefined;
}

/**
 * The span of a finished node. Custom attributes come last and never take a reserved name, so that they can neither
 * override nor imitate a standard attribute. A `traceparent` that is not W3C trace context is left out.
 */
export function toSpan(node: FinishedNode, context: SpanContext): Span {
  const shape = shapeOf(node, context);
  const traceId = traceIdOf(context.agent, context.session, node.turn);
  const attributes = Object.fromEntries<AttributeValue>([
    [SPAN_KIND, shape.kind],
    [SESSION_ID, context.session],
    ...known(USER_ID, context.userId || undefined),
    ...shape.entries,
    ...known(METADATA, metadataJson(node, shape.metadata)),
    ...customEntries(context),
  ]);
  return {
    traceId,
    spanId: spanIdOf(traceId, node.key),
    ...(node.parent === undefined ? {} : { parentId: spanIdOf(traceId, node.parent) }),
    name: shape.name,
    kind: shape.kind,
    start: nanosOf(node.start),
    end: nanosOf(node.end),
    status: statusOf(node),
    attributes,
    events: eventsOf(node),
    links: node.links.flatMap((link) => linkOf(link, context) ?? []),
  };
}
