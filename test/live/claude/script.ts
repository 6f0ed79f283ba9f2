/** What the model server answers: one script per thread of the conversation, one step per request. */

/** A content block of an answer. */
export type Block =
  | { readonly text: string }
  | { readonly thinking: string }
  | { readonly tool: string; readonly input: Readonly<Record<string, unknown>> };

/** Figures as the Messages API sends them; what is left out gets a value of its own per request. */
export interface StepUsage {
  readonly input_tokens?: number;
  readonly cache_creation_input_tokens?: number;
  readonly cache_read_input_tokens?: number;
  readonly output_tokens?: number;
  /** Part of `output_tokens`. */
  readonly thinking_tokens?: number;
}

/** A whole answer. */
export interface Answer {
  readonly blocks: readonly Block[];
  readonly usage?: StepUsage;
  readonly stop?: string;
  /** Milliseconds from the request to the first byte. */
  readonly firstByteMs?: number;
  /** Milliseconds from the first byte to the last. */
  readonly streamMs?: number;
  /** `stall`: the last block never ends, until the client leaves. `error`: an error event instead of the end. */
  readonly broken?: "stall" | "error";
}

/** A refusal by the server. */
export interface Failure {
  readonly status: number;
  readonly message?: string;
  /** Milliseconds from the request to the refusal. */
  readonly firstByteMs?: number;
}

export type Step = Answer | Failure;

/**
 * `main` plays unless a conversation's first prompt names another thread by `@thread(name)`. The last step repeats.
 */
export type Script = Readonly<Record<string, readonly Step[]>> & { readonly main: readonly Step[] };

/** An answer of nothing but text. */
export function say(text: string, more: Omit<Answer, "blocks"> = {}): Answer {
  return { blocks: [{ text }], ...more };
}

/** An answer that calls one tool. */
export function call(
  tool: string,
  input: Readonly<Record<string, unknown>>,
  more: Omit<Answer, "blocks"> = {},
): Answer {
  return { blocks: [{ tool, input }], ...more };
}

/** An answer that runs one shell command. */
export function bash(command: string, more: Omit<Answer, "blocks"> = {}): Answer {
  return call("Bash", { command, description: "Run it" }, more);
}

/** A block that starts a subagent which plays the named thread. */
export function agent(thread: string, input: Readonly<Record<string, unknown>> = {}): Block {
  return {
    tool: "Agent",
    input: {
      description: `Work of ${thread}`,
      subagent_type: "general-purpose",
      prompt: `@thread(${thread}) Do your part and report.`,
      ...input,
    },
  };
}

/** Beyond the window of the model, so that the next request must be preceded by a compaction. */
export const FULL_CONTEXT: StepUsage = {
  input_tokens: 1000,
  cache_creation_input_tokens: 3000,
  cache_read_input_tokens: 975_000,
};
