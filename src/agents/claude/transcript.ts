/**
 * Transcript records → facts: a pure reader that can stop after any record and go on later. One instance reads one file,
 * the session's own or a subagent's. What each record means is written in the README of this folder.
 */

import * as v from "valibot";
import { type Fact, MAIN_THREAD, UNNAMED_TURN } from "../../trace/facts.ts";
import type { Guard, HistoryReader, HistorySource } from "../agent.ts";
import { readAnswer, readRequest } from "./calls.ts";
import { emptyContext, noteBlob, noteShape } from "./context.ts";
import { type Cursor, emptyCursor } from "./cursor.ts";
import { readSystem } from "./system.ts";
import { readUser } from "./user.ts";
import { ApiRequestRecord, AssistantRecord, SystemRecord, UserRecord } from "./wire.ts";

/** Reader of Claude Code's transcripts. */
export const history: HistoryReader<Cursor> = {
  initial: (source) => ({
    ...emptyCursor(source.role.agentId ?? MAIN_THREAD),
    ...(source.role.capture === "full" && { context: emptyContext() }),
  }),
  about: (known, source) => {
    const cursor = structuredClone(known);
    return { cursor, facts: linkFacts(cursor, source) };
  },
  read: (known, record, guard) => {
    const cursor = structuredClone(known);
    return { cursor, facts: read(cursor, record, guard) };
  },
};

/** What a subagent's side file says: its type and the tool call that started it. */
function linkFacts(cursor: Cursor, source: HistorySource): Fact[] {
  const { agentId, agentType, toolUseId, description, builtIn } = source.role;
  const linked = Bun.hash(JSON.stringify(source.role)).toString(36);
  if (agentId === undefined || cursor.ignored || cursor.birth === undefined || cursor.linked === linked) return [];
  cursor.linked = linked;
  const base = { at: cursor.birth, turn: cursor.turn ?? UNNAMED_TURN, agentId };
  return [
    ...(agentType
      ? [
          {
            ...base,
            type: "agent.start" as const,
            name: agentType,
            builtIn: builtIn === "true",
            metadata: { ...(description && { description }) },
          },
        ]
      : []),
    ...(toolUseId ? [{ ...base, type: "agent.link" as const, callId: toolUseId }] : []),
  ];
}

function read(cursor: Cursor, record: unknown, guard: Guard): Fact[] {
  const { type, timestamp } = (record ?? {}) as { type?: unknown; timestamp?: unknown };
  if (cursor.context && type === "api-request-blob") noteBlob(cursor.context, record, guard, cursor.thread);
  if (cursor.context && type === "api-request-shape") noteShape(cursor.context, record, guard, cursor.thread);
  const at = typeof timestamp === "string" ? Date.parse(timestamp) : Number.NaN;
  if (Number.isNaN(at) || cursor.ignored) return [];
  cursor.birth ??= at;
  if (isCopied(cursor, at, cursor.birth)) return [];
  // By `type` alone: request blobs have a message with a role too.
  switch (type) {
    case "user":
      return withParsed(UserRecord, record, (user) => [
        ...toldFacts(cursor, user, at, guard),
        ...readUser(cursor, user, at, guard),
      ]);
    case "assistant":
      return withParsed(AssistantRecord, record, (assistant) => readAnswer(cursor, assistant, at, guard));
    case "api-request":
      return withParsed(ApiRequestRecord, record, (request) => readRequest(cursor, request, at));
    case "system":
      return withParsed(SystemRecord, record, (system) => readSystem(cursor, system, at));
    default:
      return [];
  }
}

function withParsed<S extends v.GenericSchema>(
  schema: S,
  record: unknown,
  use: (value: v.InferOutput<S>) => Fact[],
): Fact[] {
  const parsed = v.safeParse(schema, record);
  return parsed.success ? use(parsed.output) : [];
}

/** A session forked from another begins with the other's records, dated before its file was made. */
function isCopied(cursor: Cursor, at: number, birth: number): boolean {
  return cursor.thread === MAIN_THREAD && at < birth && cursor.refs.length === 0 && cursor.answer === undefined;
}

function toldFacts(cursor: Cursor, record: UserRecord, at: number, guard: Guard): Fact[] {
  if (cursor.thread !== MAIN_THREAD) return [];
  const metadata = {
    ...(record.cwd && { cwd: record.cwd }),
    ...(record.gitBranch && { git_branch: record.gitBranch }),
    ...(record.version && { agent_version: record.version }),
    ...(record.entrypoint && { entrypoint: record.entrypoint }),
  };
  const fact = guard.fact({ type: "session" as const, at, metadata });
  const told = JSON.stringify(fact.metadata);
  if (told === cursor.told) return [];
  cursor.told = told;
  return [fact];
}
