/**
 * Tool calls as hooks see them that know neither the call's id nor its thread. The history, which knows both, claims them by
 * tool, input and time; what it never claims was cut off before it was written down.
 */

import type { ToolEndFact, ToolPermissionFact, ToolStartFact } from "../facts.ts";
import type { Millis } from "../node.ts";
import { toolKey } from "./keys.ts";
import type { AgentState, Sighting, ToolState, TurnState } from "./state.ts";

/** Hooks and history read one clock, but not at one moment (ms). */
const SAME_CLOCK_MS = 100;

/** True the first time that this fact is told. */
function isNew(turn: TurnState, fact: ToolStartFact | ToolEndFact): boolean {
  const told = `sighting:${fact.type}:${fact.at}:${Bun.hash(JSON.stringify([fact.name, fact.input]))}`;
  if (turn.done[told]) return false;
  turn.done[told] = true;
  return true;
}

function sight(turn: TurnState, fact: ToolStartFact | ToolEndFact, startedAt: Millis | undefined): Sighting {
  const ordinal = turn.sightingCount ?? 0;
  turn.sightingCount = ordinal + 1;
  const sighting: Sighting = {
    ordinal,
    name: fact.name ?? "tool",
    ...(fact.input !== undefined && { input: fact.input }),
    ...(fact.builtIn !== undefined && { builtIn: fact.builtIn }),
    ...("mcpServer" in fact && fact.mcpServer !== undefined && { mcpServer: fact.mcpServer }),
    ...(startedAt !== undefined && { startedAt }),
    ...(fact.unasked && { unasked: true }),
  };
  turn.sightings = [...(turn.sightings ?? []), sighting];
  return sighting;
}

function isSame(sighting: Sighting, name: string | undefined, input: unknown): boolean {
  return sighting.name === name && JSON.stringify(sighting.input) === JSON.stringify(input);
}

/** A call began. */
export function sightStart(turn: TurnState, fact: ToolStartFact): void {
  if (isNew(turn, fact)) sight(turn, fact, fact.at);
}

/** A dialog is about the call that it describes, or else about the one that began last. */
export function sightPermission(turn: TurnState, fact: ToolPermissionFact): void {
  const open = (turn.sightings ?? []).filter(({ end, startedAt }) => !end && startedAt !== undefined);
  const described = Object.entries(Object(fact.input));
  const meant = open.filter(
    ({ name, input }) =>
      name === fact.name && described.every(([key, value]) => Bun.deepEquals(Object(input)[key], value)),
  );
  if (open.some(({ permissionAt }) => permissionAt === fact.at)) return;
  const asked = (meant.length > 0 ? meant : open).findLast(({ permissionAt }) => permissionAt === undefined);
  if (asked) asked.permissionAt = fact.at;
}

/** A call ended: the oldest one that began with this input, or (another hook changed the input) of this tool. */
export function sightEnd(turn: TurnState, fact: ToolEndFact): void {
  if (!isNew(turn, fact)) return;
  const open = (turn.sightings ?? []).filter(({ end }) => !end);
  const began =
    open.find((one) => isSame(one, fact.name, fact.input)) ??
    open.find(({ name }) => name === fact.name) ??
    sight(turn, fact, undefined);
  began.end = {
    at: fact.at,
    outcome: fact.outcome,
    ...(fact.durationMs !== undefined && { durationMs: fact.durationMs }),
    ...(fact.output !== undefined && { output: fact.output }),
    ...(fact.error && { error: fact.error }),
  };
  if (fact.exitCode !== undefined) began.exitCode = fact.exitCode;
}

function isWithin(sighting: Sighting, tool: ToolState): boolean {
  const at = sighting.startedAt ?? sighting.end?.at ?? 0;
  const from = (tool.requestedAt ?? 0) - SAME_CLOCK_MS;
  const to = (tool.result?.at ?? Number.POSITIVE_INFINITY) + SAME_CLOCK_MS;
  return at >= from && at <= to;
}

/**
 * The history has a call's result: what hooks saw of the call becomes part of it.
 * @param as name and input under which they saw it
 */
export function claimSighting(turn: TurnState, tool: ToolState, as: Pick<ToolState, "name" | "input">): void {
  const within = (turn.sightings ?? []).filter((one) => isWithin(one, tool));
  const sameTool = within.filter(({ name }) => name === as.name);
  const seen =
    within.find((one) => isSame(one, as.name, as.input)) ??
    (tool.result?.outcome === "ok" && sameTool.length === 1 ? sameTool[0] : undefined);
  if (!seen) {
    if (tool.result?.outcome !== "ok" || turn.sightingCount === undefined || as.name === undefined) return;
    turn.unsighted = { ...turn.unsighted, [as.name]: (turn.unsighted?.[as.name] ?? 0) + 1 };
    return;
  }
  turn.sightings = (turn.sightings ?? []).filter((one) => one !== seen);
  if (tool.result?.outcome !== "ok") {
    turn.stopped = [...(turn.stopped ?? []), { callId: tool.callId, input: seen.input }];
  }
  for (const agent of Object.values(turn.agents)) {
    if (agent.sighting === seen.ordinal) agent.callId ??= tool.callId;
  }
  adopt(tool, seen);
}

function adopt(tool: ToolState, seen: Sighting): void {
  if (seen.startedAt !== undefined) tool.startedAt = seen.startedAt;
  if (seen.permissionAt !== undefined) tool.permissionAt = seen.permissionAt;
  if (seen.mcpServer !== undefined) tool.mcpServer = seen.mcpServer;
  if (seen.exitCode !== undefined) tool.exitCode ??= seen.exitCode;
  if (seen.end) tool.end ??= seen.end;
}

/** Stands for the id that a call never got: unique in its turn. */
function idOf({ ordinal }: Sighting): string {
  return `hook:${ordinal}`;
}

/** The call that started a subagent, before the history says which: it has the subagent's prompt among its arguments. */
export function sightSpawn(turn: TurnState, agent: AgentState): void {
  const { input: prompt } = agent;
  if (prompt === undefined || agent.callId !== undefined || agent.sighting !== undefined) return;
  const taken = new Set(Object.values(turn.agents).map(({ sighting }) => sighting));
  const spawn = turn.sightings?.find(
    ({ ordinal, input }) => !taken.has(ordinal) && Object.values(Object(input)).includes(prompt),
  );
  if (spawn) agent.sighting = spawn.ordinal;
  const stopped = turn.stopped?.find(({ input }) => Object.values(Object(input)).includes(prompt));
  if (!spawn && stopped) agent.callId = stopped.callId;
}

/** Key of the call that started a subagent and that only hooks know. */
export function unwrittenSpawn(turn: TurnState, { callId, sighting }: AgentState): string | undefined {
  if (callId !== undefined) return undefined;
  const spawn = turn.sightings?.find(({ ordinal }) => ordinal === sighting);
  return spawn && toolKey(idOf(spawn));
}

/** The newest model call that was answered when something began: it asked for it. */
function askedBy(turn: TurnState, at: Millis): string | undefined {
  const before = Object.values(turn.lastCalls ?? {}).filter(({ end }) => end <= at + SAME_CLOCK_MS);
  return before.sort((a, b) => b.end - a.end)[0]?.key;
}

/** The turn is over: calls that the history never showed. Calls that it showed with another input are left out. */
export function takeSightings(turn: TurnState): readonly ToolState[] {
  const unsighted = { ...turn.unsighted };
  const left = (turn.sightings ?? []).filter(({ name, end }) => {
    const shown = end !== undefined && (unsighted[name] ?? 0) > 0;
    if (shown) unsighted[name] = (unsighted[name] ?? 0) - 1;
    return !shown;
  });
  delete turn.sightings;
  return left.map((seen) => {
    const parent = seen.unasked ? undefined : askedBy(turn, seen.startedAt ?? seen.end?.at ?? 0);
    const tool: ToolState = {
      callId: idOf(seen),
      unnamed: true,
      thread: "",
      name: seen.name,
      input: seen.input,
      ...(seen.builtIn !== undefined && { builtIn: seen.builtIn }),
      ...(parent !== undefined && { parent }),
      metadata: {},
    };
    adopt(tool, seen);
    return tool;
  });
}
