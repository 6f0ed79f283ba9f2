/** Compactions: the call that wrote the summary, the summary, and when it all was. */

import { type Fact, MAIN_THREAD } from "../../trace/facts.ts";
import type { Message, Millis } from "../../trace/node.ts";
import type { Guard } from "../agent.ts";
import { answerFacts } from "./answers.ts";
import { type Cursor, turnOf } from "./cursor.ts";
import { say } from "./told.ts";

/** The conversation was replaced. Versions that keep items tell its times with the next record. */
export function readCompacted(cursor: Cursor, text: string, at: Millis, guard: Guard): Fact[] {
  const thread = cursor.thread ?? MAIN_THREAD;
  cursor.compacted = guard.message({ role: "user", parts: [{ type: "text", text }] }, thread);
  return cursor.items ? [] : endCompaction(cursor, cursor.inputAt ?? at, at, guard);
}

/** The compaction is over: its call, if its tokens were recorded, and the summary that the conversation goes on with. */
export function endCompaction(cursor: Cursor, started: Millis, ended: Millis, guard: Guard): Fact[] {
  const { summary, compacted } = cursor;
  const prompted = cursor.started || cursor.thread !== MAIN_THREAD;
  delete cursor.summary;
  delete cursor.compacted;
  const base = { turn: turnOf(cursor), thread: cursor.thread ?? MAIN_THREAD };
  const call = summary ? answerFacts(cursor, summary, { outcome: "ok" }, started) : [];
  if (cursor.context) cursor.context.messages = [];
  cursor.input = [];
  if (compacted) say(cursor, compacted, ended, guard);
  const output = textOf(summary && { role: "assistant", parts: summary.saying.parts }) || textOf(compacted);
  return [
    // Only a turn without a prompt is the user's own wish to compact.
    { type: "compaction.start", at: started, ...base, trigger: prompted ? "auto" : "manual" },
    ...call,
    { type: "compaction.end", at: ended, ...base, durationMs: ended - started, ...(output && { output }) },
  ];
}

function textOf(message: Message | undefined): string {
  return (message?.parts ?? []).flatMap((part) => (part.type === "text" ? part.text : [])).join("\n");
}
