/** One run of an agent: starts turns, sends signals, calls the tracer, counts what must have become traces. */

import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import type { World } from "../scenario.ts";
import { until } from "../wait.ts";
import type { ChatAgent, Place } from "./chat-agent.ts";
import type { ModelServer } from "./model-server.ts";

const TURN_TIMEOUT_MS = 90_000;
const PROGRAM_TIMEOUT_MS = 60_000;

export interface TurnOptions {
  /** Goes on with the session before. */
  readonly continues?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  /** The turn cannot end well: its root must say so. */
  readonly fails?: boolean;
  /** False for a turn that leaves no trace. */
  readonly counts?: boolean;
}

/** What a turn left. */
export interface TurnResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

/** A turn that runs. */
export interface Running {
  readonly ended: Promise<TurnResult>;
  readonly signal: (name: NodeJS.Signals) => void;
}

/** Makes a home with a project that the agent has never been in. */
export function makePlace(agent: ChatAgent, scratch: string, modelServer: string): Place {
  const place = { home: `${scratch}/home`, project: `${scratch}/home/project`, modelServer };
  mkdirSync(place.project, { recursive: true, mode: 0o700 });
  mkdirSync(`${place.home}/tmp`, { recursive: true, mode: 0o700 });
  writeFileSync(`${place.project}/notes.txt`, "alpha\nbeta\n");
  agent.configure(place);
  return place;
}

export class Session {
  readonly world: World;
  readonly agent: ChatAgent;
  readonly model: ModelServer;
  readonly place: Place;
  readonly env: Readonly<Record<string, string>>;
  readonly complaints: string[] = [];
  turns = 0;
  failedTurns = 0;
  sessions = 1;
  traceless = false;
  /** Indices of model calls that were not traced. */
  readonly untraced = new Set<number>();
  #started = 0;

  constructor(world: World, agent: ChatAgent, model: ModelServer, place: Place) {
    this.world = world;
    this.agent = agent;
    this.model = model;
    this.place = place;
    this.env = {
      HOME: place.home,
      USER: "dev",
      SHELL: "/bin/bash",
      LANG: "C.UTF-8",
      TERM: "xterm-256color",
      TMPDIR: `${place.home}/tmp`,
      PATH: [...agent.path(world.installation), "/usr/local/bin", "/usr/bin", "/bin"].join(":"),
      ...agent.environment,
    };
  }

  get program(): string {
    return `${this.place.home}/.arize/harness/bin/harness-tracing`;
  }

  /** Starts a headless turn. */
  begin(prompt: string, options: TurnOptions = {}): Running {
    if (options.counts !== false) {
      this.turns += 1;
      if (options.fails === true) this.failedTurns += 1;
    }
    this.#started += 1;
    const name = `${this.agent.name}-${this.#started}`;
    this.world.log(`${name}: ${prompt}`);
    const command = this.agent.command(this.world.installation, prompt, options.continues === true);
    const began = performance.now();
    const child = Bun.spawn([...command], {
      cwd: this.place.project,
      env: { ...this.env, ...options.env },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      timeout: TURN_TIMEOUT_MS,
    });
    const ended = (async () => {
      const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
      const ms = performance.now() - began;
      writeFileSync(`${this.world.out}/${name}.log`, `${stdout}\n--- stderr\n${stderr}\n--- exit ${code}\n`);
      this.world.log(`${name}: exit ${code} after ${ms.toFixed(0)} ms`);
      return { code, stdout, stderr, ms };
    })();
    return { ended, signal: (signal) => child.kill(signal) };
  }

  /** A whole headless turn. */
  async ask(prompt: string, options: TurnOptions = {}): Promise<TurnResult> {
    return await this.begin(prompt, options).ended;
  }

  /** Runs the installed tracer. @returns exit code and output */
  async tracer(...args: string[]): Promise<{ code: number; output: string }> {
    const child = Bun.spawn([this.program, ...args], {
      cwd: this.place.home,
      env: { HOME: this.place.home, PATH: this.env.PATH ?? "" },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      timeout: PROGRAM_TIMEOUT_MS,
    });
    const [out, error, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
    appendFileSync(`${this.world.out}/tracer.log`, `$ harness-tracing ${args.join(" ")}\n${out}${error}exit ${code}\n`);
    return { code, output: out + error };
  }

  /** A whole turn with tracing switched off. */
  async askUntraced(prompt: string, options: TurnOptions = {}): Promise<TurnResult> {
    const before = this.model.calls.length;
    const env = { ...options.env, ARIZE_TRACE_ENABLED: "false" };
    const result = await this.ask(prompt, { ...options, env, counts: false });
    for (let index = before; index < this.model.calls.length; index++) this.untraced.add(index);
    return result;
  }

  /** Waits until the model server has seen something. */
  async seen(what: string, look: () => boolean): Promise<void> {
    await until(what, TURN_TIMEOUT_MS, look);
  }
}
