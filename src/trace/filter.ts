/** How each kind of content is treated under a policy: the vocabulary of `protect.ts`. */

import type { Settings } from "../config/settings.ts";
import { MAIN_THREAD } from "./facts.ts";
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

/** Treats the texts of facts by their class. Pure. */
export class Filter {
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

  message(message: Message, thread: string): Message {
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

/** Classes of a message's text: inside a subagent, what is asked and answered is also a call's input and result. */
export function classesOf(role: Message["role"], thread: string): readonly ContentClass[] {
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
