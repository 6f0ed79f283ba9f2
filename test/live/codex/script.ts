/** What the model answers, step by step; every request of a thread takes the next step of its list. */

/** A tool call that an answer asks for. */
export interface ScriptedCall {
  readonly name: string;
  readonly namespace?: string;
  /** Arguments of a function; text of a custom tool. */
  readonly input: object | string;
  /** What hooks, and so spans, call the tool, where that is another name. */
  readonly shown?: string;
  /** Its result is a failure. */
  readonly fails?: true;
}

/** One answer. Usage that is not given is made up, other figures for each request. */
export interface Step {
  readonly text?: string;
  readonly reasoning?: string;
  readonly calls?: readonly ScriptedCall[];
  /** A search that the provider runs itself. */
  readonly search?: string;
  /** An HTTP error instead of an answer. */
  readonly status?: number;
  readonly error?: string;
  /** The connection is dropped in the middle. */
  readonly cut?: true;
  readonly firstByteMs?: number;
  /** How long the answer takes to stream. */
  readonly streamMs?: number;
  readonly inputTokens?: number;
}

/** Steps of the main agent and of its subagents, in the order in which they first ask. */
export interface Script {
  readonly main: readonly Step[];
  readonly subagents?: readonly (readonly Step[])[];
}

export const say = (text: string, more: Partial<Step> = {}): Step => ({ text, ...more });

/** A shell command, as the model writes it. */
export function shell(cmd: string, more: { readonly fails?: true; readonly yieldMs?: number } = {}): ScriptedCall {
  const input = { cmd, ...(more.yieldMs !== undefined && { yield_time_ms: more.yieldMs }) };
  return { name: "exec_command", input, shown: "Bash", ...(more.fails && { fails: true }) };
}

/** A script in code mode. */
export const script = (input: string, more: { readonly fails?: true } = {}): ScriptedCall => ({
  name: "exec",
  input,
  ...more,
});

export const patch = (input: string, more: { readonly fails?: true } = {}): ScriptedCall => ({
  name: "apply_patch",
  input,
  ...more,
});

/** A tool of the calculator that every home has. */
export const calc = (name: "add" | "boom", input: object): ScriptedCall => ({
  name,
  namespace: "mcp__calc",
  input,
  shown: `mcp__calc__${name}`,
  ...(name === "boom" && { fails: true }),
});
