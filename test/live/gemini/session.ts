/** One run of Gemini CLI: starts turns, sends signals, calls the tracer, counts what must have become traces. */

import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import type { World } from "../scenario.ts";
import type { TrueCall } from "../truth.ts";
import { until } from "../wait.ts";
import { agentEnvironment, type GeminiHome } from "./home.ts";
import type { LoggedCall, ModelServer } from "./model-server.ts";

const TURN_TIMEOUT_MS = 120_000;
const PROGRAM_TIMEOUT_MS = 60_000;

/** The router would choose another model for each prompt. */
const ARGUMENTS = ["--approval-mode", "yolo", "-m", "gemini-2.5-pro"];

export interface TurnOptions {
  /** Arguments of `gemini` instead of the usual ones. */
  readonly args?: readonly string[];
  /** The session goes on. */
  readonly resume?: true;
  readonly env?: Readonly<Record<string, string>>;
  /** The turn cannot end well: its root must say so. */
  readonly fails?: true;
}

/** A turn that runs. */
export interface Running {
  /** Resolves with the exit code, or 128 + signal. */
  readonly exited: Promise<number>;
  /** Like a `kill` on the agent alone. */
  readonly signal: (name: NodeJS.Signals) => void;
}

export class GeminiSession {
  readonly world: World;
  readonly model: ModelServer;
  readonly place: GeminiHome;
  readonly env: Record<string, string>;
  /** Indices of calls whose client was killed outright. */
  readonly killed = new Set<number>();
  /** Reasons of the scenario's own why the run is not exact. */
  readonly complaints: string[] = [];
  turns = 0;
  failedTurns = 0;
  sessions = 1;
  traceless = false;

  constructor(world: World, model: ModelServer, place: GeminiHome) {
    this.world = world;
    this.model = model;
    this.place = place;
    this.env = agentEnvironment(place.home, world.installation.node ?? "", model.url);
    mkdirSync(`${place.home}/tmp`, { recursive: true, mode: 0o700 });
  }

  /** The command that starts Gemini CLI. */
  get command(): readonly string[] {
    return [this.world.installation.node ?? "", this.world.installation.gemini ?? ""];
  }

  get program(): string {
    return `${this.place.home}/.arize/harness/bin/harness-tracing`;
  }

  get settings(): string {
    return `${this.place.config}/settings.json`;
  }

  /** Starts a headless turn. */
  begin(prompt: string, options: TurnOptions = {}): Running {
    this.turns += 1;
    if (options.fails) this.failedTurns += 1;
    this.world.log(`turn ${this.turns}: ${prompt}`);
    const file = Bun.file(`${this.world.out}/gemini-${this.turns}.log`).writer();
    const resumed = options.resume ? ["--resume", "latest"] : [];
    const child = Bun.spawn([...this.command, ...(options.args ?? ARGUMENTS), ...resumed, "-p", prompt], {
      cwd: this.place.project,
      // The child that it would start itself again in could not be told from it.
      env: { ...this.env, GEMINI_CLI_NO_RELAUNCH: "true", ...options.env },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
      timeout: TURN_TIMEOUT_MS,
    });
    const drain = async (stream: ReadableStream<Uint8Array>) => {
      for await (const chunk of stream) file.write(chunk);
    };
    const drained = Promise.all([drain(child.stdout), drain(child.stderr)]).catch(() => undefined);
    const exited = child.exited.then(async (code) => {
      await Promise.race([drained, Bun.sleep(1000)]);
      await file.flush();
      this.world.log(`turn ended with ${code}`);
      return code;
    });
    const signal = (name: NodeJS.Signals) => {
      const open = this.model.calls.filter((call) => call.outcome === "unfinished");
      if (name === "SIGKILL") for (const call of open) this.killed.add(call.index);
      child.kill(name);
    };
    return { exited, signal };
  }

  /** A whole headless turn. @returns the exit code */
  async ask(prompt: string, options: TurnOptions = {}): Promise<number> {
    return await this.begin(prompt, options).exited;
  }

  /** What a turn showed to the user. */
  shown(turn: number): string {
    return readFileSync(`${this.world.out}/gemini-${turn}.log`, "utf8");
  }

  /** What the server saw, without what no source of this agent tells (see the README of `test/live`). */
  trueCalls(): readonly TrueCall[] {
    const { calls, toolResults } = this.model;
    const answered = new Set(toolResults.map(({ id }) => id));
    return calls.map((call, at) => ({
      ...call,
      // All results of an answer are written down together.
      toolCalls: call.toolCalls.map((tool) => (answered.has(tool.id) ? tool : { ...tool, unnamed: true })),
      ...(this.killed.has(call.index) && { endUnknowable: true }),
      ...(this.#isRetried(calls.slice(0, at), call) && { startUnknowable: true }),
    }));
  }

  /** Attempts before this one failed; the thread's request began with the first of them. */
  #isRetried(before: readonly LoggedCall[], { thread }: LoggedCall): boolean {
    const last = before.findLast((call) => call.thread === thread && call.role !== "utility");
    return last?.outcome === "stream_error" || (last?.outcome === "http_error" && last.status !== 400);
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
    const [out, error] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    const code = await child.exited;
    appendFileSync(`${this.world.out}/tracer.log`, `$ harness-tracing ${args.join(" ")}\n${out}${error}exit ${code}\n`);
    return { code, output: out + error };
  }

  /** Waits until the model server has seen something. */
  async seen(what: string, look: () => boolean): Promise<void> {
    await until(what, TURN_TIMEOUT_MS, look);
  }

  /** Waits until a file of the project exists: how a scripted command says that it runs. */
  async file(name: string): Promise<void> {
    await until(`the file ${name}`, TURN_TIMEOUT_MS, () => existsSync(`${this.place.project}/${name}`));
  }
}
