/** A plugin beside the settings: every hook runs twice, the second time a little later. */

import { expect, test } from "bun:test";
import { claude } from "../../src/agents/claude/agent.ts";
import type { JournalEvent } from "../../src/journal/event.ts";
import type { Fact } from "../../src/trace/facts.ts";
import { fold, initialFold } from "../../src/trace/fold.ts";
import type { FinishedNode } from "../../src/trace/node.ts";
import * as cursor from "../agents/cursor/recordings.ts";
import { journalOf, recordings, sessionsOf } from "../support/recording.ts";

/** How much later the second hook process starts, in ms. */
const LATER_MS = 7;

/** Late enough for every waiting rule of the fold, in ms. */
const QUIET_MS = 60_000;

function nodesOf(facts: readonly Fact[]): Map<string, FinishedNode> {
  const end: Fact = { type: "tick", at: Math.max(...facts.map(({ at }) => at)) + QUIET_MS };
  const { nodes } = fold(initialFold(), [...facts, end]);
  return new Map(nodes.map((node) => [`${node.turn} ${node.key}`, node]));
}

const factsOf = (events: readonly JournalEvent[]) => events.flatMap((event) => claude.observe(event).facts);

/** Numbers that differ by more than the delay, and everything else that differs, by place. */
function differences(a: unknown, b: unknown, place: string): readonly string[] {
  if (typeof a === "number" && typeof b === "number")
    return Math.abs(a - b) <= LATER_MS ? [] : [`${place}: ${a}, ${b}`];
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) {
    return Object.is(a, b) ? [] : [`${place}: ${JSON.stringify(a)}, ${JSON.stringify(b)}`];
  }
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].flatMap((key) =>
    differences((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key], `${place}.${key}`),
  );
}

/** The same as Cursor's sessions are recorded: by calls, each a time after the one before. */
const CURSOR = cursor.recordings();

test.each(CURSOR)("cursor, %s: the same spans, at the same times but for the delay itself", (scenario) => {
  const events = cursor.journalOf(cursor.callsOf(scenario));
  for (const session of new Set(events.map((event) => event.session))) {
    const own = events.filter((event) => event.session === session);
    const copies = own.map((event) => ({ ...event, ts: event.ts + LATER_MS }));
    const both = [...own, ...copies].sort((a, b) => a.ts - b.ts);
    const once = nodesOf(cursor.observed(own).facts);
    const twice = nodesOf(cursor.observed(both).facts);
    expect([...twice.keys()].sort()).toEqual([...once.keys()].sort());
    for (const [id, node] of once) expect(differences(node, twice.get(id), id)).toEqual([]);
  }
});

const scenarios = recordings().filter((name) => journalOf(name).length > 0);

test.each(scenarios)("%s: the same spans, at the same times but for the delay itself", async (scenario) => {
  for (const { session, history } of await sessionsOf(scenario)) {
    const events = journalOf(scenario).filter((event) => event.session === session);
    if (events.length === 0) continue;
    const copies = events.map((event) => ({ ...event, ts: event.ts + LATER_MS }));
    const both = [...events, ...copies].sort((a, b) => a.ts - b.ts);
    const once = nodesOf([...factsOf(events), ...history]);
    const twice = nodesOf([...factsOf(both), ...history]);
    expect([...twice.keys()].sort()).toEqual([...once.keys()].sort());
    for (const [id, node] of once) expect(differences(node, twice.get(id), id)).toEqual([]);
  }
});
