/**
 * The privacy filter: applied to every fact before the fold, so that neither fold state nor spans ever hold what must not
 * be stored. Each text is masked, replaced by its length where its class is switched off, and cut. Pure and deterministic:
 * equal texts of equal classes stay equal, which the fold relies on.
 *
 * | class | what belongs to it |
 * |---|---|
 * | prompts | prompts, responses, reasoning, inputs and outputs of subagents and compactions |
 * | tool details | inputs of tools and of tool calls in messages; names of MCP servers, custom tools, custom subagents; tool schemas |
 * | tool content | outputs and results of tools, all error texts |
 *
 * A subagent's prompt is also an argument of the tool call that starts it and its answer is that call's result, so they are
 * shown only when both of their classes are. Metadata belongs to no class: it is masked and cut.
 */

import type { Settings } from "../config/settings.ts";
import { type Fact, type LlmOutputFact, type LlmStartFact, MAIN_THREAD } from "./facts.ts";
import type { ContentClass, Message, Metadata, NodeError, Part, ToolDefinition } from "./node.ts";
import { type Treatment, treatText, treatValue, treatWhole } from "./redact.ts";

/** What of the settings the filter needs. */
export type Policy = Pick<Settings, "log" | "mask" | "maxTextChars">;

/** Messages of one fact; the newest are kept. */
const MAX_MESSAGES = 1000;
/** Parts of one message or one piece of a response; the first are kept. */
const MAX_PARTS = 1000;
/** All messages of one fact may hold this many times the characters of a single text. */
const TOTAL_TEXTS = 10;

const MIME_TYPE = /^[\w.+-]{1,64}\/[\w.+-]{1,64}$/;

class Filter {
  private readonly policy: Policy;

  constructor(policy: Policy) {
    this.policy = policy;
  }

  /** Treatment of content that belongs to all of these classes; to none: always visible. */
  treatment(...classes: readonly (ContentClass | undefined)[]): Treatment {
    const { log, mask, maxTextChars } = this.policy;
    const shown = { prompts: log.prompts, tool_details: log.toolDetails, tool_content: log.toolContent };
    return { visible: classes.every((name) => name === undefined || shown[name]), mask, maxTextChars };
  }

  text(value: string, ...classes: readonly (ContentClass | undefined)[]): string {
    return treatText(value, this.treatment(...classes));
  }

  plain(value: string): string {
    return this.text(value);
  }

  metadata(value: Metadata): Metadata {
    return treatValue(value, this.treatment()) as Metadata;
  }

  error({ type, message }: NodeError): NodeError {
    return { type: this.plain(type), message: this.text(message, "tool_content") };
  }

  /** Names of built-in tools and subagents say nothing about the user. */
  name(value: string, builtIn: boolean | undefined): string {
    return builtIn ? this.plain(value) : this.text(value, "tool_details");
  }

  /** Built-in tools keep their field names; the fields of other tools are the user's. */
  input(value: unknown, builtIn: boolean | undefined): unknown {
    const treatment = this.treatment("tool_details");
    return builtIn ? treatValue(value, treatment) : treatWhole(value, treatment);
  }

  output(value: unknown): unknown {
    return treatWhole(value, this.treatment("tool_content"));
  }

  parts(parts: readonly Part[], classes: readonly (ContentClass | undefined)[]): readonly Part[] {
    const kept = parts.slice(0, MAX_PARTS).map((part) => this.part(part, classes));
    if (parts.length === kept.length) return kept;
    return [...kept, { type: "text", text: `…<cut, ${parts.length - kept.length} more parts>` }];
  }

  private part(part: Part, classes: readonly (ContentClass | undefined)[]): Part {
    switch (part.type) {
      case "text":
        return { ...part, text: this.text(part.text, ...classes, part.content) };
      case "reasoning":
        return { ...part, text: this.text(part.text, "prompts") };
      case "tool_call": {
        const { name, input, builtIn } = part;
        return { ...part, name: this.name(name, builtIn), input: this.input(input, builtIn) };
      }
      case "media":
        // Only a media type: whatever else is there could be content.
        return part.mime !== undefined && MIME_TYPE.test(part.mime)
          ? { type: "media", mime: part.mime }
          : { type: "media" };
    }
  }

  private message(message: Message, thread: string): Message {
    return { ...message, parts: this.parts(message.parts, classesOf(message.role, thread)) };
  }

  /** The newest messages that fit; the others are counted in a message of their own. */
  messages(messages: readonly Message[], thread: string): readonly Message[] {
    const kept: Message[] = [];
    let room = this.policy.maxTextChars * TOTAL_TEXTS;
    for (let index = messages.length - 1; index >= 0 && kept.length < MAX_MESSAGES; index--) {
      const original = messages[index];
      if (original === undefined) continue;
      const message = this.message(original, thread);
      room -= sizeOf(message);
      // The newest one always stays: it is what was asked.
      if (room < 0 && kept.length > 0) break;
      kept.push(message);
    }
    const missing = messages.length - kept.length;
    if (missing === 0) return kept.reverse();
    const note: Message = { role: "system", parts: [{ type: "text", text: `…<cut, ${missing} earlier messages>` }] };
    return [note, ...kept.reverse()];
  }

  tools(tools: readonly ToolDefinition[]): readonly ToolDefinition[] {
    const details = this.treatment("tool_details");
    return tools.slice(0, MAX_PARTS).map((tool) => ({
      ...tool,
      name: this.name(tool.name, tool.builtIn),
      schema: treatWhole(tool.schema, details),
    }));
  }
}

function classesOf(role: Message["role"], thread: string): readonly ContentClass[] {
  if (role === "tool") return ["tool_content"];
  if (thread === MAIN_THREAD || role === "system") return ["prompts"];
  return role === "user" ? ["prompts", "tool_details"] : ["prompts", "tool_content"];
}

function sizeOf(message: Message): number {
  return message.parts.reduce((sum, part) => {
    if (part.type === "tool_call") return sum + (JSON.stringify(part.input)?.length ?? 0);
    return sum + (part.type === "media" ? 0 : part.text.length);
  }, 0);
}

/** A record without the keys whose value is undefined. */
function present<T extends object>(values: { [Key in keyof T]: T[Key] | undefined }): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function when<In, Out>(value: In | undefined, use: (value: In) => Out): Out | undefined {
  return value === undefined ? undefined : use(value);
}

/** Applied to every fact before the fold. */
export function protect(fact: Fact, policy: Policy): Fact {
  const filter = new Filter(policy);
  const prompt = (value: string) => filter.text(value, "prompts");
  const error = (value: NodeError) => filter.error(value);
  const metadata = (value: Metadata) => filter.metadata(value);
  const plain = (value: string) => filter.plain(value);

  switch (fact.type) {
    case "session":
      return { ...fact, metadata: metadata(fact.metadata) };
    case "session.start":
    case "session.end":
      return { ...fact, ...present({ reason: when(fact.reason, plain) }) };
    case "turn.start": {
      // The notification of a background call carries that call's output.
      const also = fact.answers ? ("tool_content" as const) : undefined;
      return {
        ...fact,
        ...present({
          prompt: when(fact.prompt, (value) => filter.text(value, "prompts", also)),
          metadata: when(fact.metadata, metadata),
        }),
      };
    }
    case "turn.end":
      return {
        ...fact,
        ...present({
          output: when(fact.output, prompt),
          error: when(fact.error, error),
          metadata: when(fact.metadata, metadata),
        }),
      };
    case "turn.note": {
      const event = when(fact.event, ({ name, attributes, content }) => ({
        name: plain(name),
        attributes: Object.fromEntries(
          Object.entries(attributes).map(([key, value]) => [
            key,
            typeof value === "string"
              ? ((treatValue({ [key]: value }, filter.treatment(content)) as Record<string, string>)[key] ?? "")
              : value,
          ]),
        ),
        ...(content === undefined ? {} : { content }),
      }));
      return { ...fact, ...present({ metadata: when(fact.metadata, metadata), event }) };
    }
    case "llm.start":
      return protectLlmStart(fact, filter);
    case "llm.output":
      return protectLlmOutput(fact, filter);
    case "llm.end":
      return { ...fact, ...present({ error: when(fact.error, error), metadata: when(fact.metadata, metadata) }) };
    case "tool.start":
      return {
        ...fact,
        name: filter.name(fact.name, fact.builtIn),
        ...present({
          input: when(fact.input, (value) => filter.input(value, fact.builtIn)),
          mcpServer: when(fact.mcpServer, (value) => filter.text(value, "tool_details")),
        }),
      };
    case "tool.permission":
      return {
        ...fact,
        name: filter.name(fact.name, fact.builtIn),
        ...present({ input: when(fact.input, (value) => filter.input(value, fact.builtIn)) }),
      };
    case "tool.end":
    case "tool.result":
      return {
        ...fact,
        ...present({
          output: when(fact.output, (value) => filter.output(value)),
          error: when(fact.error, error),
          metadata: when(fact.metadata, metadata),
        }),
      };
    case "agent.start":
      return {
        ...fact,
        ...present({
          name: when(fact.name, (value) => filter.name(value, fact.builtIn)),
          input: when(fact.input, (value) => filter.text(value, "prompts", "tool_details")),
          metadata: when(fact.metadata, metadata),
        }),
      };
    case "agent.end":
      return {
        ...fact,
        ...present({
          output: when(fact.output, (value) => filter.text(value, "prompts", "tool_content")),
          error: when(fact.error, error),
        }),
      };
    case "compaction.start":
    case "compaction.end":
      return {
        ...fact,
        ...present({
          trigger: when(fact.trigger, plain),
          input: when(fact.input, prompt),
          output: when(fact.output, prompt),
          metadata: when(fact.metadata, metadata),
        }),
      };
    case "agent.link":
    case "tick":
      return fact;
  }
}

function protectLlmStart(fact: LlmStartFact, filter: Filter): LlmStartFact {
  return {
    ...fact,
    ...present({
      parameters: when(fact.parameters, (value) => filter.metadata(value)),
      input: when(fact.input, (value) => filter.messages(value, fact.thread)),
      tools: when(fact.tools, (value) => filter.tools(value)),
      metadata: when(fact.metadata, (value) => filter.metadata(value)),
    }),
  };
}

function protectLlmOutput(fact: LlmOutputFact, filter: Filter): LlmOutputFact {
  return {
    ...fact,
    parts: filter.parts(fact.parts, classesOf("assistant", fact.thread)),
    ...present({ metadata: when(fact.metadata, (value) => filter.metadata(value)) }),
  };
}
