/** Frame of every Gemini scenario: home, tracing installed, the drive, the flush, the truth, the evidence. */

import { cpSync, existsSync, readFileSync } from "node:fs";
import { installTracing } from "../program.ts";
import type { RunResult, Scenario, SpanCheck, World } from "../scenario.ts";
import { until } from "../wait.ts";
import { makeHome } from "./home.ts";
import { startModelServer } from "./model-server.ts";
import type { Script } from "./script.ts";
import { GeminiSession } from "./session.ts";

const FLUSH_SECONDS = "20";
/** Nothing arrived for this long: nothing more will. */
const QUIET_MS = 700;
const QUIET_TIMEOUT_MS = 20_000;

export interface GeminiScenario {
  readonly name: string;
  readonly about: string;
  readonly quick?: true;
  readonly script: Script;
  /** Settings of the user beyond the usual. */
  readonly settings?: object;
  /** Default: one headless turn. */
  readonly drive?: (session: GeminiSession) => Promise<void>;
  /** Default true: `flush --wait` at the end, and it must succeed. */
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

/** Keeps what explains a bad result: transcripts, settings, the tracer's journal, store and logs; never its program. */
function keepEvidence({ place, world }: GeminiSession): void {
  for (const [from, to] of [
    [`${place.config}/tmp`, "transcripts"],
    [`${place.config}/settings.json`, "settings.json"],
    [`${place.home}/.arize/harness/state`, "tracer/state"],
    [`${place.home}/.arize/harness/logs`, "tracer/logs"],
  ] as const) {
    if (existsSync(from)) cpSync(from, `${world.out}/${to}`, { recursive: true });
  }
}

async function run(definition: GeminiScenario, world: World): Promise<RunResult> {
  const place = makeHome(world.scratch, definition.settings ?? {});
  const model = startModelServer(definition.script, world.log);
  const session = new GeminiSession(world, model, place);
  const before = readFileSync(session.settings, "utf8");
  try {
    const env = { HOME: place.home, PATH: session.env.PATH ?? "", LANG: "C.UTF-8" };
    world.log(await installTracing(world.repository, "gemini", env, { endpoint: world.receiver.endpoint }));
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
      if (readFileSync(session.settings, "utf8") !== before) session.complaints.push("uninstall left other settings");
    }
    return {
      truth: {
        agent: "gemini",
        scenario: definition.name,
        turns: session.turns,
        failedTurns: session.failedTurns,
        sessions: session.sessions,
        calls: session.trueCalls(),
        toolResults: model.toolResults,
        traceless: session.traceless,
        // Attempts that are tried again, and the calls of a compression, leave no record.
        unknowable: ["compaction", "failed_calls"],
      },
      complaints: session.complaints,
    };
  } finally {
    await model.stop();
  }
}

export function geminiScenario(definition: GeminiScenario): Scenario {
  return {
    name: definition.name,
    about: definition.about,
    ...(definition.quick && { quick: true }),
    run: (world) => run(definition, world),
  };
}
