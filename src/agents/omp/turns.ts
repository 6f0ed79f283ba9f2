/** Turns and subagents: which prompt an event belongs to, when a turn begins and ends. */

import type { Fact, TurnStartFact } from "../../trace/facts.ts";
import type { NodeError, Outcome } from "../../trace/node.ts";
import { callOf } from "./answers.ts";
import { type Memory, prune, type Thread } from "./memory.ts";
import type { Content, Line } from "./wire.ts";

/** The thread that a line is about. */
export function threadOf(memory: Memory, line: Pick<Line, "thread" | "parent" | "name">): Thread {
  const id = line.thread ?? "";
  const known = memory.threads[id];
  if (known) return known;
  const above = memory.threads[line.parent ?? ""] ?? memory.threads[""];
  const thread: Thread = { turn: above?.turn ?? "", ...(line.name && { name: line.name }) };
  memory.threads[id] = thread;
  return thread;
}

/** All text of a message. */
export function textOf(parts: readonly Content[] | undefined): string {
  return (parts ?? []).flatMap(({ type, text }) => (type === "text" && text !== undefined ? [text] : [])).join("\n");
}

function outcomeOf(error: NodeError | undefined): Outcome {
  if (!error) return "ok";
  return error.type === "interrupted" ? "interrupted" : "error";
}

/** The root's thread begins a turn; subagents that still run keep theirs. */
export function begin(memory: Memory, turn: string): void {
  memory.active = true;
  delete memory.pending;
  delete memory.claimed;
  prune(memory);
  memory.threads[""] = { turn };
}

/** A prompt was given. The message that follows it names the turn. */
export function promptFacts(memory: Memory, line: Line, at: number): Fact[] {
  if (line.thread === undefined) {
    memory.pending = at;
    return [{ type: "session", at, metadata: { ...(line.cwd && { cwd: line.cwd }) } }];
  }
  const thread = threadOf(memory, line);
  const spawn = memory.spawned[thread.name ?? ""];
  const name = spawn?.agent ?? thread.name;
  const facts: Fact[] = [
    {
      type: "agent.start",
      at,
      turn: thread.turn,
      agentId: line.thread,
      ...(name && { name }),
      ...(line.prompt !== undefined && { input: line.prompt }),
      metadata: { ...(thread.name && { agent_name: thread.name }) },
    },
  ];
  if (spawn) facts.push({ type: "agent.link", at, turn: thread.turn, agentId: line.thread, callId: spawn.callId });
  return facts;
}

/**
 * A message of the user, or of the agent itself in his place. It begins a turn unless one is running, which it then only
 * steers. Its time is its name: the agent's own session file has it too.
 */
export function userFacts(memory: Memory, line: Line, at: number, traceparent: string | undefined): Fact[] {
  if (line.thread !== undefined) return [];
  if (memory.active && memory.pending === undefined) return [];
  const created = line.created ?? at;
  const turn = `prompt:${created}`;
  begin(memory, turn);
  const start: TurnStartFact = {
    type: "turn.start",
    at: created,
    turn,
    prompt: textOf(line.parts),
    ...(traceparent && { traceparent }),
  };
  return [start];
}

/** The agent went on without a prompt: an attempt after an error, or something that finished in the background. */
export function resumed(memory: Memory, at: number): Fact[] {
  const current = memory.threads[""];
  if (memory.active && current) return [];
  if (memory.claimed && current) {
    memory.active = true;
    return [];
  }
  const turn = `run:${at}`;
  begin(memory, turn);
  return [{ type: "turn.start", at, turn }];
}

/** A run of the agent ended: a subagent's end, the turn's, or only an attempt's. */
export function endFacts(memory: Memory, line: Line, at: number): Fact[] {
  const thread = threadOf(memory, line);
  const { turn, failure } = thread;
  if (line.willContinue) {
    thread.pausedAt = at;
    return [];
  }
  const end = { at, turn, outcome: outcomeOf(failure), ...(failure && { error: failure }) } as const;
  if (line.thread !== undefined) {
    const output = textOf(line.parts);
    return [{ type: "agent.end", agentId: line.thread, source: "claimed", ...end, ...(output && { output }) }];
  }
  if (!memory.active) return [];
  memory.active = false;
  // pi tries again without saying so before.
  if (failure?.type === "error") {
    memory.claimed = true;
    return [{ type: "turn.end", source: "claimed", ...end }];
  }
  const recorded: Fact = { type: "turn.end", source: "recorded", ...end };
  return memory.claimed ? [{ ...recorded, source: "claimed" }, recorded] : [recorded];
}

/** The agent's process is gone. What it was doing ended with it. */
export function streamEndFacts(memory: Memory, at: number): Fact[] {
  const facts: Fact[] = [];
  for (const [id, { turn, request, compaction }] of Object.entries(memory.threads)) {
    if (compaction) {
      const { trigger } = compaction;
      facts.push({ type: "compaction.start", at: compaction.at, turn, thread: id, trigger });
    } else if (request) {
      const call = { turn, thread: id, call: callOf(id, request.at) };
      const { provider, model } = request;
      facts.push(
        { type: "llm.start", at: request.at, ...call, ...(provider && { provider }), ...(model && { model }) },
        { type: "llm.end", at, ...call, outcome: "interrupted" },
      );
    }
  }
  const current = memory.threads[""];
  if (memory.active && current?.pausedAt !== undefined) {
    // It had answered, and would only have gone on with what came in later.
    const { turn, pausedAt, failure } = current;
    const outcome = outcomeOf(failure);
    const end: Fact = { type: "turn.end", at: pausedAt, turn, source: "recorded", outcome };
    facts.push(failure ? { ...end, error: failure } : end);
  } else if (memory.active && current) {
    const error = { type: "interrupted", message: "The agent's process ended before the turn did" };
    facts.push({ type: "turn.end", at, turn: current.turn, source: "recorded", outcome: "interrupted", error });
  } else if (memory.claimed && current?.failure) {
    facts.push({
      type: "turn.end",
      at,
      turn: current.turn,
      source: "recorded",
      outcome: "error",
      error: current.failure,
    });
  }
  memory.active = false;
  memory.threads = {};
  memory.spawned = {};
  memory.granted = {};
  return [...facts, { type: "session.end", at, reason: "process ended" }];
}
