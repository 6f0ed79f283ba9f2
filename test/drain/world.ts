/**
 * A home folder with everything a drain needs, and an agent whose hooks and history say facts in so many words, so that
 * tests choose what the fold sees. The clock is the test's: it stands still but for the drain's own sleeping.
 */

import { appendFileSync, mkdirSync } from "node:fs";
import type { AgentEntry } from "../../src/agents/agent.ts";
import type { Settings } from "../../src/config/settings.ts";
import type { DrainDeps } from "../../src/drain/deps.ts";
import { touchMark } from "../../src/drain/housekeeping.ts";
import type { Deliver, DeliveryReport } from "../../src/export/sink.ts";
import { appendLine } from "../../src/hook/append.ts";
import { segmentFileOf } from "../../src/journal/names.ts";
import { type Paths, pathsIn } from "../../src/paths.ts";
import { openReader } from "../../src/store/open.ts";
import type { StoreReader } from "../../src/store/types.ts";
import type { Fact } from "../../src/trace/facts.ts";

export const AGENT_KEY = "talker";

interface Said {
  readonly facts?: readonly Fact[];
  readonly hints?: Readonly<Record<string, string>>;
  readonly skipped?: string;
  readonly fail?: boolean;
}

function said(value: unknown): Required<Pick<Said, "facts">> & Said {
  const what = value as Said;
  if (what.fail) throw new Error("made to fail");
  return { facts: [], ...what };
}

/** The agent. Hints are its history files, by source id. */
export const talker: AgentEntry = {
  key: AGENT_KEY,
  name: AGENT_KEY,
  title: "Talker",
  hook: { route: () => ({ verdict: "ignore" }), env: [] },
  load: async () => ({
    observe: (event) => said(event.payload),
    sources: async (_session, hints) =>
      Object.entries(hints).flatMap(([id, path]) => (path.startsWith("/") ? [{ id, path, role: {} }] : [])),
    history: {
      initial: () => ({ read: 0 }),
      read: (cursor, record) => ({
        cursor: { read: (cursor as { read: number }).read + 1 },
        facts: said(record).facts,
      }),
    },
    setup: {
      detect: async () => ({ installed: false, files: [] }),
      register: async () => [],
      unregister: async () => [],
      check: async () => [],
      trial: () => ({ command: { command: "true", timeout: 1 }, payload: "" }),
    },
  }),
};

export const SETTINGS: Settings = {
  enabled: true,
  dryRun: false,
  verbose: false,
  debug: false,
  attributes: {},
  log: { prompts: true, toolDetails: true, toolContent: true },
  messages: "new",
  mask: true,
  maxTextChars: 10_000,
  flush: "async",
  sinks: [],
  retentionDays: 30,
  maxStoreMb: 1024,
};

export interface World {
  readonly paths: Paths;
  readonly logged: string[];
  clock: { now: number };
  settings: Settings;
  stamp: string;
  /** False: this process has no credential for sinks that need one. */
  credentials: boolean;
  /** Ids of processes that live. */
  readonly processes: Set<number>;
  deliver: Deliver;
  /** Merged into `deps`. */
  readonly deps: (more?: Partial<DrainDeps>) => DrainDeps;
  /** Appends an event to the session's journal and leaves the wish, as a hook does. */
  readonly hook: (session: string, what: Said, more?: { env?: Record<string, string> }) => void;
  /** Appends a record to a history file. */
  readonly write: (name: string, facts: readonly Fact[]) => void;
  readonly history: (name: string) => string;
  /** Asks the store. */
  readonly ask: <T>(question: (reader: StoreReader) => T) => T;
}

const START = 1_767_225_600_000;

export function makeWorld(home: string): World {
  const paths = pathsIn(home);
  const logged: string[] = [];
  const histories = `${home}/histories`;
  const world: World = {
    paths,
    logged,
    clock: { now: START },
    settings: SETTINGS,
    stamp: "one",
    credentials: true,
    processes: new Set(),
    deliver: async () => ({ outcome: "accepted", rejected: 0 }),
    deps: (more = {}) => ({
      paths,
      agents: [talker],
      configuration: () => ({
        stamp: world.stamp,
        settingsOf: () => world.settings,
        credentialsFor: () => (world.credentials ? {} : undefined),
        retention: { days: world.settings.retentionDays, maxBytes: world.settings.maxStoreMb * 2 ** 20 },
      }),
      deliver: (...args) => world.deliver(...args),
      now: () => world.clock.now,
      sleep: async (ms) => {
        world.clock.now += ms;
        await Bun.sleep(0);
      },
      random: () => 0.5,
      alive: (pid) => world.processes.has(pid),
      log: (line) => logged.push(line),
      lifeMs: 60_000,
      ...more,
    }),
    hook: (session, what, more = {}) => {
      const event = {
        v: 1,
        ts: world.clock.now,
        agent: AGENT_KEY,
        event: "Said",
        session,
        env: more.env ?? {},
        payload: what,
      };
      const failure = appendLine(
        `${paths.journal}/${AGENT_KEY}`,
        segmentFileOf(session, world.clock.now),
        JSON.stringify(event),
      );
      if (failure !== undefined) throw new Error(failure);
      touchMark(paths.drainWanted, Date.now());
    },
    write: (name, facts) => {
      mkdirSync(histories, { recursive: true });
      appendFileSync(`${histories}/${name}`, `${JSON.stringify({ facts })}\n`);
    },
    history: (name) => `${histories}/${name}`,
    ask: (question) => {
      const opened = openReader(paths.store);
      if (!opened.ok) throw new Error(JSON.stringify(opened.error));
      try {
        return question(opened.store);
      } finally {
        opened.store.close();
      }
    },
  };
  return world;
}

/** What the prompt hook and the end-of-turn hook of a turn say. */
export function turnStart(turn: string, at: number): Fact {
  return { type: "turn.start", turn, at, live: true, prompt: `prompt of ${turn}` };
}

export function turnEnd(turn: string, at: number): Fact {
  return { type: "turn.end", turn, at, live: true, source: "claimed", outcome: "ok", output: `answer of ${turn}` };
}

/** What the history says of a turn: one model call, and the end. */
export function turnHistory(turn: string, at: number): Fact[] {
  const call = { turn, thread: "", call: `call of ${turn}` };
  return [
    { type: "turn.start", turn, at, prompt: `prompt of ${turn}` },
    { type: "llm.start", ...call, at: at + 10, model: "model-1" },
    {
      type: "llm.output",
      ...call,
      at: at + 400,
      index: 0,
      parts: [{ type: "text", text: `answer of ${turn}` }],
      usage: { prompt: 100, completion: 7 },
      finishReason: "stop",
    },
    { type: "llm.end", ...call, at: at + 400, outcome: "ok" },
    { type: "turn.end", turn, at: at + 410, source: "recorded", outcome: "ok", output: `answer of ${turn}` },
  ];
}

/** A whole turn: both hooks, and the history between them. Takes 500 ms of the clock. */
export function playTurn(world: World, session: string, turn: string, env?: Record<string, string>): void {
  const at = world.clock.now;
  const more = env === undefined ? {} : { env };
  world.hook(session, { facts: [turnStart(turn, at)], hints: { main: world.history(session) } }, more);
  world.write(session, turnHistory(turn, at));
  world.clock.now += 500;
  world.hook(session, { facts: [turnEnd(turn, world.clock.now)] }, more);
}

/** A sink's server: gives the answers one after the other, then accepts. */
export function answering(...answers: DeliveryReport[]): { readonly deliver: Deliver; readonly batches: string[][] } {
  const batches: string[][] = [];
  return {
    batches,
    deliver: async (_target, _credentials, _agent, spans) => {
      batches.push(spans.map(({ spanId }) => spanId));
      return answers.shift() ?? { outcome: "accepted", rejected: 0 };
    },
  };
}
