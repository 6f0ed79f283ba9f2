/** What the model server answers: one script per thread of the conversation, one step per request. */

/** A piece of an answer, one streamed chunk each. */
export type Piece =
  | { readonly text: string }
  | { readonly thought: string }
  | { readonly tool: string; readonly args: Readonly<Record<string, unknown>> };

/** Figures as the Gemini API sends them; what is left out gets a value of its own per request. */
export interface StepUsage {
  readonly promptTokenCount?: number;
  readonly candidatesTokenCount?: number;
  readonly cachedContentTokenCount?: number;
  readonly thoughtsTokenCount?: number;
}

/** A whole answer. */
export interface Answer {
  readonly pieces: readonly Piece[];
  readonly usage?: StepUsage;
  /** Milliseconds from the request to the first byte. */
  readonly firstByteMs?: number;
  /** Milliseconds from the first byte to the last. */
  readonly streamMs?: number;
  /** The answer never ends, until the client leaves. */
  readonly stalls?: true;
}

/** A refusal by the server. */
export interface Failure {
  readonly status: number;
  readonly message?: string;
}

export type Step = Answer | Failure;

/** `main` plays unless a conversation's first prompt names another thread by `@thread(name)`. The last step repeats. */
export type Script = Readonly<Record<string, readonly Step[]>> & { readonly main: readonly Step[] };

/** An answer of nothing but text. */
export function say(text: string, more: Omit<Answer, "pieces"> = {}): Answer {
  return { pieces: [{ text }], ...more };
}

/** An answer that calls tools. */
export function call(...tools: readonly (readonly [tool: string, args: Readonly<Record<string, unknown>>])[]): Answer {
  return { pieces: tools.map(([tool, args]) => ({ tool, args })) };
}

/** An answer that runs one shell command. */
export function shell(command: string): Answer {
  return call(["run_shell_command", { command, description: "Run it" }]);
}

/** A call that starts a subagent which plays the named thread. */
export function reader(thread: string): readonly [tool: string, args: Readonly<Record<string, unknown>>] {
  return ["invoke_agent", { agent_name: "reader", prompt: `@thread(${thread}) Do your part and report.` }];
}

/** The answer with which a subagent ends. */
export function report(result: string): Answer {
  return call(["complete_task", { result }]);
}
