/** What the fold promises for every order, gap and split of facts, tried over recorded sessions of an agent. */

import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Fact } from "../../src/trace/facts.ts";
import { type FoldState, fold, initialFold } from "../../src/trace/fold.ts";
import { spanIdOf, traceIdOf } from "../../src/trace/ids.ts";
import type { FinishedNode } from "../../src/trace/node.ts";
import type { SessionFacts } from "./recording.ts";

/** Late enough for every waiting rule of the fold (ms after the newest fact). */
const LATER_MS = 60_000;

function closing(facts: readonly Fact[]): Fact {
  return { type: "tick", at: Math.max(...facts.map((fact) => fact.at)) + LATER_MS };
}

/** Folds the parts one after the other, through JSON as the store keeps the state. */
function foldParts(parts: readonly (readonly Fact[])[]): { nodes: FinishedNode[]; state: FoldState } {
  let state = initialFold();
  const nodes: FinishedNode[] = [];
  for (const part of parts) {
    const folded = fold(JSON.parse(JSON.stringify(state)), part);
    state = folded.state;
    nodes.push(...folded.nodes);
  }
  return { nodes, state };
}

const idOf = (node: FinishedNode) => `${node.turn} ${node.key}`;
const sorted = (nodes: readonly FinishedNode[]) => [...nodes].sort((a, b) => idOf(a).localeCompare(idOf(b)));
const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value));

function allFacts({ live, history }: SessionFacts): Fact[] {
  const facts = [...live, ...history];
  return [...facts, closing(facts)];
}

/**
 * Registers the tests.
 * @param agent key of the agent
 * @param recorded its sessions; those without live facts are left out
 */
export function foldProperties(agent: string, recorded: readonly SessionFacts[]): void {
  const sessions = recorded.filter(({ live }) => live.length > 0);
  const anySession = fc.constantFrom(...sessions);

  test("every split of the facts gives the same nodes in the same order and the same state", () => {
    fc.assert(
      fc.property(anySession, fc.array(fc.nat(), { maxLength: 8 }), (session, cuts) => {
        const facts = allFacts(session);
        const points = [0, ...cuts.map((cut) => cut % facts.length), facts.length].sort((a, b) => a - b);
        const parts = points.slice(1).map((end, i) => facts.slice(points[i], end));
        const whole = foldParts([facts]);
        const split = foldParts(parts);
        expect(plain(split.nodes)).toEqual(plain(whole.nodes));
        expect(plain(split.state)).toEqual(plain(whole.state));
      }),
    );
  });

  // The drain reads the journal after the history: a hook is never folded later than a record that was written after it.
  test("however far the history lags behind the hooks, the nodes are the same", () => {
    fc.assert(
      fc.property(anySession, fc.infiniteStream(fc.boolean()), ({ live, history, written }, choice) => {
        const left = [...live];
        const right = [...history];
        const times = [...written];
        const merged: Fact[] = [];
        for (const takeLive of choice) {
          const recordIsNext = right[0] !== undefined && (left[0] === undefined || left[0].at > (times[0] ?? 0));
          const fromHooks = left[0] !== undefined && (takeLive || !recordIsNext);
          const next = fromHooks ? left.shift() : right.shift();
          if (!fromHooks) times.shift();
          if (!next) break;
          merged.push(next);
        }
        const facts = [...live, ...history];
        const expected = foldParts([[...facts, closing(facts)]]);
        expect(sorted(foldParts([[...merged, closing(facts)]]).nodes)).toEqual(sorted(expected.nodes));
      }),
      { numRuns: 300 },
    );
  });

  test("facts that come twice change nothing", () => {
    fc.assert(
      fc.property(anySession, fc.array(fc.nat(), { maxLength: 20 }), (session, picks) => {
        const facts = [...session.live, ...session.history];
        const doubled = [...facts];
        for (const pick of picks) {
          const fact = facts[pick % facts.length];
          if (fact) doubled.splice(doubled.indexOf(fact) + 1, 0, fact);
        }
        const once = foldParts([[...facts, closing(facts)]]);
        const twice = foldParts([[...doubled, closing(facts)]]);
        expect(sorted(twice.nodes)).toEqual(sorted(once.nodes));
      }),
    );
  });

  test("whatever is missing, every node comes once, with sane times, below a node of its turn or as a root", () => {
    fc.assert(
      fc.property(anySession, fc.array(fc.nat(), { maxLength: 30 }), fc.nat(), (session, gaps, end) => {
        const all = [...session.live, ...session.history];
        const facts = all.slice(0, 1 + (end % all.length));
        const kept = facts.filter((_, i) => !gaps.some((gap) => gap % facts.length === i));
        fc.pre(kept.length > 0);
        const newest = Math.max(...kept.map((fact) => fact.at));
        const { nodes, state } = foldParts([
          [...kept, { type: "session.end", at: newest }, { type: "tick", at: newest + LATER_MS }],
        ]);
        const ids = nodes.map(idOf);
        expect(new Set(ids).size).toBe(ids.length);
        for (const node of nodes) {
          expect(node.end).toBeGreaterThanOrEqual(node.start);
          if (node.parent !== undefined) expect(ids).toContain(`${node.turn} ${node.parent}`);
        }
        const roots = nodes.filter((node) => node.parent === undefined).map((node) => node.turn);
        expect(new Set(roots).size).toBe(roots.length);
        expect(Object.keys(state.turns)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  test("the same session folded twice has the same ids, another session others", () => {
    for (const session of sessions) {
      const idsOf = (name: string) =>
        foldParts([allFacts(session)]).nodes.map((node) => spanIdOf(traceIdOf(agent, name, node.turn), node.key));
      expect(idsOf("a")).toEqual(idsOf("a"));
      expect(idsOf("a").filter((id) => idsOf("b").includes(id))).toEqual([]);
    }
  });
}
