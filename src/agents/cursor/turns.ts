/** Turns: which one an event belongs to, when one begins and ends. */

import type { Fact, SessionFact, TurnEndFact } from "../../trace/facts.ts";
import type { Outcome } from "../../trace/node.ts";
import { keep, type Memory, type Turn } from "./memory.ts";
import type { HookPayload } from "./wire.ts";

/** Versions of the command line program are dates, the editor's are not. */
const CLI_VERSION = /^\d{4}\.\d{2}\.\d{2}/;

/** How a run without a terminal ends; a person's session is closed. */
const RUN_ENDS: ReadonlySet<string> = new Set(["completed", "aborted", "error"]);

/** True for a call of the command line program. */
export function isCli(payload: HookPayload): boolean {
  return CLI_VERSION.test(payload.cursor_version ?? "");
}

/** A folder as Cursor writes it on Windows, `/c:/Users/dev`, without the slash that no program takes. */
export function plainPath(path: string): string {
  return path.replace(/^\/(?=[A-Za-z]:)/, "");
}

/** What every payload says of the session. */
export function sessionFacts(payload: HookPayload, at: number): SessionFact[] {
  const cwd = payload.workspace_roots?.[0] ?? payload.cwd;
  const metadata = {
    ...(cwd && { cwd: plainPath(cwd) }),
    ...(payload.cursor_version && {
      agent_version: payload.cursor_version,
      entrypoint: isCli(payload) ? "cli" : "editor",
    }),
    ...(payload.composer_mode && { agent_mode: payload.composer_mode }),
    ...(payload.is_background_agent && { background: true }),
  };
  return Object.keys(metadata).length > 0 ? [{ type: "session", at, metadata }] : [];
}

function begin(memory: Memory, key: string, generation: string, start: number, unprompted: boolean): Turn {
  const turn: Turn = { key, generation, start, ...(unprompted && { unprompted }), threads: {}, tools: [] };
  memory.turn = turn;
  keep(memory.turns, generation, key);
  delete memory.processAt;
  return turn;
}

function generationOf(memory: Memory, payload: HookPayload): string {
  return payload.generation_id || memory.turn?.generation || payload.conversation_id || "";
}

/** The user sent a prompt. One generation is one turn, unless it ended before. */
export function promptFacts(memory: Memory, payload: HookPayload, at: number, traceparent: string | undefined): Fact[] {
  const generation = payload.generation_id || payload.conversation_id || "";
  const known = memory.turns[generation];
  const running = memory.turn?.key === known && memory.turn?.ended === undefined;
  memory.prompts += 1;
  memory.prompted = true;
  const key = known === undefined ? generation : running ? known : `${generation}:${memory.prompts}`;
  if (known === undefined || !running) begin(memory, key, generation, at, false);
  delete memory.processAt;
  return [
    ...sessionFacts(payload, at),
    {
      type: "turn.start",
      at,
      turn: key,
      ...(typeof payload.prompt === "string" && { prompt: payload.prompt }),
      ...(payload.attachments?.length && { metadata: { attachments: payload.attachments.length } }),
      ...(traceparent && { traceparent }),
    },
  ];
}

/** The turn of an event, and the fact that it began when nothing has said so. */
export interface Entered {
  /** Undefined: an earlier turn, whose state is gone. */
  readonly turn: Turn | undefined;
  readonly key: string;
  readonly facts: readonly Fact[];
}

/** @param from when what the event tells began */
export function enter(memory: Memory, payload: HookPayload, from: number): Entered {
  const generation = generationOf(memory, payload);
  const { turn } = memory;
  // A subagent's generations are its own.
  if (turn && (turn.generation === generation || payload.subagent_id)) return { turn, key: turn.key, facts: [] };
  const known = memory.turns[generation];
  if (known !== undefined) return { turn: undefined, key: known, facts: [] };
  const start = Math.min(memory.processAt ?? from, from);
  const begun = begin(memory, generation, generation, start, true);
  const about = sessionFacts(payload, start);
  return { turn: begun, key: begun.key, facts: [...about, { type: "turn.start", at: start, turn: begun.key }] };
}

/** What Cursor calls the end of a turn or a subagent, in the neutral model's words. */
export function outcomeOf(status: string | null | undefined): Outcome {
  if (status === "error" || status === "failed") return "error";
  return status === "aborted" || status === "cancelled" ? "interrupted" : "ok";
}

/** How a turn ended. */
export function endOf(payload: HookPayload, status: string | null | undefined): Pick<TurnEndFact, "outcome" | "error"> {
  const outcome = outcomeOf(status);
  if (outcome === "ok") return { outcome };
  const type = outcome === "error" ? "error" : "interrupted";
  const said = outcome === "error" ? "The agent loop ended with an error" : "The user interrupted the turn";
  return { outcome, error: { type, message: payload.error_message || said } };
}

/**
 * The session ended. A run without a terminal has no other end: its prompt and answers are in the transcript.
 * @returns the turn that ended with it besides, if it did
 */
export function sessionEndFacts(
  memory: Memory,
  payload: HookPayload,
  at: number,
): { readonly facts: readonly Fact[]; readonly run?: Turn } {
  const reason = payload.reason ?? undefined;
  const closing: Fact = { type: "session.end", at, ...(reason && { reason }) };
  const isRun = isCli(payload) && !memory.prompted && RUN_ENDS.has(reason ?? "") && !!payload.generation_id;
  if (!isRun) return { facts: [closing] };
  const { turn, facts } = enter(memory, payload, at);
  if (!turn || turn.ended) return { facts: [...facts, closing] };
  turn.ended = true;
  const end: TurnEndFact = { type: "turn.end", at, turn: turn.key, source: "claimed", ...endOf(payload, reason) };
  return { facts: [...facts, end, closing], run: turn };
}
