/** An agent's terminal UI, driven through tmux as a person would: type, look, answer. */

import { writeFileSync } from "node:fs";
import type { World } from "./scenario.ts";
import { until } from "./wait.ts";

const SCREEN_TIMEOUT_MS = 60_000;
/** A terminal program that got a whole line at once takes the Enter for a pasted line break. */
const TYPING_PAUSE_MS = 400;
const READING_MS = 1500;

/** What a terminal needs of the run that it belongs to; it counts the turns. */
export interface TerminalUser {
  readonly world: World;
  readonly place: { readonly project: string };
  readonly env: Readonly<Record<string, string>>;
  turns: number;
  failedTurns: number;
}

/** The program that is driven. */
export interface TerminalProgram {
  readonly command: readonly string[];
  /** On the screen when it takes input. */
  readonly ready: RegExp;
}

export class Terminal {
  readonly #session: TerminalUser;
  readonly #program: TerminalProgram;
  readonly #socket: string;
  #shots = 0;

  constructor(session: TerminalUser, name: string, program: TerminalProgram) {
    this.#session = session;
    this.#program = program;
    this.#socket = `${session.world.scratch}/${name}.tmux`;
  }

  #tmux(...args: string[]): string {
    const run = Bun.spawnSync(["tmux", "-S", this.#socket, "-f", "/dev/null", ...args], {
      cwd: this.#session.place.project,
      env: { ...this.#session.env },
      stdin: "ignore",
    });
    return run.stdout.toString();
  }

  /** Starts the UI and waits until it takes input. @throws when tmux is missing */
  async open(args: readonly string[] = []): Promise<void> {
    if (Bun.which("tmux") === null) throw new Error("the program `tmux` is missing (Debian: tmux)");
    this.#tmux("new-session", "-d", "-x", "140", "-y", "50", "--", ...this.#program.command, ...args);
    await this.sees(this.#program.ready);
    // The input line is drawn before it listens.
    await Bun.sleep(1500);
  }

  /** What is on the screen; kept as `screen-<n>.txt`. */
  screen(): string {
    const text = this.#tmux("capture-pane", "-p", "-t", "0");
    this.#shots += 1;
    writeFileSync(`${this.#session.world.out}/screen-${String(this.#shots).padStart(3, "0")}.txt`, text);
    return text;
  }

  /** Waits for text on the screen. */
  async sees(what: RegExp): Promise<void> {
    const look = () => what.test(this.#tmux("capture-pane", "-p", "-t", "0"));
    await until(`${what} on the screen`, SCREEN_TIMEOUT_MS, look).finally(() => this.screen());
  }

  /** Waits for a dialog, as long as a person needs to read it: answers that come at once are not taken. */
  async dialog(what: RegExp): Promise<void> {
    await this.sees(what);
    await Bun.sleep(READING_MS);
  }

  /** Types a line and sends it. */
  async line(text: string): Promise<void> {
    this.#session.world.log(`types: ${text}`);
    this.#tmux("send-keys", "-t", "0", "-l", text);
    await Bun.sleep(TYPING_PAUSE_MS);
    this.#tmux("send-keys", "-t", "0", "Enter");
  }

  /** Types a prompt that becomes a turn. */
  async prompt(text: string, options: { readonly fails?: boolean } = {}): Promise<void> {
    this.#session.turns += 1;
    if (options.fails === true) this.#session.failedTurns += 1;
    await this.line(text);
  }

  /** Presses keys by tmux's names (`Escape`, `Enter`, `BTab`, `C-c`). */
  async keys(...names: string[]): Promise<void> {
    this.#session.world.log(`presses: ${names.join(" ")}`);
    for (const name of names) {
      this.#tmux("send-keys", "-t", "0", name);
      await Bun.sleep(TYPING_PAUSE_MS);
    }
  }

  /** Waits until the UI has ended by itself. */
  async ended(): Promise<void> {
    await until("the terminal UI to end", SCREEN_TIMEOUT_MS, () => this.#tmux("list-sessions") === "");
  }

  /** Closes the terminal under the agent, if it still runs. */
  close(): void {
    this.#tmux("kill-server");
  }
}
