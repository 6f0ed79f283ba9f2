/** Turns and subagents: which prompt an event belongs to, when a turn begins and ends. */

import type { Fact, TurnEndFact, TurnStartFact } from "../../trace/facts.ts";
import type { NodeError, Outcome } from "../../trace/node.ts";
import { keep, type Memory, type Thread } from "./memory.ts";
import type { ErrorInfo, Line } from "./wire.ts";

/** Subagents that ship with OpenCode. */
const BUILT_IN_AGENTS: ReadonlySet<string> = new Set(["general", "explore"]);

/** What OpenCode calls an answer, a tool call or a turn that the user cut short. */
const ABORTED = "MessageAbortedError";

/** The thread that a line is about. */
export function threadOf(memory: Memory, line: Pick<Line, "thread" | "parent">): Thread {
  const id = line.thread ?? "";
  const known = memory.threads[id];
  if (known) return known;
  const above = memory.threads[line.parent ?? ""] ?? memory.threads[""];
  const thread: Thread = { turn: above?.turn ?? "" };
  memory.threads[id] = thread;
  return thread;
}

/** An error in the neutral model's terms. */
export function errorOf(error: ErrorInfo | string | undefined): NodeError {
  if (typeof error === "string") return { type: "error", message: error };
  if (error?.name === ABORTED) return { type: "interrupted", message: error.message ?? "The user interrupted" };
  const status = error?.statusCode === undefined ? "" : ` (${error.statusCode})`;
  const name = error?.name ?? "error";
  return { type: name, message: `${error?.message ?? name}${status}` };
}

/** How something ended that reported this error, or none. */
export function outcomeOf(error: NodeError | undefined): Outcome {
  if (!error) return "ok";
  return error.type === "interrupted" ? "interrupted" : "error";
}

function begin(memory: Memory, message: string): void {
  memory.active = true;
  memory.queued = memory.queued.filter((one) => one.message !== message);
  memory.threads = { "": { turn: message } };
  keep(memory.turns, message, message);
}

/** A prompt of the user, or of the agent that starts a subagent. */
export function promptFacts(memory: Memory, line: Line, at: number, traceparent: string | undefined): Fact[] {
  const { message, version, directory } = line;
  if (line.thread !== undefined) return subagentFacts(memory, line, line.thread, at);
  if (message === undefined) return [];
  memory.servers = line.servers ?? memory.servers;
  const start = line.created ?? at;
  const about: Fact = {
    type: "session",
    at,
    metadata: { ...(directory && { cwd: directory }), ...(version && { agent_version: version }) },
  };
  // It waits for the turn that runs: the first answer to it says when its own began.
  if (memory.active) {
    memory.queued.push({ message, at: start });
    return [about];
  }
  begin(memory, message);
  const turn: TurnStartFact = {
    type: "turn.start",
    at: start,
    turn: message,
    prompt: textOf(line),
    metadata: { ...(line.agent && { agent_mode: line.agent }) },
    ...(traceparent && { traceparent }),
  };
  return [about, turn];
}

function textOf({ parts }: Line): string {
  return (parts ?? []).flatMap(({ text }) => text ?? []).join("\n");
}

function subagentFacts(memory: Memory, line: Line, thread: string, at: number): Fact[] {
  const { turn } = threadOf(memory, line);
  const name = line.agent;
  return [
    {
      type: "agent.start",
      at: line.created ?? at,
      turn,
      agentId: thread,
      input: textOf(line),
      ...(name && { name, builtIn: BUILT_IN_AGENTS.has(name) }),
    },
  ];
}

/** A user message that no prompt announced: a compaction, what follows it, or a command that the user ran. */
export function userMessage(memory: Memory, { message, thread, created }: Line): void {
  if (message === undefined || thread !== undefined || memory.turns[message] !== undefined) return;
  if (memory.queued.some((one) => one.message === message)) return;
  const current = memory.threads[""];
  if (memory.active && current) {
    keep(memory.turns, message, current.turn);
    return;
  }
  begin(memory, message);
  const own = threadOf(memory, {});
  if (created !== undefined) own.unprompted = created;
}

/** An assistant message appeared, which may be the first sign of a turn. */
export function assistantFacts(memory: Memory, line: Line): Fact[] {
  const { message, parentMessage, thread: id } = line;
  if (message === undefined) return [];
  const facts = id === undefined && parentMessage !== undefined ? turnBegins(memory, line, parentMessage) : [];
  const thread = threadOf(memory, line);
  if (thread.answer?.message === message) return facts;
  const turn = (id === undefined && memory.turns[parentMessage ?? ""]) || thread.turn;
  thread.answer = { message, turn, attempts: 0, ...(line.summary && { summary: true }) };
  return facts;
}

function turnBegins(memory: Memory, line: Line, parentMessage: string): Fact[] {
  const current = memory.threads[""];
  const waiting = memory.queued.find((one) => one.message === parentMessage);
  if (waiting) {
    const at = line.created ?? waiting.at;
    const before: Fact[] =
      memory.active && current ? [{ type: "turn.end", at, turn: current.turn, source: "recorded", outcome: "ok" }] : [];
    begin(memory, parentMessage);
    threadOf(memory, {}).awaitsPrompt = at;
    return [...before, { type: "turn.start", at, turn: parentMessage }];
  }
  if (current?.unprompted === undefined || line.summary || current.turn !== parentMessage) return [];
  const { unprompted } = current;
  delete current.unprompted;
  return [{ type: "turn.start", at: unprompted, turn: parentMessage }];
}

/** A session went idle: a subagent's end, or the turn's. OpenCode says it twice after an error. */
export function endFacts(memory: Memory, line: Line, at: number): Fact[] {
  const thread = threadOf(memory, line);
  const { turn, error } = thread;
  const end = { at, turn, outcome: outcomeOf(error), ...(error && { error: plain(error) }) } as const;
  if (line.thread !== undefined) {
    return [{ type: "agent.end", agentId: line.thread, source: "claimed", ...end }];
  }
  if (!memory.active) return [];
  memory.active = false;
  return [{ type: "turn.end", source: "recorded", ...end }];
}

/** Without the time at which it was reported. */
function plain({ type, message }: NodeError): NodeError {
  return { type, message };
}

/**
 * The agent's process is gone. What it was doing ended with it.
 * @param endAnswer ends the answer of a thread
 */
export function streamEndFacts(
  memory: Memory,
  at: number,
  endAnswer: (thread: Thread, id: string, at: number) => Fact[],
): Fact[] {
  const facts = Object.entries(memory.threads).flatMap(([id, thread]) => endAnswer(thread, id, at));
  const turn = memory.active ? memory.threads[""]?.turn : undefined;
  if (turn !== undefined) {
    const error = { type: "interrupted", message: "OpenCode ended before the turn did" };
    const end: TurnEndFact = { type: "turn.end", at, turn, source: "recorded", outcome: "interrupted", error };
    facts.push(end);
  }
  memory.active = false;
  memory.queued = [];
  memory.threads = {};
  return [...facts, { type: "session.end", at, reason: "process ended" }];
}
