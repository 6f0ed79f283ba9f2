/**
 * What a drain costs per turn of a long Claude Code session, at its start and at its end: `bun test/bench/session-growth.ts
 * [turns]`. Turns are recorded ones (`test/recorded`), with ids and times of their own; every 50th has a subagent. The drain
 * is the real one, over a real home, on a clock that sleeps for free; CPU time is measured after a warm-up in another home,
 * so that the compiler's work does not hide growth.
 */

import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { DrainDeps } from "../../src/drain/deps.ts";
import { drain } from "../../src/drain/drain.ts";
import { drainDeps } from "../../src/drain/main.ts";
import { appendLine } from "../../src/hook/append.ts";
import { segmentFileOf } from "../../src/journal/names.ts";
import { pathsIn } from "../../src/paths.ts";
import { openReader } from "../../src/store/open.ts";
import type { SessionSummary } from "../../src/store/types.ts";

const RECORDED = join(import.meta.dir, "../recorded/claude");

/** Most turns: a model call, a shell command, an answer. */
const PLAIN = "bash";

/** A turn with a subagent in the foreground, which has a transcript of its own. */
const WITH_SUBAGENT = "subfg";

/** Every so many turns one has a subagent. */
const SUBAGENT_EVERY = 50;

/** From one prompt to the next, ms. */
const TURN_MS = 30_000;

/** Turns measured one by one at each end. */
const WINDOW = 200;

/** Turns per drain between the two windows. */
const BULK = 100;

const SESSION = "5e551011-0000-4000-8000-000000000000";
const START = Date.parse("2026-03-01T09:00:00Z");

/** Hook events that only the ends of a session have. */
const SESSION_EVENTS = new Set(["SessionStart", "SessionEnd"]);

/** CPU time per turn in ms: medians of the first and the last turns. */
export interface Growth {
  readonly turns: number;
  readonly startMs: number;
  readonly endMs: number;
  /** `endMs / startMs` */
  readonly ratio: number;
  /** Summary of the session as it was stored: shows that the work was done. */
  readonly summary: SessionSummary | undefined;
}

interface Hook {
  readonly event: string;
  readonly ts: number;
  readonly stdin: Readonly<Record<string, unknown>>;
}

/** A recorded turn. */
interface Template {
  readonly session: string;
  /** Epoch ms of the first hook. */
  readonly start: number;
  readonly hooks: readonly Hook[];
  readonly transcript: string;
  /** Subagents' files by name. */
  readonly agents: readonly { readonly file: string; readonly text: string }[];
}

function templateOf(scenario: string): Template {
  const project = join(RECORDED, scenario, "projects/-home-dev-proj");
  const [main = ""] = readdirSync(project).filter((name) => name.endsWith(".jsonl"));
  const session = main.replace(".jsonl", "");
  const folder = join(project, session, "subagents");
  const hooks = readFileSync(join(RECORDED, scenario, "hooks.jsonl"), "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Hook);
  return {
    session,
    start: hooks[0]?.ts ?? 0,
    hooks,
    transcript: readFileSync(join(project, main), "utf8"),
    agents: existsSync(folder)
      ? readdirSync(folder).map((file) => ({ file, text: readFileSync(join(folder, file), "utf8") }))
      : [],
  };
}

/** The same text with ids and times of turn `n`. */
function ownText(text: string, template: Template, home: string, n: number, shift: number): string {
  const digits = n.toString(16).padStart(12, "0");
  return text
    .replaceAll(template.session, SESSION)
    .replaceAll("/home/dev/", `${home}/`)
    .replaceAll(/\b([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4})-[0-9a-f]{12}\b/g, (id, head: string) =>
      id === SESSION ? id : `${head}-${digits}`,
    )
    .replaceAll(/\b(msg|toolu|req)_([a-z]+)_/g, `$1_$2${n}_`)
    .replaceAll(/\ba[0-9a-f]{16}\b/g, (id) => `${id.slice(0, 9)}${digits.slice(-8)}`)
    .replaceAll(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\b/g, (time) =>
      new Date(Date.parse(time) + shift).toISOString(),
    );
}

/** A home in which a session is played turn by turn. */
class Player {
  readonly home = mkdtempSync(join(tmpdir(), "tracing-growth-"));
  readonly #paths = pathsIn(this.home);
  readonly #plain = templateOf(PLAIN);
  readonly #withSubagent = templateOf(WITH_SUBAGENT);
  readonly #transcript = `${this.home}/.claude/projects/-home-dev-proj/${SESSION}.jsonl`;
  readonly #deps: DrainDeps;
  #clock = START;
  #turn = 0;

  constructor() {
    mkdirSync(dirname(this.#transcript), { recursive: true });
    this.#deps = {
      ...drainDeps(this.#paths, {}),
      now: () => this.#clock,
      sleep: async (ms) => {
        this.#clock += ms;
      },
    };
  }

  /** Plays turns, then drains once. @returns CPU time of the drain in ms */
  async play(turns: number): Promise<number> {
    for (let n = 0; n < turns; n++) this.#playTurn();
    const before = process.cpuUsage();
    if ((await drain(this.#deps)) !== "done") throw new Error("the drain did not do its work");
    const used = process.cpuUsage(before);
    return (used.user + used.system) / 1000;
  }

  summary(): SessionSummary | undefined {
    const opened = openReader(this.#paths.store);
    if (!opened.ok) throw new Error(opened.error.problem);
    const [summary] = opened.store.listSessions({});
    opened.store.close();
    return summary;
  }

  remove(): void {
    rmSync(this.home, { recursive: true, force: true });
  }

  #playTurn(): void {
    const n = this.#turn++;
    const template = n % SUBAGENT_EVERY === SUBAGENT_EVERY - 1 ? this.#withSubagent : this.#plain;
    const at = Math.max(START + n * TURN_MS, this.#clock);
    const own = (text: string) => ownText(text, template, this.home, n, at - template.start);
    appendFileSync(this.#transcript, own(template.transcript));
    const folder = `${this.#transcript.replace(".jsonl", "")}/subagents`;
    for (const { file, text } of template.agents) {
      mkdirSync(folder, { recursive: true });
      appendFileSync(`${folder}/${own(file)}`, own(text));
    }
    for (const { event, ts, stdin } of template.hooks) {
      if (SESSION_EVENTS.has(event) && !(n === 0 && event === "SessionStart")) continue;
      const payload = JSON.parse(own(JSON.stringify(stdin))) as Record<string, unknown>;
      this.#clock = ts + at - template.start;
      const line = { v: 1, ts: this.#clock, agent: "claude-code", event, session: SESSION, env: {}, payload };
      const file = segmentFileOf(SESSION, this.#clock);
      const failure = appendLine(`${this.#paths.journal}/claude-code`, file, JSON.stringify(line));
      if (failure !== undefined) throw new Error(failure);
    }
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

async function window(player: Player): Promise<number> {
  const costs: number[] = [];
  for (let n = 0; n < WINDOW; n++) costs.push(await player.play(1));
  return median(costs);
}

/** Plays a session of so many turns through the drain. @param turns at least two windows */
export async function sessionGrowth(turns = 10_000): Promise<Growth> {
  const warmUp = new Player();
  const player = new Player();
  try {
    await window(warmUp);
    const startMs = await window(player);
    for (let left = turns - 2 * WINDOW; left > 0; left -= BULK) await player.play(Math.min(BULK, left));
    const endMs = await window(player);
    return { turns, startMs, endMs, ratio: endMs / startMs, summary: player.summary() };
  } finally {
    warmUp.remove();
    player.remove();
  }
}

if (import.meta.main) {
  const growth = await sessionGrowth(Number(process.argv[2] ?? 10_000));
  const { turns, startMs, endMs, ratio, summary } = growth;
  console.log(`${turns} turns: ${startMs.toFixed(2)} ms CPU per turn at the start, ${endMs.toFixed(2)} ms at the end`);
  console.log(`ratio ${ratio.toFixed(2)} (at most 1.5)`);
  console.log(JSON.stringify(summary));
}
