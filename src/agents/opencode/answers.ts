/** Model requests: attempts, the pieces of an answer, and its end. */

import type { Fact } from "../../trace/facts.ts";
import type { Message, NodeError, Usage } from "../../trace/node.ts";
import type { Answer, Memory, Thread } from "./memory.ts";
import { providerOf, systemOf } from "./provider.ts";
import { errorOf, outcomeOf, threadOf } from "./turns.ts";
import { type Added, addedOf, type Line, type Tokens } from "./wire.ts";

/** Agent of the request that names a session; nothing else is ever told of it. */
const TITLE = "title";

/** Id of the newest attempt. */
export function callOf({ message, attempts }: Answer): string {
  return `${message}#${attempts}`;
}

/** The answer's own id, unless an attempt that failed has it. */
export function responseOf(answer: Answer): string {
  return answer.named === undefined || answer.named === answer.attempts ? answer.message : callOf(answer);
}

/** Position of a part in its answer: ids begin with a growing number. */
export function positionOf(part: string | undefined): number {
  return Number.parseInt(part?.slice(4, 16) ?? "", 16) || 0;
}

/** The answer that a part belongs to, once it was asked for. */
export function openAnswer(memory: Memory, line: Line): { thread: Thread; answer: Answer } | undefined {
  const thread = threadOf(memory, line);
  const { answer } = thread;
  return answer && answer.message === line.message && answer.attempts > 0 ? { thread, answer } : undefined;
}

/** A request is sent: the first one for an answer, or another attempt. */
export function requestFacts(memory: Memory, line: Line, at: number): Fact[] {
  const thread = threadOf(memory, line);
  const model = { ...(line.model && { model: line.model }), ...(line.provider && { provider: line.provider }) };
  if (line.agent === TITLE) {
    return [{ type: "turn.note", at, turn: thread.turn, event: { name: "title request", attributes: model } }];
  }
  const { answer } = thread;
  if (!answer) return [];
  answer.attempts += 1;
  answer.sentAt = at;
  delete answer.pieceAt;
  delete answer.calledAt;
  delete thread.error;
  const added = addedOf(line);
  const system = systemOf(line);
  return [
    ...(line.thread === undefined ? promptOf(thread, added) : []),
    {
      type: "llm.start",
      at,
      turn: answer.turn,
      thread: line.thread ?? "",
      call: callOf(answer),
      ...(line.model && { model: line.model }),
      ...(line.provider && { provider: providerOf(line.provider) }),
      ...(system && { system }),
      ...(line.parameters && { parameters: line.parameters }),
      ...(answer.summary && { compaction: true }),
      input: added.map(messageOf),
    },
  ];
}

/** A prompt that had to wait for its turn: its text comes with its first request. */
function promptOf(thread: Thread, added: readonly Added[]): Fact[] {
  const { turn, awaitsPrompt: at } = thread;
  delete thread.awaitsPrompt;
  const asked = added.find(({ id }) => id === turn);
  if (!asked || at === undefined) return [];
  const prompt = (asked.parts ?? []).flatMap(({ text }) => text ?? []).join("\n");
  return [{ type: "turn.start", at, turn, prompt }];
}

function messageOf(added: Added): Message {
  if (added.role === "tool") {
    const parts = added.text === undefined ? [] : [{ type: "text" as const, text: added.text }];
    return { role: "tool", parts, ...(added.callID && { toolCallId: added.callID }) };
  }
  return {
    role: "user",
    parts: (added.parts ?? []).map((part) =>
      part.type === "text"
        ? { type: "text", text: part.text ?? "" }
        : { type: "media", ...(part.mime && { mime: part.mime }) },
    ),
  };
}

/** An attempt failed and another one will follow. */
export function retryFacts(memory: Memory, line: Line, at: number): Fact[] {
  const { answer, turn } = threadOf(memory, line);
  if (answer?.sentAt === undefined) return [];
  delete answer.sentAt;
  const error = { type: "retried", message: line.message ?? "" };
  return [
    {
      type: "llm.end",
      at,
      turn: answer.turn ?? turn,
      thread: line.thread ?? "",
      call: callOf(answer),
      outcome: "error",
      error,
    },
  ];
}

/** A text or a thought of the answer is complete. */
export function textFacts(memory: Memory, line: Line, at: number): Fact[] {
  const open = openAnswer(memory, line);
  if (!open || line.text === undefined) return [];
  const { answer } = open;
  const end = line.end ?? at;
  answer.pieceAt = Math.max(answer.pieceAt ?? 0, end);
  const type = line.event === "reasoning" ? "reasoning" : "text";
  return [
    {
      type: "llm.output",
      at: end,
      turn: answer.turn,
      thread: line.thread ?? "",
      call: callOf(answer),
      index: positionOf(line.part),
      parts: [{ type, text: line.text }],
    },
  ];
}

/** An assistant message is complete: tokens, cost, how it ended. The step's tools have run by then. */
export function answerFacts(memory: Memory, line: Line): Fact[] {
  if (line.completed === undefined) return [];
  const open = openAnswer(memory, line);
  if (!open) return [];
  const { thread, answer } = open;
  const error = line.error === undefined ? undefined : errorOf(line.error);
  const failedAt = error && thread.error?.at;
  if (!error) delete thread.error;
  delete thread.answer;
  const usage = error ? undefined : usageOf(line.tokens);
  const place = { turn: answer.turn, thread: line.thread ?? "", call: callOf(answer) };
  const end = failedAt ?? answer.calledAt ?? answer.pieceAt ?? line.completed;
  return [
    {
      type: "llm.output",
      at: answer.sentAt ?? line.completed,
      ...place,
      // Before every part: nothing of the text.
      index: -1,
      parts: [],
      responseId: responseOf(answer),
      ...(usage && { usage }),
      ...(line.finish && { finishReason: line.finish }),
      ...(!error && line.cost !== undefined && line.cost > 0 && { cost: line.cost }),
    },
    {
      type: "llm.end",
      at: end,
      ...place,
      outcome: outcomeOf(error),
      ...(error && { error }),
    },
    ...(answer.summary ? [compactionEnd(line, answer.turn, end, error)] : []),
  ];
}

function compactionEnd(line: Line, turn: string, at: number, error: NodeError | undefined): Fact {
  return {
    type: "compaction.end",
    at,
    turn,
    thread: line.thread ?? "",
    ...(error ? { error } : line.text !== undefined && { output: line.text }),
  };
}

/** The process is gone: an answer whose tools were running was complete, any other was cut. */
export function endAnswer({ answer }: Thread, thread: string, at: number): Fact[] {
  if (answer?.sentAt === undefined) return [];
  const complete = answer.named === answer.attempts;
  return [
    {
      type: "llm.end",
      at: (complete && answer.calledAt) || at,
      turn: answer.turn,
      thread,
      call: callOf(answer),
      outcome: complete ? "ok" : "interrupted",
    },
  ];
}

/** Tokens with cache and reasoning included in their totals. */
function usageOf(tokens: Tokens | undefined): Usage | undefined {
  const { input, output, reasoning = 0, cache } = tokens ?? {};
  if (input === undefined || output === undefined) return undefined;
  const { read = 0, write = 0 } = cache ?? {};
  return {
    prompt: input + read + write,
    completion: output + reasoning,
    cacheRead: read,
    cacheWrite: write,
    ...(reasoning > 0 && { reasoning }),
  };
}
