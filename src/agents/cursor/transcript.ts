/**
 * Reader of an agent transcript. Pure. It knows the prompt and the answers of a run; when they were is taken from the hooks
 * of its tools, in whose order the answers asked for them.
 */

import * as v from "valibot";
import { type Fact, MAIN_THREAD } from "../../trace/facts.ts";
import type { Part } from "../../trace/node.ts";
import type { Guard, HistoryReader, HistorySource } from "../agent.ts";
import type { Run } from "./events.ts";
import { TranscriptRecord } from "./wire.ts";

/** Answers of one turn that are kept; the newest are. */
const ANSWERS_KEPT = 200;

/** What the user typed, inside what Cursor wraps around it. */
const QUERY = /<user_query>\n?([\s\S]*?)\n?<\/user_query>/;

interface TranscriptAnswer {
  readonly text: string;
  /** Tools that it asked for. */
  readonly tools: number;
}

/** The newest turn of the file, its texts as the privacy filter leaves them. */
export interface Cursor {
  prompt?: string;
  answers: TranscriptAnswer[];
  /** The end of the turn was written. */
  ended: boolean;
  /** Turns of runs that were told. */
  toldPrompt?: string;
  toldAnswers?: string;
}

export const history: HistoryReader<Cursor> = {
  initial: () => ({ answers: [], ended: false }),
  read: (cursor, record, guard) => ({ cursor: next(cursor, record, guard), facts: [] }),
  about,
};

function next(cursor: Cursor, record: unknown, guard: Guard): Cursor {
  const parsed = v.safeParse(TranscriptRecord, record);
  if (!parsed.success) return cursor;
  const { role, type, message } = parsed.output;
  if (type === "turn_ended") return { ...cursor, ended: true };
  const content = message?.content;
  const blocks = typeof content === "string" ? [{ type: "text", text: content }] : (content ?? []);
  const text = blocks.flatMap((block) => (block.type === "text" && block.text ? [block.text] : [])).join("\n");
  if (role === "user") {
    const prompt = guarded(guard, "user", QUERY.exec(text)?.[1] ?? text);
    return { ...cursor, prompt, answers: [], ended: false };
  }
  if (role !== "assistant") return cursor;
  const tools = blocks.filter((block) => block.type === "tool_use").length;
  const answers = [...cursor.answers, { text: guarded(guard, "assistant", text), tools }];
  return { ...cursor, answers: answers.slice(-ANSWERS_KEPT) };
}

function guarded(guard: Guard, role: "user" | "assistant", text: string): string {
  const { parts } = guard.message({ role, parts: [{ type: "text", text }] }, MAIN_THREAD);
  return parts.flatMap((part: Part) => (part.type === "text" ? part.text : [])).join("\n");
}

/** What the newest run says besides, each once. */
function about(cursor: Cursor, source: HistorySource): { cursor: Cursor; facts: readonly Fact[] } {
  const { run: told } = source.role;
  if (told === undefined) return { cursor, facts: [] };
  const run = JSON.parse(told) as Run;
  const facts: Fact[] = [];
  let after = cursor;
  if (cursor.prompt !== undefined && cursor.toldPrompt !== run.turn) {
    facts.push({ type: "turn.start", at: run.start, turn: run.turn, prompt: cursor.prompt });
    after = { ...after, toldPrompt: run.turn };
  }
  const last = cursor.answers.at(-1);
  const complete = last !== undefined && (cursor.ended || last.tools === 0);
  if (complete && cursor.toldAnswers !== run.turn && !run.answered) {
    facts.push(...answersOf(cursor.answers, run));
    after = { ...after, toldAnswers: run.turn };
  }
  return { cursor: after, facts };
}

/** A request was sent when the tools before it had ended, and answered when the tools that it asked for began. */
function answersOf(answers: readonly TranscriptAnswer[], run: Run): Fact[] {
  const { turn, model, system } = run;
  const tools = [...run.tools];
  let free = run.start;
  return answers.flatMap(({ text, tools: asked }, index): Fact[] => {
    const called = tools.splice(0, asked);
    const start = free;
    const began = called.length > 0 ? Math.min(...called.map(([from]) => from)) : undefined;
    const end = Math.max(start, began ?? (index === answers.length - 1 ? run.end : start));
    free = Math.max(end, ...called.map(([, to]) => to));
    const call = { turn, thread: MAIN_THREAD, call: `${turn}:${index}` } as const;
    const known = { ...(model !== undefined && { model }), ...(system !== undefined && { system }) };
    return [
      { type: "llm.start", at: start, ...call, loose: true, ...known, ...(index === 0 && { prompted: true }) },
      { type: "llm.output", at: end, ...call, index: 0, parts: text === "" ? [] : [{ type: "text", text }] },
    ];
  });
}
