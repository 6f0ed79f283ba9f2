/** Frame of every Codex scenario: home, tracing installed, the drive, the flush, the truth, the evidence, the removal. */

import { cpSync, existsSync } from "node:fs";
import { installTracing } from "../program.ts";
import type { RunResult, Scenario, SpanCheck, World } from "../scenario.ts";
import { until } from "../wait.ts";
import { type HomeChoices, makeHome } from "./home.ts";
import { startModelServer } from "./model-server.ts";
import type { Script } from "./script.ts";
import { CodexSession } from "./session.ts";

const FLUSH_SECONDS = "20";
/** Nothing arrived for this long: nothing more will. */
const QUIET_MS = 700;
const QUIET_TIMEOUT_MS = 20_000;

export interface CodexScenario extends HomeChoices {
  readonly name: string;
  readonly about: string;
  readonly quick?: true;
  readonly script: Script;
  /** More arguments of `install.sh`. */
  readonly installFlags?: readonly string[];
  /** Default: one headless turn. */
  readonly drive?: (session: CodexSession) => Promise<void>;
  /** False: the scenario harms the tracer, which can then neither flush nor be removed. */
  readonly flush?: false;
  /** What must be true of the spans besides what the scorer compares. */
  readonly check?: SpanCheck;
}

async function quiet(world: World): Promise<void> {
  let count = -1;
  let since = performance.now();
  await until("the spans to stop arriving", QUIET_TIMEOUT_MS, () => {
    if (world.receiver.requests.length !== count) {
      count = world.receiver.requests.length;
      since = performance.now();
    }
    return performance.now() - since > QUIET_MS;
  });
}

/** Keeps what explains a bad result: rollouts, settings, the tracer's journal, store and logs; never its program. */
function keepEvidence({ place, world }: CodexSession): void {
  for (const [from, to] of [
    [`${place.config}/sessions`, "sessions"],
    [`${place.config}/config.toml`, "config.toml"],
    [`${place.config}/hooks.json`, "hooks.json"],
    [`${place.home}/.arize/harness/state`, "tracer/state"],
    [`${place.home}/.arize/harness/logs`, "tracer/logs"],
  ] as const) {
    if (existsSync(from)) cpSync(from, `${world.out}/${to}`, { recursive: true });
  }
}

async function run(definition: CodexScenario, world: World): Promise<RunResult> {
  const model = startModelServer(definition.script, world.log);
  const place = makeHome(world.scratch, model.url, definition);
  const session = new CodexSession(world, model, place);
  const before = { config: session.config("config.toml"), hooks: session.config("hooks.json") };
  try {
    const env = { HOME: place.home, PATH: session.env.PATH ?? "", LANG: "C.UTF-8" };
    const choices = { endpoint: world.receiver.endpoint, flags: definition.installFlags ?? [] };
    world.log(await installTracing(world.repository, "codex", env, choices));
    if (definition.drive === undefined) await session.ask(`Play ${definition.name}.`);
    else await definition.drive(session);
    if (definition.flush !== false) {
      const { code, output } = await session.tracer("flush", "--wait", FLUSH_SECONDS);
      if (code !== 0) session.complaints.push(`flush failed with ${code}: ${output.trim()}`);
    }
    await quiet(world);
    session.complaints.push(...(definition.check?.(world.receiver.spans) ?? []));
    for (const { error, status } of world.receiver.requests) {
      if (error !== undefined && status === 400) session.complaints.push(`bad export: ${error}`);
    }
    keepEvidence(session);
    if (definition.flush !== false) {
      await session.tracer("uninstall", "--yes");
      if (session.config("config.toml") !== before.config)
        session.complaints.push("uninstall left another config.toml");
      if (session.config("hooks.json") !== before.hooks) session.complaints.push("uninstall left hooks.json");
    }
    return {
      truth: {
        agent: "codex",
        scenario: definition.name,
        turns: session.turns,
        failedTurns: session.failedTurns,
        sessions: session.sessions,
        calls: session.trueCalls(),
        toolResults: model.toolResults,
        traceless: session.traceless,
        unknowable: [],
      },
      complaints: session.complaints,
    };
  } finally {
    await model.stop();
  }
}

export function codexScenario(definition: CodexScenario): Scenario {
  return {
    name: definition.name,
    about: definition.about,
    ...(definition.quick && { quick: true }),
    run: (world) => run(definition, world),
  };
}
