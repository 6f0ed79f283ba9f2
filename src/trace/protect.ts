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
 * shown only when both of their classes are. Metadata belongs to no class: it is masked and cut; that of a subagent's start is
 * part of the details.
 */

import type { Guard } from "../agents/agent.ts";
import type { Fact, LlmOutputFact, LlmStartFact } from "./facts.ts";
import { classesOf, Filter, type Policy } from "./filter.ts";
import type { Metadata, NodeError } from "./node.ts";
import { treatValue } from "./redact.ts";

export type { Policy } from "./filter.ts";

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
    case "session.idle":
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
    case "llm.retry":
      return { ...fact, error: error(fact.error) };
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
      return {
        ...fact,
        ...present({
          name: when(fact.name, (value) => filter.name(value, fact.builtIn)),
          input: when(fact.input, (value) => filter.input(value, fact.builtIn)),
          output: when(fact.output, (value) => filter.output(value)),
          error: when(fact.error, error),
          metadata: when(fact.metadata, metadata),
        }),
      };
    case "tool.result":
      return {
        ...fact,
        ...present({
          seenAs: when(fact.seenAs, ({ name, input, builtIn }) => ({
            name: filter.name(name, builtIn),
            input: filter.input(input, builtIn),
            builtIn,
          })),
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
          // It comes from the arguments of the call that started the subagent.
          metadata: when(fact.metadata, (value) => treatValue(value, filter.treatment("tool_details")) as Metadata),
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
          error: when(fact.error, error),
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

/** What readers of histories put before the texts that they keep. */
export function guardOf(policy: Policy): Guard {
  const filter = new Filter(policy);
  return {
    fact: <F extends Fact>(fact: F) => protect(fact, policy) as F,
    message: (message, thread) => filter.message(message, thread),
  };
}
