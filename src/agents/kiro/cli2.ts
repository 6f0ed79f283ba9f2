/** Records of a session of CLI 2 → facts. */

import { type Fact, MAIN_THREAD } from "../../trace/facts.ts";
import type { Message, Metadata } from "../../trace/node.ts";
import type { Guard } from "../agent.ts";
import { answerParts, credits, exitCodeOf, modelOf, resultsOf, textOf } from "./content.ts";
import type { Cursor } from "./cursor.ts";
import type { Cli2Record } from "./follow.ts";
import type { TurnMetadata } from "./wire.ts";

type RecordOf<K extends Cli2Record["kind"]> = Extract<Cli2Record, { kind: K }>;

export function readCli2(cursor: Cursor, record: Cli2Record, guard: Guard): Fact[] {
  switch (record.kind) {
    case "session": {
      const model = modelOf(record.model);
      if (model !== undefined) cursor.model = model;
      const metadata = {
        ...(record.agent && { "kiro.agent": record.agent }),
        ...(record.model && model === undefined && { "kiro.model": record.model }),
      };
      return Object.keys(metadata).length > 0 ? [{ type: "session", at: record.at, metadata }] : [];
    }
    case "prompt": {
      const { turn, index, at } = record;
      cursor.turn = turn;
      cursor.requests = 0;
      cursor.input = [];
      const prompt = textOf(record.blocks.filter(({ kind }) => kind === "text"));
      hear(cursor, { role: "user", parts: [{ type: "text", text: prompt }] }, guard);
      return [{ type: "turn.start", at, turn, index, prompt }];
    }
    case "answer":
      return readAnswer(cursor, record);
    case "results":
      return readResults(cursor, record, guard);
    case "cost":
      return [{ type: "turn.note", at: record.at, turn: record.turn, metadata: costOf(record.spent, record.context) }];
    default:
      return [];
  }
}

function hear(cursor: Cursor, message: Message, guard: Guard): void {
  cursor.input = [...cursor.input, guard.message(message, MAIN_THREAD)];
}

function readAnswer(cursor: Cursor, { id, start, at, loose, blocks }: RecordOf<"answer">): Fact[] {
  const { turn, model } = cursor;
  if (turn === undefined) return [];
  const base = { turn, thread: MAIN_THREAD, call: id ?? `${turn}:${cursor.requests}` } as const;
  const { input } = cursor;
  cursor.requests++;
  cursor.input = [];
  const parts = answerParts(blocks);
  const facts: Fact[] = [
    { type: "llm.start", at: start, ...base, input, ...(model !== undefined && { model }) },
    { type: "llm.output", at, ...base, index: 0, parts },
    { type: "llm.end", at, ...base, outcome: "ok", ...(loose && { loose }) },
  ];
  if (parts.some(({ type }) => type === "tool_call")) return facts;
  const output = parts.flatMap((part) => (part.type === "text" ? part.text : [])).join("\n");
  return [...facts, { type: "turn.end", at, turn, source: "recorded", outcome: "ok", output }];
}

function readResults(cursor: Cursor, { at, blocks }: RecordOf<"results">, guard: Guard): Fact[] {
  const { turn } = cursor;
  if (turn === undefined) return [];
  return resultsOf(blocks).map(({ toolUseId, content, status }): Fact => {
    const output = textOf(content);
    const exitCode = exitCodeOf(content);
    const failed = (status != null && status !== "success") || (exitCode !== undefined && exitCode !== 0);
    hear(cursor, { role: "tool", toolCallId: toolUseId, parts: [{ type: "text", text: output }] }, guard);
    return {
      type: "tool.result",
      at,
      turn,
      thread: MAIN_THREAD,
      callId: toolUseId,
      outcome: failed ? "error" : "ok",
      output,
      ...(failed && { error: { type: "tool_error", message: output } }),
      ...(exitCode !== undefined && { exitCode }),
    };
  });
}

/** Credits are no money: they never become a cost. Counters that are 0 were not counted. */
function costOf(spent: TurnMetadata, context: number | undefined): Metadata {
  const sum = credits((spent.metering_usage ?? []).map(({ value, unit }) => ({ value, unit })));
  return {
    ...(sum !== undefined && { "kiro.credits": sum }),
    ...(context !== undefined && { "kiro.context_usage_percentage": context }),
    ...(spent.total_request_count && { "kiro.requests": spent.total_request_count }),
    ...(spent.input_token_count && { "kiro.input_tokens": spent.input_token_count }),
    ...(spent.output_token_count && { "kiro.output_tokens": spent.output_token_count }),
    ...(spent.end_reason && { "kiro.end_reason": spent.end_reason }),
  };
}
