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
  METADATA,
  OUTPUT_MIME_TYPE,
  OUTPUT_VALUE,
  SESSION_ID,
  SemanticConventions,
  TOOL_ID,
  TOOL_NAME,
  TOOL_PARAMETERS,
  USER_ID,
} from "@arizeai/openinference-semantic-conventions";
import { EXCEPTION_MESSAGE, EXCEPTION_TYPE, LINK_REASON, OWN_ATTRIBUTES } from "./attributes.ts";
import { spanIdOf, traceIdOf } from "./ids.ts";
import type { FinishedNode, Metadata, NodeLink, Scalar } from "./node.ts";
import { llmEntries } from "./openinference-llm.ts";
import { toolEntries } from "./openinference-tool.ts";
import { type Entry, inputOutputEntries, jsonOf, known } from "./openinference-values.ts";
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
