/** Prompts, notifications, and what ends a turn. */

import type * as v from "valibot";
import { type Fact, MAIN_THREAD } from "../../trace/facts.ts";
import type { NodeError } from "../../trace/node.ts";
import type { Guard } from "../agent.ts";
import { beginStep, closeStep, type Ending, endStep, STOPPED, say } from "./calls.ts";
import { type Cursor, threadOf } from "./cursor.ts";
import type { AbortData, ErrorData, NotificationData, SessionData, StepData, UserData } from "./wire.ts";

/** Prompts that Copilot puts in itself while a turn runs, for instance the text of a skill. */
const INJECTED = /^skill-/;

export function readUser(cursor: Cursor, id: string, record: string, data: UserData, at: number, guard: Guard): Fact[] {
  const message = {
    role: "user" as const,
    parts: [{ type: "text" as const, text: data.transformedContent ?? data.content }],
  };
  if (id !== MAIN_THREAD)
    return subagentPrompt(cursor, id, data, at, () => say(threadOf(cursor, id), id, message, guard));
  // A prompt that is added to a running turn has that turn's id. VS Code has no ids: there every prompt opens a turn.
  const turn = data.interactionId ?? record;
  const added = turn === cursor.turn || (cursor.open === true && INJECTED.test(data.source ?? ""));
  const facts = added ? [] : openTurn(cursor, turn, at);
  say(threadOf(cursor, MAIN_THREAD), MAIN_THREAD, message, guard);
  if (added) return facts;
  return [
    ...facts,
    {
      type: "turn.start",
      at,
      turn,
      prompt: data.content,
      metadata: {
        ...(data.agentMode && { agent_mode: data.agentMode }),
        ...(data.source && { prompt_source: data.source }),
        ...(data.isAutopilotContinuation && { autopilot: true }),
      },
    },
  ];
}

function subagentPrompt(cursor: Cursor, id: string, data: UserData, at: number, use: () => void): Fact[] {
  const thread = threadOf(cursor, id);
  use();
  if (thread.began) return [];
  thread.began = true;
  return [{ type: "agent.start", at, turn: thread.turn, agentId: id, input: data.content }];
}

function openTurn(cursor: Cursor, turn: string, at: number): Fact[] {
  const main = threadOf(cursor, MAIN_THREAD);
  const facts = closeStep(main, MAIN_THREAD, at, STOPPED);
  // What a failed request carried is not sent again.
  main.input = [];
  delete cursor.notice;
  main.turn = turn;
  cursor.turn = turn;
  cursor.open = true;
  return facts;
}

/** Something that Copilot tells the model itself. When no turn is open, it opens one about it. */
export function readNotification(
  cursor: Cursor,
  id: string,
  record: string,
  { content, kind }: v.InferOutput<typeof NotificationData>,
  at: number,
  guard: Guard,
): void {
  if (!content) return;
  const message = { role: "user" as const, parts: [{ type: "text" as const, text: content }] };
  say(threadOf(cursor, id), id, message, guard);
  if (id !== MAIN_THREAD || cursor.open) return;
  const callId = cursor.background[kind?.agentId ?? `shell:${kind?.shellId ?? ""}`];
  const base = { type: "turn.start" as const, at: 0, turn: "", ...(callId && { answers: { callId } }) };
  const { prompt = "" } = guard.fact({ ...base, prompt: content });
  const earlier = cursor.notice;
  cursor.notice = earlier
    ? { ...earlier, text: `${earlier.text}\n${prompt}` }
    : { turn: record, at, text: prompt, ...(callId && { callId }) };
}

export function readStepStart(
  cursor: Cursor,
  id: string,
  record: string,
  { interactionId }: v.InferOutput<typeof StepData>,
  at: number,
): Fact[] {
  const thread = threadOf(cursor, id);
  if (id !== MAIN_THREAD) return beginStep(thread, id, record, at);
  const { notice, turn } = cursor;
  if (cursor.open || (!notice && turn !== undefined && (interactionId ?? turn) === turn)) {
    // A hook may have sent the agent back to work after the turn's end.
    cursor.open = true;
    return beginStep(thread, id, record, at);
  }
  // The interaction goes on under its old id: only the notification tells this turn from the one before.
  const key = notice?.turn ?? interactionId ?? record;
  const { input } = thread;
  const opened = openTurn(cursor, key, at);
  thread.input = input;
  return [
    ...opened,
    {
      type: "turn.start",
      at: notice?.at ?? at,
      turn: key,
      ...(notice && { prompt: notice.text }),
      ...(notice?.callId && { answers: { callId: notice.callId } }),
      metadata: { prompt_source: notice ? "notification" : "agent" },
    },
    ...beginStep(thread, id, record, at),
  ];
}

export function readStepEnd(cursor: Cursor, id: string, at: number): Fact[] {
  const { facts, done } = endStep(threadOf(cursor, id), id, at);
  if (!done || id !== MAIN_THREAD || cursor.turn === undefined) return facts;
  delete cursor.open;
  return [...facts, { type: "turn.end", at, turn: cursor.turn, source: "recorded", outcome: "ok" }];
}

/** The user stopped the agent: everything that runs in the foreground ends. */
export function readAbort(cursor: Cursor, { reason }: v.InferOutput<typeof AbortData>, at: number): Fact[] {
  const error: NodeError = { type: "interrupted", message: `Interrupted${reason ? ` (${reason})` : ""}` };
  const ending: Ending = { outcome: "interrupted", error };
  const facts: Fact[] = [];
  for (const [agentId, { background }] of Object.entries(cursor.agents)) {
    if (background) continue;
    const thread = threadOf(cursor, agentId);
    facts.push(...closeStep(thread, agentId, at, ending), {
      type: "agent.end",
      at,
      turn: thread.turn,
      agentId,
      source: "recorded",
      outcome: "interrupted",
      error,
    });
  }
  return [...facts, ...endTurn(cursor, at, ending)];
}

/** A request failed for good. */
export function readError(cursor: Cursor, id: string, data: v.InferOutput<typeof ErrorData>, at: number): Fact[] {
  const error: NodeError = { type: data.errorType ?? "error", message: data.message ?? "The request failed" };
  const ending: Ending = {
    outcome: "error",
    error,
    ...(typeof data.statusCode === "number" && { status: data.statusCode }),
  };
  if (id !== MAIN_THREAD) return closeStep(threadOf(cursor, id), id, at, ending);
  return endTurn(cursor, at, ending);
}

function endTurn(cursor: Cursor, at: number, ending: Ending): Fact[] {
  const facts = closeStep(threadOf(cursor, MAIN_THREAD), MAIN_THREAD, at, ending);
  if (!cursor.open || cursor.turn === undefined) return facts;
  delete cursor.open;
  const { outcome, error } = ending;
  return [...facts, { type: "turn.end", at, turn: cursor.turn, source: "recorded", outcome, error }];
}

/** A process opened the session. */
export function readSessionStart(
  cursor: Cursor,
  data: v.InferOutput<typeof SessionData>,
  at: number,
  guard: Guard,
): Fact[] {
  const { cwd, branch, gitRoot, repository } = data.context ?? {};
  if (data.selectedModel) threadOf(cursor, MAIN_THREAD).model = data.selectedModel;
  const fact = guard.fact({
    type: "session" as const,
    at,
    metadata: {
      client: data.vscodeVersion === undefined ? "cli" : "vscode",
      ...(data.copilotVersion && { agent_version: data.copilotVersion }),
      ...(data.vscodeVersion && { vscode_version: data.vscodeVersion }),
      ...(cwd && { cwd }),
      ...(branch && { git_branch: branch }),
      ...(gitRoot && { git_root: gitRoot }),
      ...(repository && { repository }),
    },
  });
  // A second window on a running session is no new process.
  const shared = data.alreadyInUse === true || data.sessionWasActive === true;
  const facts = shared ? [] : [...endProcess(cursor, at), { type: "session.start" as const, at }];
  const told = JSON.stringify(fact.metadata);
  if (told === cursor.told) return facts;
  cursor.told = told;
  return [...facts, fact];
}

/** The process that wrote the log is gone: nothing that was open goes on. */
export function endProcess(cursor: Cursor, at: number): Fact[] {
  const facts = Object.entries(cursor.threads).flatMap(([id, thread]) => closeStep(thread, id, at, STOPPED));
  for (const id of Object.keys(cursor.threads)) if (id !== MAIN_THREAD) delete cursor.threads[id];
  Object.assign(cursor, { tools: {}, asked: {}, agents: {} });
  delete cursor.open;
  delete cursor.compaction;
  return facts;
}
