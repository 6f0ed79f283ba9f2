/**
 * The whole input of each request (`capture.messages = full`): system prompt, tools and history as sent. Transcripts hold
 * requests as lists of message hashes; a message that Claude Code made up is written beside them by its hash, one that
 * was said in the conversation is not, and is recognised by its place.
 */

import * as v from "valibot";
import type { Message, ToolDefinition } from "../../trace/node.ts";
import type { Guard } from "../agent.ts";
import { isBuiltIn, partsOf, textOf } from "./content.ts";
import { Block } from "./wire.ts";

/** Text kept of one context (characters); of a longer one the oldest messages are left out, visibly. */
const MAX_CHARS = 400_000;

/** One message of the API, which may be several of ours (each tool result is one). */
interface Entry {
  readonly hash: string;
  readonly messages: readonly Message[];
}

/** What is remembered of a thread's context. JSON-serialisable. */
export interface Context {
  /** The newest request's messages. */
  sent: Entry[];
  /** Written by hash since then. */
  written: Record<string, Message[]>;
  /** Said since then, one element per API message. */
  said: { role: "assistant" | "user"; messages: Message[] }[];
  /** Newest system prompts and tools by hash. */
  shapes: Record<string, { readonly system: Message; readonly tools: readonly ToolDefinition[] }>;
}

const BlobRecord = v.looseObject({
  hash: v.string(),
  message: v.looseObject({ role: v.string(), content: v.union([v.string(), v.array(Block)]) }),
});

const ShapeRecord = v.looseObject({
  shapeHash: v.string(),
  shape: v.looseObject({
    system: v.optional(v.unknown()),
    tools: v.optional(v.array(v.looseObject({ name: v.optional(v.string()) }))),
  }),
});

const RequestRecord = v.looseObject({
  shapeHash: v.optional(v.string()),
  keep: v.optional(v.number(), 0),
  tail: v.optional(v.array(v.string()), []),
});

/** Shapes kept: a thread switches between few. */
const SHAPES_KEPT = 4;

export function emptyContext(): Context {
  return { sent: [], written: {}, said: [], shapes: {} };
}

/** A message written by its hash. */
export function noteBlob(context: Context, record: unknown, guard: Guard, thread: string): void {
  const parsed = v.safeParse(BlobRecord, record);
  if (!parsed.success) return;
  const { hash, message } = parsed.output;
  const role = message.role === "assistant" || message.role === "system" ? message.role : "user";
  context.written[hash] = [guard.message({ role, parts: partsOf(message.content) }, thread)];
}

/** A system prompt with its tools. */
export function noteShape(context: Context, record: unknown, guard: Guard, thread: string): void {
  const parsed = v.safeParse(ShapeRecord, record);
  if (!parsed.success) return;
  const { system, tools = [] } = parsed.output.shape;
  const offered = tools.map((schema) => ({
    name: schema.name ?? "tool",
    schema,
    builtIn: isBuiltIn(schema.name ?? ""),
  }));
  const guarded = guard.fact({ type: "llm.start" as const, at: 0, turn: "", thread, call: "", tools: offered });
  context.shapes[parsed.output.shapeHash] = {
    system: guard.message({ role: "system", parts: [{ type: "text", text: textOf(system) }] }, thread),
    tools: guarded.tools,
  };
  const [oldest, ...rest] = Object.keys(context.shapes);
  if (oldest !== undefined && rest.length >= SHAPES_KEPT) delete context.shapes[oldest];
}

/** Something was said in the conversation; pieces of one API message follow each other. */
export function noteSaid(context: Context, role: "assistant" | "user", message: Message): void {
  const last = context.said.at(-1);
  if (last?.role !== role) {
    context.said.push({ role, messages: [message] });
    return;
  }
  const previous = last.messages.at(-1);
  if (role === "assistant" && previous) {
    last.messages = [{ role, parts: [...previous.parts, ...message.parts] }];
  } else {
    last.messages.push(message);
  }
}

/** The input of a request, as far as the transcript tells. */
export function inputOf(context: Context, record: unknown): { input: Message[]; tools: readonly ToolDefinition[] } {
  const parsed = v.safeParse(RequestRecord, record);
  if (!parsed.success) return { input: [], tools: [] };
  const { keep, tail, shapeHash } = parsed.output;
  const before = new Map(context.sent.map((entry) => [entry.hash, entry.messages]));
  const added = tail.map((hash) => {
    const messages = context.written[hash] ?? before.get(hash) ?? context.said.shift()?.messages ?? [];
    return { hash, messages };
  });
  context.sent = [...context.sent.slice(0, keep), ...added];
  context.written = {};
  context.said = [];
  const shape = shapeHash === undefined ? undefined : context.shapes[shapeHash];
  return { input: [...(shape ? [shape.system] : []), ...capped(context.sent)], tools: shape?.tools ?? [] };
}

function capped(entries: readonly Entry[]): Message[] {
  let room = MAX_CHARS;
  const kept: Message[] = [];
  for (const entry of entries.toReversed()) {
    room -= JSON.stringify(entry.messages).length;
    if (room < 0 && kept.length > 0) {
      const left = entries.length - entries.indexOf(entry) - 1;
      const text = `…<${entries.length - left} earlier messages left out>`;
      return [{ role: "system", parts: [{ type: "text", text }] }, ...kept];
    }
    kept.unshift(...entry.messages);
  }
  return kept;
}
