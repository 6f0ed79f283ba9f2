/** Compares the model calls of a played recording with what the model server saw. */

import { expect } from "bun:test";
import type { LlmNode } from "../../src/trace/node.ts";

/** Late enough for every waiting rule of the fold (ms after the newest fact). */
export const LATER_MS = 60_000;

/** A request reaches the server after the plugin was told of it, by at most a start of the client (ms). */
const START_MS = 150;

/** One request as the model server saw it. */
export interface SeenRequest {
  /** Arrival, epoch ms. */
  readonly t: number;
  /** It was answered, and the answer read to its end. */
  readonly good: boolean;
  /** As scripted: `input` with the cached tokens, `output` with the reasoning. */
  readonly usage?: { readonly input: number; readonly output: number; readonly cached: number };
}

function sum<T>(items: readonly T[], pick: (item: T) => number | undefined): number {
  return items.reduce((all, item) => all + (pick(item) ?? 0), 0);
}

/** As many good and as many failed calls as requests, the same tokens, and for every request a call that began then. */
export function expectTruth(calls: readonly LlmNode[], requests: readonly SeenRequest[]): void {
  const good = calls.filter((call) => call.outcome === "ok");
  const answered = requests.filter((request) => request.good);
  expect({
    good: good.length,
    failed: calls.length - good.length,
    prompt: sum(good, (call) => call.usage?.prompt),
    cacheRead: sum(good, (call) => call.usage?.cacheRead),
    completion: sum(good, (call) => call.usage?.completion),
  }).toEqual({
    good: answered.length,
    failed: requests.length - answered.length,
    prompt: sum(answered, ({ usage }) => usage?.input),
    cacheRead: sum(answered, ({ usage }) => usage?.cached),
    completion: sum(answered, ({ usage }) => usage?.output),
  });
  const far = requests.filter(({ t }) => !calls.some(({ start, end }) => start - START_MS <= t && t <= end + START_MS));
  expect(far).toEqual([]);
}
