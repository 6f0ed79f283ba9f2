/** Contracts between the campaign and an agent's folder. */

import type { Receiver } from "./receiver.ts";
import type { SeenSpan } from "./seen-span.ts";
import type { Truth } from "./truth.ts";

/** The agent's files on this machine, by name; JSON-serialisable, since it crosses into the namespace by argv. */
export type Installation = Readonly<Record<string, string>>;

/** What a scenario gets inside the namespace. Everything in it is gone afterwards except `out`. */
export interface World {
  readonly repository: string;
  readonly installation: Installation;
  /** Empty folder of this run; the agent's home and project are made in it. */
  readonly scratch: string;
  /** Where evidence is kept. */
  readonly out: string;
  readonly receiver: Receiver;
  /** Appends a line to `run.log`. */
  readonly log: (text: string) => void;
}

/** What a run leaves for the scorer. */
export interface RunResult {
  readonly truth: Truth;
  /** Reasons of the scenario's own, beyond what the scorer compares. */
  readonly complaints: readonly string[];
}

/** One thing to try with the real agent. */
export interface Scenario {
  readonly name: string;
  readonly about: string;
  /** Part of the short run (`--quick`). */
  readonly quick?: boolean;
  readonly run: (world: World) => Promise<RunResult>;
}

/** A check of a scenario's own on what arrived. @returns complaints; none means fine */
export type SpanCheck = (spans: readonly SeenSpan[]) => readonly string[];

/** An agent that can be run here. */
export interface LiveAgent {
  readonly name: string;
  readonly scenarios: readonly Scenario[];
  /** Outside the namespace, with the network: the pinned agent into the cache, the program built. Throws with a reason. */
  readonly prepare: (repository: string, cache: string) => Promise<Installation>;
}
