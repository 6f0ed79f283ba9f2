/**
 * Records of the event log → facts: a pure reader that can stop after any record and go on later. What each record means
 * is written in the README of this folder.
 */

import * as v from "valibot";
import { type Fact, MAIN_THREAD } from "../../trace/facts.ts";
import type { Guard, HistoryReader } from "../agent.ts";
import { readAnswer, readFailure, readUsage } from "./calls.ts";
import { readCompactionEnd, readCompactionStart, readCompactionUsage, readModelCall } from "./compaction.ts";
import { errorOf } from "./content.ts";
import { type Cursor, emptyCursor, threadOf } from "./cursor.ts";
import { readSubagentEnd, readSubagentStart } from "./subagents.ts";
import { readPermissionAnswered, readPermissionAsked, readToolEnd, readToolStart } from "./tools.ts";
import {
  endProcess,
  readAbort,
  readError,
  readNotification,
  readSessionStart,
  readStepEnd,
  readStepStart,
  readUser,
} from "./turns.ts";
import * as wire from "./wire.ts";

/** Name of the hook whose calls are the failed attempts. */
const ERROR_HOOK = "errorOccurred";

/** Reader of the CLI's event logs and of VS Code's transcripts. */
export const history: HistoryReader<Cursor> = {
  initial: (source) => emptyCursor(source.role.capture === "full"),
  read: (known, record, guard) => {
    const parsed = v.safeParse(wire.Envelope, record);
    const at = parsed.success ? Date.parse(parsed.output.timestamp) : Number.NaN;
    const read = parsed.success && !Number.isNaN(at) ? READERS[parsed.output.type] : undefined;
    if (!parsed.success || !read) return { cursor: known, facts: [] };
    const { id, agentId, data } = parsed.output;
    const cursor = structuredClone(known);
    return { cursor, facts: read({ cursor, record: id, thread: agentId ?? MAIN_THREAD, data, at, guard }) };
  },
};

/** A record being read. `cursor` is the reader's own copy, to be changed. */
interface Reading {
  readonly cursor: Cursor;
  /** The record's id. */
  readonly record: string;
  /** `MAIN_THREAD` or the subagent's id. */
  readonly thread: string;
  readonly data: unknown;
  readonly at: number;
  readonly guard: Guard;
}

type Reader = (reading: Reading) => readonly Fact[];

/** A reader of records whose data have a shape; others give no facts. */
function reader<S extends v.GenericSchema>(
  schema: S,
  use: (data: v.InferOutput<S>, reading: Reading) => readonly Fact[] | undefined,
): Reader {
  return (reading) => {
    const parsed = v.safeParse(schema, reading.data);
    return parsed.success ? (use(parsed.output, reading) ?? []) : [];
  };
}

function usage(data: wire.UsageData, { cursor, record, thread, at }: Reading): readonly Fact[] {
  const { step } = threadOf(cursor, thread);
  const isAsked = step !== undefined && !step.finished;
  if (!isAsked && cursor.compaction?.thread === thread) {
    readCompactionUsage(cursor, record, data, at);
    return [];
  }
  return readUsage(cursor, thread, record, data, at);
}

const READERS: Readonly<Record<string, Reader | undefined>> = {
  "session.start": reader(wire.SessionData, (data, { cursor, at, guard }) => readSessionStart(cursor, data, at, guard)),
  "session.resume": reader(wire.SessionData, (data, { cursor, at, guard }) =>
    readSessionStart(cursor, data, at, guard),
  ),
  "session.model_change": reader(wire.ModelData, ({ newModel }, { cursor, thread }) => {
    if (newModel) threadOf(cursor, thread).model = newModel;
    return undefined;
  }),
  "session.shutdown": ({ cursor, at }) => [...endProcess(cursor, at), { type: "session.end", at, reason: "shutdown" }],
  "session.error": reader(wire.ErrorData, (data, { cursor, thread, at }) => readError(cursor, thread, data, at)),
  abort: reader(wire.AbortData, (data, { cursor, at }) => readAbort(cursor, data, at)),

  "system.message": reader(wire.SystemData, ({ content = "" }, { cursor, thread, guard }) => {
    const { context } = threadOf(cursor, thread);
    if (context) context.system = guard.message({ role: "system", parts: [{ type: "text", text: content }] }, thread);
    return undefined;
  }),
  "system.notification": reader(wire.NotificationData, (data, { cursor, thread, record, at, guard }) => {
    readNotification(cursor, thread, record, data, at, guard);
    return undefined;
  }),
  "user.message": reader(wire.UserData, (data, { cursor, thread, record, at, guard }) =>
    readUser(cursor, thread, record, data, at, guard),
  ),

  "assistant.turn_start": reader(wire.StepData, (data, { cursor, thread, record, at }) =>
    readStepStart(cursor, thread, record, data, at),
  ),
  "assistant.turn_end": ({ cursor, thread, at }) => readStepEnd(cursor, thread, at),
  "assistant.message": reader(wire.AnswerData, (data, { cursor, thread, record, at, guard }) =>
    readAnswer(cursor, thread, record, data, at, guard),
  ),
  "session.usage_record": reader(wire.UsageRecordData, (data, reading) => usage(data.usage, reading)),
  "assistant.usage": reader(wire.UsageData, usage),
  "hook.start": reader(wire.HookStartData, ({ hookType, input }, { cursor, thread, at, guard }) => {
    const isRequest = hookType === ERROR_HOOK && (input?.errorContext ?? "model_call") === "model_call";
    const error = errorOf(input?.error?.message, "model_call");
    if (isRequest) readFailure(threadOf(cursor, input?.agentId ?? thread), at, error, guard);
    return undefined;
  }),

  "tool.execution_start": reader(wire.ToolStartData, (data, { cursor, thread, at, guard }) =>
    readToolStart(cursor, thread, data, at, guard),
  ),
  "tool.execution_complete": reader(wire.ToolEndData, (data, { cursor, thread, at, guard }) =>
    readToolEnd(cursor, thread, data, at, guard),
  ),
  "permission.requested": reader(wire.PermissionAskedData, (data, { cursor, at }) =>
    readPermissionAsked(cursor, data, at),
  ),
  "permission.completed": reader(wire.PermissionAnsweredData, (data, { cursor, at }) => {
    readPermissionAnswered(cursor, data, at);
    return undefined;
  }),

  "subagent.started": reader(wire.SubagentData, (data, { cursor, thread, at }) =>
    thread === MAIN_THREAD ? undefined : readSubagentStart(cursor, thread, data, at),
  ),
  "subagent.completed": reader(wire.SubagentData, (data, { cursor, thread, at }) =>
    thread === MAIN_THREAD ? undefined : readSubagentEnd(cursor, thread, data, at, "ok"),
  ),
  "subagent.failed": reader(wire.SubagentData, (data, { cursor, thread, at }) =>
    thread === MAIN_THREAD ? undefined : readSubagentEnd(cursor, thread, data, at, "error"),
  ),

  "session.compaction_start": reader(wire.CompactionData, (data, { cursor, thread, record, at }) =>
    readCompactionStart(cursor, thread, record, data, at),
  ),
  "model.model_call_success": reader(wire.ModelCallData, (data, { cursor, record, at }) => {
    readModelCall(cursor, record, data, at);
    return undefined;
  }),
  "session.compaction_complete": reader(wire.CompactionData, (data, { cursor, thread, record, at, guard }) =>
    readCompactionEnd(cursor, thread, record, data, at, guard),
  ),
};
