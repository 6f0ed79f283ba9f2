/** STUB of the interface: finished nodes → OpenInference spans. */

import type { Scalar, FinishedNode } from "./node.ts";
import type { Span } from "./span.ts";

/** What every span of a session carries. */
export interface SpanContext {
  readonly agent: string;
  /** Agent name for people, `Claude Code`. */
  readonly agentTitle: string;
  readonly session: string;
  readonly userId?: string;
  /** Custom attributes. */
  readonly attributes: Readonly<Record<string, Scalar>>;
}

export function toSpan(_node: FinishedNode, _context: SpanContext): Span {
  throw new Error("not written yet");
}
