/** One run of Codex: starts turns, sends signals, calls the tracer, counts what must have become traces. */

import { appendFileSync, existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import type { World } from "../scenario.ts";
import type { TrueCall } from "../truth.ts";
import { until } from "../wait.ts";
import { agentEnvironment, type CodexHome } from "./home.ts";
import type { ModelServer } from "./model-server.ts";

const TURN_TIMEOUT_MS = 90_000;
const PROGRAM_TIMEOUT_MS = 60_000;

/** Hooks run without their user's approval: what most scenarios are about is not the approval. */
const BYPASS = "--dangerously-bypass-hook-trust";

export interface TurnOptions {
  /** Arguments of `codex exec` instead of the prompt. */
  readonly args?: readonly string[];
  /** More arguments before the prompt. */
  readonly flags?: readonly string[];
  /** The session goes on. */
  readonly resume?: true;
  /** Only hooks that the user trusts run. */
  readonly asTrusted?: true;
  readonly env?: Readonly<Record<string, string>>;
  /** The turn cannot end well: its root must say so. */
  readonly fails?: true;
  /** False for a call that starts no turn that is traced. */
  readonly counts?: false;
}

/** What a turn left. */
export interface TurnResult {
  readonly code: number;
  readonly stdout: string;
  readonly ms: number;
}

/** A turn that runs. */
export interface Running {
  readonly ended: Promise<TurnResult>;
  /** Like a `kill` on the agent alone. */
  readonly signal: (name: NodeJS.Signals) => void;
}

export class CodexSession {
  readonly world: World;
  readonly model: ModelServer;
  readonly place: CodexHome;
  readonly env: Record<string, string>;
  /** Reasons of the scenario's own why the run is not exact. */
  readonly complaints: string[] = [];
  turns = 0;
  failedTurns = 0;
  sessions = 1;
  traceless = false;
  /** Calls of the model before this one were not to be traced. */
  since = 0;
  /** Calls of the model from this one on were not to be traced. */
  until = Number.POSITIVE_INFINITY;

  constructor(world: World, model: ModelServer, place: CodexHome) {
    this.world = world;
    this.model = model;
    this.place = place;
    this.env = agentEnvironment(place.home);
    mkdirSync(`${place.home}/.local/bin`, { recursive: true });
    symlinkSync(world.installation.codex ?? "", `${place.home}/.local/bin/codex`);
  }

  get program(): string {
    return `${this.place.home}/.arize/harness/bin/harness-tracing`;
  }

  /** Starts a headless turn. */
  begin(prompt: string, options: TurnOptions = {}): Running {
    if (options.counts !== false) this.turns += 1;
    if (options.fails) this.failedTurns += 1;
    this.world.log(`turn: ${prompt}`);
    const trust = options.asTrusted ? [] : [BYPASS];
    const last = options.args ?? [...(options.resume ? ["resume", "--last"] : []), prompt];
    const started = performance.now();
    const child = Bun.spawn(
      [
        this.world.installation.codex ?? "",
        "exec",
        "--json",
        "--skip-git-repo-check",
        ...trust,
        ...(options.flags ?? []),
        ...last,
      ],
      {
        cwd: this.place.project,
        env: { ...this.env, ...options.env },
        stdin: "ignore",
        stdout: "pipe",
        stderr: Bun.file(`${this.world.out}/stderr.log`),
        timeout: TURN_TIMEOUT_MS,
      },
    );
    const ended = (async () => {
      const [stdout, code] = await Promise.all([new Response(child.stdout).text(), child.exited]);
      appendFileSync(`${this.world.out}/stdout.log`, stdout);
      this.world.log(`turn ended with ${code}`);
      return { code, stdout, ms: performance.now() - started };
    })();
    return { ended, signal: (name) => child.kill(name) };
  }

  /** A whole headless turn. */
  async ask(prompt: string, options: TurnOptions = {}): Promise<TurnResult> {
    return await this.begin(prompt, options).ended;
  }

  trueCalls(): readonly TrueCall[] {
    return this.model.calls.slice(this.since, this.until);
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

  /** A file of Codex's own folder. */
  config(name: string): string | undefined {
    const path = `${this.place.config}/${name}`;
    return existsSync(path) ? readFileSync(path, "utf8") : undefined;
  }
}
