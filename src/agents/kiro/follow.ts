/**
 * Reads a session of CLI 2: its lines, which have no times, with the times that hooks saw, and what each turn has cost, which
 * is written into a file beside them later. A line whose time is not known yet is left for the next look.
 */

import { readFileSync, statSync } from "node:fs";
import * as v from "valibot";
import { followLines } from "../../drain/follow.ts";
import type { HistorySource, Unread } from "../agent.ts";
import { type ClockTurn, turnsOf } from "./clock.ts";
import type { Cli2Position, Cursor } from "./cursor.ts";
import { type Block, Cli2Line, Sidecar, TurnMetadata } from "./wire.ts";

/** A prompt's hook and its record are no further apart (ms). */
const SAME_PROMPT_MS = 10_000;

/** Turns whose cost is waited for. */
const UNBILLED_KEPT = 4;

/** A record for the reader. */
export type Cli2Record =
  | { readonly kind: "session"; readonly at: number; readonly agent?: string; readonly model?: string }
  | {
      readonly kind: "prompt";
      readonly turn: string;
      readonly index: number;
      readonly at: number;
      readonly blocks: readonly Block[];
    }
  | {
      readonly kind: "answer";
      readonly id?: string;
      readonly start: number;
      readonly at: number;
      /** True when `at` is only an upper bound. */
      readonly loose: boolean;
      readonly blocks: readonly Block[];
    }
  | { readonly kind: "results"; readonly at: number; readonly blocks: readonly Block[] }
  | {
      readonly kind: "cost";
      readonly turn: string;
      readonly at: number;
      readonly spent: TurnMetadata;
      readonly context?: number;
    };

/** What is new in a session of CLI 2; undefined for CLI 3, whose lines have their times. */
export function follow(source: HistorySource, cursor: Cursor): Unread<Cursor> | undefined {
  if (source.role.format !== "cli2") return undefined;
  const turns = turnsOf(source.role.clock);
  const chunk = followLines(source.path, cursor.cli2.offset);
  const known = chunk.restarted ? { ...cursor.cli2, offset: 0, skip: 0, prompts: 0 } : cursor.cli2;
  const read = readLines(chunk.records, known, turns);
  const whole = read.position.skip >= chunk.records.length;
  const position: Cli2Position = whole ? { ...read.position, offset: chunk.nextOffset, skip: 0 } : read.position;
  const { records, position: billed } = addCosts(source.path, position, read.records, source.role.clock);
  if (records.length === 0 && JSON.stringify(billed) === JSON.stringify(cursor.cli2)) {
    return { cursor, records, atEnd: true };
  }
  return { cursor: { ...cursor, cli2: billed }, records, atEnd: !whole || chunk.atEnd };
}

interface Lines {
  readonly records: readonly Cli2Record[];
  readonly position: Cli2Position;
}

function readLines(lines: readonly unknown[], from: Cli2Position, turns: readonly ClockTurn[]): Lines {
  const records: Cli2Record[] = [];
  let position = from;
  for (const [index, line] of lines.entries()) {
    if (index < from.skip) continue;
    const parsed = v.safeParse(Cli2Line, line);
    if (parsed.success) {
      const left = lines.slice(index).filter((one) => Object(one).kind === "Prompt").length;
      const read = readLine(parsed.output, position, turns, left);
      if (read === undefined) break;
      position = read.position;
      records.push(...read.records);
    }
    position = { ...position, skip: index + 1 };
  }
  return { records, position };
}

/** @param left prompts from this line on. @returns undefined when hooks must say more first */
function readLine(
  line: Cli2Line,
  position: Cli2Position,
  turns: readonly ClockTurn[],
  left: number,
): Lines | undefined {
  const blocks = line.data.content ?? [];
  switch (line.kind) {
    case "Prompt":
      return readPrompt(line, blocks, position, turns, left);
    case "AssistantMessage":
      return readAnswer(line.data.message_id ?? undefined, blocks, position, turns);
    case "ToolResults":
      return { records: [{ kind: "results", at: position.last, blocks }], position };
    default:
      return { records: [], position };
  }
}

function readPrompt(
  { data }: Cli2Line,
  blocks: readonly Block[],
  position: Cli2Position,
  turns: readonly ClockTurn[],
  left: number,
): Lines | undefined {
  const written = data.meta?.timestamp ? data.meta.timestamp * 1000 : undefined;
  const near = turns.filter(
    ({ prompt }) => prompt > position.prompt && written !== undefined && Math.abs(prompt - written) < SAME_PROMPT_MS,
  );
  // Without a time, the last prompts of the file are the last that hooks saw.
  const matched = written === undefined ? turns[turns.length - left] : near[0];
  const newest = turns.at(-1);
  if (!matched && written !== undefined && (!newest || written > newest.prompt)) return undefined;
  const prompts = position.prompts + 1;
  const turn = data.message_id ?? `prompt:${prompts}`;
  const at = matched?.prompt ?? written ?? 0;
  const unbilled = [...position.unbilled, { turn, ordinal: prompts - 1 }].slice(-UNBILLED_KEPT);
  return {
    records: [{ kind: "prompt", turn, index: prompts, at, blocks }],
    position: { ...position, prompts, prompt: matched?.prompt ?? 0, marks: 0, last: at, unbilled },
  };
}

/** An answer was there when the first tool of it began, or when the turn ended; its tools have ended with their marks. */
function readAnswer(
  id: string | undefined,
  blocks: readonly Block[],
  position: Cli2Position,
  turns: readonly ClockTurn[],
): Lines | undefined {
  const start = position.last;
  const turn = turns.find(({ prompt }) => prompt === position.prompt);
  const answer = { kind: "answer", ...(id !== undefined && { id }), start, blocks } as const;
  // A turn from before tracing: the fold leaves it alone.
  if (!turn) return { records: [{ ...answer, at: start, loose: true }], position };
  const wanted = blocks.filter(({ kind }) => kind === "toolUse").length;
  if (wanted === 0) {
    if (turn.over === undefined) return undefined;
    return { records: [{ ...answer, at: turn.over, loose: false }], position: { ...position, last: turn.over } };
  }
  const marks = turn.marks.slice(position.marks);
  const ends = marks.flatMap(({ mark }, index) => (mark === "a" ? [index] : [])).slice(0, wanted);
  if (ends.length < wanted && turn.over === undefined) return undefined;
  const lastEnd = ends.at(-1);
  const ended = lastEnd === undefined ? (turn.over ?? start) : (marks[lastEnd]?.at ?? start);
  const began = marks.find(({ mark }) => mark === "b");
  return {
    records: [{ ...answer, at: Math.min(began?.at ?? ended, ended), loose: began === undefined }],
    position: { ...position, marks: position.marks + (lastEnd ?? -1) + 1, last: ended },
  };
}

/** Adds what the sidecar says: of the session with the first record, of each turn once it is over. */
function addCosts(path: string, from: Cli2Position, found: readonly Cli2Record[], clock: string | undefined): Lines {
  const sidecar = path.replace(/l$/, "");
  const stat = statSync(sidecar, { throwIfNoEntry: false });
  const stamp = stat === undefined ? undefined : `${stat.size}:${stat.mtimeMs}`;
  const isNew = stamp !== undefined && (stamp !== from.stamp || found.length > 0);
  const state = isNew ? stateOf(sidecar) : undefined;
  if (!state) return { records: found, position: from };
  const records: Cli2Record[] = [];
  const agent = state.agent_name;
  const model = state.rts_model_state?.model_info?.model_id;
  if ((agent || model) && stamp !== from.stamp) {
    records.push({ kind: "session", at: found[0]?.at ?? from.last, ...(agent && { agent }), ...(model && { model }) });
  }
  records.push(...found);
  const spent = (state.conversation_metadata?.user_turn_metadatas ?? []).map((one) => v.safeParse(TurnMetadata, one));
  const newest = turnsOf(clock).at(-1)?.prompt;
  const unbilled = from.unbilled.filter(({ turn, ordinal }) => {
    const named = spent.find(({ success, output }) => success && Object(output).message_ids?.includes(turn));
    const entry = named ?? spent[ordinal];
    if (!entry?.success || (!named && (entry.output.message_ids?.length ?? 0) > 0)) return true;
    const isNewest = from.prompt === newest && from.prompts - 1 === ordinal;
    const context =
      entry.output.context_usage_percentage ?? (isNewest ? state.rts_model_state?.context_usage_percentage : undefined);
    records.push({
      kind: "cost",
      turn,
      at: from.last,
      spent: entry.output,
      ...(typeof context === "number" && { context }),
    });
    return false;
  });
  return { records, position: { ...from, unbilled, ...(stamp !== undefined && { stamp }) } };
}

function stateOf(path: string): Sidecar["session_state"] | undefined {
  try {
    const parsed = v.safeParse(Sidecar, JSON.parse(readFileSync(path, "utf8")));
    return parsed.success ? parsed.output.session_state : undefined;
  } catch {
    // Half written, or gone: it is looked at again.
    return undefined;
  }
}
