/** Frame of every Claude scenario: home, tracing installed, the drive, the flush, the truth, the evidence. */

import { cpSync, existsSync, mkdirSync, symlinkSync } from "node:fs";
import { installTracing } from "../program.ts";
import type { RunResult, Scenario, SpanCheck, World } from "../scenario.ts";
import { until } from "../wait.ts";
import { makeHome } from "./home.ts";
import { startModelServer } from "./model-server.ts";
import { notificationTurns } from "./notifications.ts";
import type { Script } from "./script.ts";
import { ClaudeSession } from "./session.ts";

const FLUSH_SECONDS = "20";
/** Nothing arrived for this long: nothing more will. */
const QUIET_MS = 700;
const QUIET_TIMEOUT_MS = 20_000;

export interface ClaudeScenario {
  readonly name: string;
  readonly about: string;
  readonly quick?: boolean;
  /** With the project's folder, for tool inputs that name files. */
  readonly script: Script | ((project: string) => Script);
  /** Default: one headless turn. */
  readonly drive?: (session: ClaudeSession) => Promise<void>;
  /** Default true: `flush --wait` at the end, and it must succeed. */
  readonly flush?: boolean;
  /** What must be true of the spans besides what the scorer compares. */
  readonly check?: SpanCheck;
  /** More arguments of `install.sh`. */
  readonly installFlags?: readonly string[];
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

/** Keeps what explains a bad result: transcripts, settings, the tracer's journal, store and logs; never its program. */
function keepEvidence(session: ClaudeSession): void {
  const { home } = session.place;
  const { out } = session.world;
  for (const [from, to] of [
    [`${home}/.claude/projects`, "projects"],
    [`${home}/other/projects`, "projects"],
    [`${home}/.claude/settings.json`, "settings.json"],
    [`${home}/.arize/harness/state`, "tracer/state"],
    [`${home}/.arize/harness/logs`, "tracer/logs"],
    [`${home}/.arize/harness/config.json`, "tracer/config.json"],
  ] as const) {
    if (existsSync(from)) cpSync(from, `${out}/${to}`, { recursive: true });
  }
}

/** Puts the agent where its own installer would, so that tracing's installer finds it. */
function placeAgent(session: ClaudeSession): string {
  const folder = `${session.place.home}/.local/bin`;
  mkdirSync(folder, { recursive: true });
  symlinkSync(session.claude, `${folder}/claude`);
  return `${folder}:${session.env.PATH ?? ""}`;
}

async function run(definition: ClaudeScenario, world: World): Promise<RunResult> {
  const place = makeHome(world.scratch);
  const script = typeof definition.script === "function" ? definition.script(place.project) : definition.script;
  const model = startModelServer(script, world.log);
  const session = new ClaudeSession(world, model, place);
  try {
    const installed = await installTracing(
      world.repository,
      "claude",
      { HOME: place.home, PATH: placeAgent(session), LANG: "C.UTF-8" },
      { endpoint: world.receiver.endpoint, flags: definition.installFlags ?? [] },
    );
    world.log(installed);
    if (world.receiver.spans.length > 0) session.complaints.push("installing left spans at the endpoint");
    if (definition.drive === undefined) await session.ask(`Play ${definition.name}.`);
    else await definition.drive(session);
    if (definition.flush !== false) {
      const { code, output } = await session.tracer("flush", "--wait", FLUSH_SECONDS);
      if (code !== 0) session.complaints.push(`flush failed with ${code}: ${output.trim()}`);
    }
    await quiet(world);
    session.complaints.push(...(definition.check?.(world.receiver.spans) ?? []));
    for (const request of world.receiver.requests) {
      if (request.error !== undefined && request.status === 400)
        session.complaints.push(`bad export: ${request.error}`);
    }
    const folders = [`${place.config}/projects`, `${place.home}/other/projects`].filter((folder) => existsSync(folder));
    return {
      truth: {
        agent: "claude",
        scenario: definition.name,
        turns: session.turns + folders.reduce((sum, folder) => sum + notificationTurns(folder), 0),
        failedTurns: session.failedTurns,
        sessions: session.sessions,
        calls: session.trueCalls(),
        toolResults: model.toolResults,
        traceless: session.traceless,
        // The model call of a compaction is in no hook and no transcript record.
        unknowable: ["compaction"],
      },
      complaints: session.complaints,
    };
  } finally {
    keepEvidence(session);
    await model.stop();
  }
}

export function claudeScenario(definition: ClaudeScenario): Scenario {
  return {
    name: definition.name,
    about: definition.about,
    ...(definition.quick === true ? { quick: true } : {}),
    run: (world) => run(definition, world),
  };
}
