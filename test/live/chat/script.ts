/** What the model server answers: one script per thread of the conversation, one step per request. */

/** A tool call of an answer. */
export interface ScriptedTool {
  readonly tool: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** It cannot succeed. */
  readonly fails?: boolean;
  /** It ends its agent: the model never gets its result. */
  readonly ends?: boolean;
}

/** A whole answer. */
export interface Answer {
  readonly thinking?: string;
  readonly text?: string;
  readonly tools?: readonly ScriptedTool[];
  /** Tokens of the prompt that come from the cache. */
  readonly cached?: number;
  /** Milliseconds from the request to the first byte, and from there to the last. */
  readonly firstByteMs?: number;
  readonly streamMs?: number;
  /** `stall`: never ends, until the client leaves. `cut`: the connection breaks in the middle. */
  readonly broken?: "stall" | "cut";
}

/** A refusal by the server. */
export interface Failure {
  readonly status: number;
  readonly message: string;
}

export type Step = Answer | Failure;

/** `main` plays unless a conversation's prompt names another thread by `@thread(name)`. The last step repeats. */
export type Script = Readonly<Record<string, readonly Step[]>> & { readonly main: readonly Step[] };
