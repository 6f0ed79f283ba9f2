/** One run of Claude Code: starts turns, sends signals, calls the tracer, counts what must have become traces. */

import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import type { World } from "../scenario.ts";
import type { TrueCall } from "../truth.ts";
import { until } from "../wait.ts";
import { agentEnvironment, type ClaudeHome } from "./home.ts";
import type { ModelServer } from "./model-server.ts";

const TURN_TIMEOUT_MS = 90_000;
const PROGRAM_TIMEOUT_MS = 60_000;

export interface TurnOptions {
  /** More arguments of `claude`. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** False for a call that starts no turn. */
  readonly counts?: boolean;
  /** The turn cannot end well: its root must say so. */
  readonly fails?: boolean;
}

/** A turn that runs. */
export interface Running {
  /** Resolves with the exit code, or 128 + signal. */
  readonly exited: Promise<number>;
  /** Like a `kill` on the agent alone. */
  readonly signal: (name: NodeJS.Signals) => void;
}

export class ClaudeSession {
  readonly world: World;
  readonly model: ModelServer;
  readonly place: ClaudeHome;
  readonly env: Record<string, string>;
  /** Indices of calls whose client was killed outright. */
  readonly killed = new Set<number>();
  /** Reasons of the scenario's own why the run is not exact. */
  readonly complaints: string[] = [];
  turns = 0;
  failedTurns = 0;
  sessions = 1;
  traceless = false;
  /** More environment of the tracer's commands. */
  tracerEnv: Readonly<Record<string, string>> = {};
  /** Calls of the model that came before tracing was there. */
  untraced = 0;

  constructor(world: World, model: ModelServer, place: ClaudeHome) {
    this.world = world;
    this.model = model;
    this.place = place;
    this.env = agentEnvironment(place.home, model.url);
    mkdirSync(`${place.home}/tmp`, { recursive: true, mode: 0o700 });
  }

  get claude(): string {
    return this.world.installation.claude ?? "";
  }

  get program(): string {
    return `${this.place.home}/.arize/harness/bin/harness-tracing`;
  }

  /** Starts any command as the agent's user and keeps its output in `<out>/<name>.log`. */
  start(name: string, command: readonly string[], options: TurnOptions = {}): Running {
    const log = Bun.file(`${this.world.out}/${name}.log`);
    const writer = log.writer();
    const child = Bun.spawn([...command], {
      cwd: options.cwd ?? this.place.project,
      env: { ...this.env, ...options.env },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      timeout: TURN_TIMEOUT_MS,
    });
    const drain = async (stream: ReadableStream<Uint8Array>) => {
      for await (const chunk of stream) writer.write(chunk);
    };
    // Not waited for: a background child may hold the pipes open after the agent is gone.
    void drain(child.stdout).catch(() => undefined);
    void drain(child.stderr).catch(() => undefined);
    const exited = child.exited.then(async (code) => {
      await writer.flush();
      this.world.log(`${name}: exit ${code}`);
      return code;
    });
    const strike = (signal: NodeJS.Signals) => {
      const open = this.model.calls.filter((call) => call.outcome === "unfinished");
      if (signal === "SIGKILL") for (const call of open) this.killed.add(call.index);
      child.kill(signal);
    };
    return { exited, signal: strike };
  }

  /** What the server saw, without what no source of this agent tells (see its list in `README.md`). */
  trueCalls(): readonly TrueCall[] {
    return this.model.calls.slice(this.untraced).map((call) => {
      const killed = call.outcome === "aborted" && this.killed.has(call.index);
      const refusedSubagent = call.role === "subagent" && call.outcome === "http_error";
      return killed || refusedSubagent ? { ...call, endUnknowable: true } : call;
    });
  }

  /** Starts a headless turn. */
  begin(prompt: string, options: TurnOptions = {}): Running {
    if (options.counts !== false) {
      this.turns += 1;
      if (options.fails === true) this.failedTurns += 1;
    }
    this.world.log(`turn ${this.turns}: ${prompt}`);
    const args = ["-p", prompt, "--output-format", "stream-json", "--verbose", ...(options.args ?? [])];
    return this.start(`claude-${this.turns}`, [this.claude, ...args], options);
  }

  /** A whole headless turn. */
  async ask(prompt: string, options: TurnOptions = {}): Promise<number> {
    return await this.begin(prompt, options).exited;
  }

  /** Runs the installed tracer. @returns exit code and output */
  async tracer(...args: string[]): Promise<{ code: number; output: string }> {
    const child = Bun.spawn([this.program, ...args], {
      cwd: this.place.home,
      env: { HOME: this.place.home, PATH: this.env.PATH ?? "", ...this.tracerEnv },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      timeout: PROGRAM_TIMEOUT_MS,
    });
    const [out, error] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    const code = await child.exited;
    appendFileSync(`${this.world.out}/tracer.log`, `$ harness-tracing ${args.join(" ")}\n${out}${error}exit ${code}\n`);
    return { code, output: out + error };
  }

  /** What happened so far happened without tracing: it must leave no trace. */
  forget(): void {
    this.turns = 0;
    this.failedTurns = 0;
    this.untraced = this.model.calls.length;
  }

  /** Waits until the model server has seen something. */
  async seen(what: string, look: () => boolean): Promise<void> {
    await until(what, TURN_TIMEOUT_MS, look);
  }

  /** Waits until a file of the project exists: how a scripted command says that it runs. */
  async file(name: string): Promise<void> {
    await until(`the file ${name}`, TURN_TIMEOUT_MS, () => existsSync(`${this.place.project}/${name}`));
  }

  /** Waits until a transcript holds a text: what a killed agent has not written, no source tells. */
  async recorded(text: string): Promise<void> {
    const projects = `${this.place.config}/projects`;
    await until(`${text} in a transcript`, TURN_TIMEOUT_MS, () =>
      readdirSync(projects, { recursive: true, encoding: "utf8" })
        .filter((file) => file.endsWith(".jsonl"))
        .some((file) => readFileSync(`${projects}/${file}`, "utf8").includes(text)),
    );
  }

  /** The hooks that the installer registered, as they stand in a settings file. */
  registeredHooks(): unknown {
    const settings: unknown = JSON.parse(readFileSync(`${this.place.config}/settings.json`, "utf8"));
    return (settings as { hooks?: unknown }).hooks ?? {};
  }

  /** Session id of the only transcript. */
  sessionId(): string {
    for (const folder of readdirSync(`${this.place.config}/projects`)) {
      const name = readdirSync(`${this.place.config}/projects/${folder}`).find((file) => file.endsWith(".jsonl"));
      if (name !== undefined) return name.slice(0, -".jsonl".length);
    }
    throw new Error("no transcript");
  }
}
