/**
 * Deterministic ids: the same agent, session, turn and node give the same trace and span ids on every machine,
 * so every re-send, re-import and crash recovery is idempotent.
 */

import { createHash } from "node:crypto";

// Unit separator: cannot occur in an agent's ids, so no two key lists join to the same text.
const SEPARATOR = "\u001f";

function digest(parts: readonly string[]): string {
  return createHash("sha256").update(parts.join(SEPARATOR)).digest("hex");
}

/** Trace id (32 hex digits) of one turn. */
export function traceIdOf(agent: string, session: string, turn: string): string {
  return digest([agent, session, turn]).slice(0, 32);
}

/** Span id (16 hex digits) of one node of a trace. */
export function spanIdOf(traceId: string, node: string): string {
  return digest([traceId, node]).slice(0, 16);
}
