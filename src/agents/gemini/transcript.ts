/**
 * Chat transcript records → facts: a pure reader that can stop after any record and go on later. One instance reads one
 * file, the session's own or a subagent's. What each record means is written in the README of this folder.
 */

import * as v from "valibot";
import { type Fact, MAIN_THREAD, UNNAMED_TURN } from "../../trace/facts.ts";
import type { Guard, HistoryReader } from "../agent.ts";
import { readAnswer } from "./answers.ts";
import { isConversationHead, isSnapshot, textOf } from "./content.ts";
import { type Cursor, emptyCursor } from "./cursor.ts";
import { compressionFacts, endOpen, readPrompt } from "./prompts.ts";
import { HeadRecord, MessageRecord, UpdateRecord } from "./wire.ts";

/** What Gemini CLI writes when the user stopped a turn. */
const CANCELLED = "Request cancelled.";

/** Reader of Gemini CLI's chat transcripts. */
export const history: HistoryReader<Cursor> = {
  initial: (source) => emptyCursor(source.role.agentId ?? MAIN_THREAD),
  read: (known, record, guard) => {
    const cursor = structuredClone(known);
    return { cursor, facts: read(cursor, record, guard) };
  },
};

function read(cursor: Cursor, record: unknown, guard: Guard): Fact[] {
  const message = v.safeParse(MessageRecord, record);
  if (message.success) return readMessage(cursor, message.output);
  const update = v.safeParse(UpdateRecord, record);
  if (update.success) return readUpdate(cursor, update.output.$set, guard);
  const head = v.safeParse(HeadRecord, record);
  return head.success ? readHead(cursor, head.output) : [];
}

/** A new process of the session begins its part of the file with such a record too. */
function readHead(cursor: Cursor, head: HeadRecord): Fact[] {
  const at = Date.parse(head.startTime);
  if (head.messages) return readDocument(cursor, head.messages, at);
  return startSubagent(cursor, at);
}

function startSubagent(cursor: Cursor, at: number): Fact[] {
  if (cursor.thread === MAIN_THREAD || Number.isNaN(at)) return [];
  return [{ type: "agent.start", at, turn: UNNAMED_TURN, agentId: cursor.thread }];
}

/** The whole conversation in one document: what was read before is left alone, the last answer may still grow. */
function readDocument(cursor: Cursor, messages: readonly unknown[], at: number): Fact[] {
  const facts = cursor.read === 0 ? startSubagent(cursor, at) : [];
  for (const message of messages.slice(cursor.read)) {
    const parsed = v.safeParse(MessageRecord, message);
    if (parsed.success) facts.push(...readMessage(cursor, parsed.output));
  }
  const growing = Object(messages.at(-1)).type === "gemini" ? 1 : 0;
  cursor.read = messages.length - growing;
  return facts;
}

function readMessage(cursor: Cursor, record: MessageRecord): Fact[] {
  const at = Date.parse(record.timestamp);
  if (Number.isNaN(at)) return [];
  switch (record.type) {
    case "user":
      if (isConversationHead(record.content)) cursor.replaying = true;
      return cursor.replaying ? [] : readPrompt(cursor, record, at);
    case "gemini":
      return cursor.replaying ? [] : readAnswer(cursor, record, at);
    case "info":
      if (record.content !== CANCELLED) return loneCompression(cursor);
      return endOpen(cursor, at, "interrupted", { type: "cancelled", message: CANCELLED }, "always");
    case "error": {
      const message = typeof record.content === "string" ? record.content : "";
      return endOpen(cursor, at, "error", { type: "api_error", message }, "unanswered");
    }
    default:
      return [];
  }
}

/** A checkpoint replaces the conversation: after a replay, a compression, or a request that failed for good. */
function readUpdate(cursor: Cursor, { messages, lastUpdated }: UpdateRecord["$set"], guard: Guard): Fact[] {
  if (!messages) return [];
  const at = Date.parse(lastUpdated ?? "");
  const wasReplaying = cursor.replaying;
  cursor.replaying = false;
  if (Number.isNaN(at)) return [];
  const snapshot = messages.slice(0, 2).find(({ type, content }) => type === "user" && isSnapshot(content));
  if (snapshot?.id !== undefined && snapshot.id !== cursor.snapshot) {
    cursor.snapshot = snapshot.id;
    const end = guard.fact({
      type: "compaction.end",
      at,
      turn: UNNAMED_TURN,
      thread: cursor.thread,
      output: textOf(snapshot.content),
    });
    const after = cursor.ended ? undefined : cursor.answer?.toolsAt;
    cursor.compression = { id: snapshot.id, end, ...(after !== undefined && { after }) };
    return [];
  }
  // Without a replay before it: the prompt that is waiting for its answer was taken back.
  const { pending } = cursor;
  if (wasReplaying || pending === undefined || messages.some(({ id }) => id === pending)) return [];
  const error = { type: "request_failed", message: "The request failed, and Gemini CLI recorded no reason" };
  return endOpen(cursor, at, "error", error, "unanswered");
}

/** The user's own `/compress` ends with a line for the user: no prompt made it happen, it is a trace of its own. */
function loneCompression(cursor: Cursor): Fact[] {
  const { compression } = cursor;
  if (!compression) return [];
  delete cursor.compression;
  return compressionFacts(compression, compression.id, "manual");
}
