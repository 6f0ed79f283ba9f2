/** Frame of every scenario: home, tracing installed, the drive, the flush, the truth, the evidence. */

import { cpSync, existsSync } from "node:fs";
import { installTracing } from "../program.ts";
import type { RunResult, Scenario, SpanCheck, World } from "../scenario.ts";
import { until } from "../wait.ts";
import type { ChatAgent, Place } from "./chat-agent.ts";
import { startModelServer } from "./model-server.ts";
import type { Script } from "./script.ts";
import { makePlace, Session } from "./session.ts";

const FLUSH_SECONDS = "20";
/** Nothing arrived for this long: nothing more will. */
const QUIET_MS = 700;
const QUIET_TIMEOUT_MS = 20_000;

export interface ChatScenario {
  readonly name: string;
  readonly about: string;
  readonly quick?: boolean;
  readonly script: (agent: ChatAgent, place: Place) => Script;
  /** Default: one headless turn. */
  readonly drive?: (session: Session) => Promise<void>;
  /** Default true: `flush --wait` at the end, and it must succeed. */
  readonly flush?: boolean;
  /** Default true: tracing is installed before. */
  readonly install?: boolean;
  readonly check?: SpanCheck;
  /** Which agents it is for; absent for all. */
  readonly fits?: (agent: ChatAgent) => boolean;
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

function keepEvidence({ agent, place: { home }, world: { out } }: Session): void {
  const tracer = ["state", "logs", "config.json"].map((name) => `.arize/harness/${name}`);
  for (const path of [...agent.evidence, agent.plugin, ...tracer]) {
    if (existsSync(`${home}/${path}`)) cpSync(`${home}/${path}`, `${out}/home/${path}`, { recursive: true });
  }
}

/** Installs tracing as a user would. */
export async function installInto(session: Session): Promise<void> {
  const { home } = session.place;
  const env = { HOME: home, PATH: session.env.PATH ?? "", LANG: "C.UTF-8" };
  const { repository, receiver } = session.world;
  session.world.log(await installTracing(repository, session.agent.name, env, { endpoint: receiver.endpoint }));
}

async function run(definition: ChatScenario, agent: ChatAgent, world: World): Promise<RunResult> {
  // The script needs the project's place, the place needs the server: it is filled in when the server is there.
  const place = { home: `${world.scratch}/home`, project: `${world.scratch}/home/project`, modelServer: "" };
  const model = startModelServer(definition.script(agent, place), agent.finishWords, world.log);
  const session = new Session(world, agent, model, makePlace(agent, world.scratch, model.url));
  try {
    if (definition.install !== false) await installInto(session);
    if (world.receiver.spans.length > 0) session.complaints.push("installing left spans at the endpoint");
    if (definition.drive === undefined) await session.ask(`Play ${definition.name}.`);
    else await definition.drive(session);
    if (definition.flush !== false) {
      const { code, output } = await session.tracer("flush", "--wait", FLUSH_SECONDS);
      if (code !== 0) session.complaints.push(`flush failed with ${code}: ${output.trim()}`);
    }
    await quiet(world);
    session.complaints.push(...(definition.check?.(world.receiver.spans) ?? []));
    for (const { status, error } of world.receiver.requests) {
      if (error !== undefined && status === 400) session.complaints.push(`bad export: ${error}`);
    }
    return {
      truth: {
        agent: agent.name,
        scenario: definition.name,
        turns: session.turns,
        failedTurns: session.failedTurns,
        sessions: session.sessions,
        calls: model.calls.filter(({ index }) => !session.untraced.has(index)),
        toolResults: model.toolResults,
        traceless: session.traceless,
        unknowable: ["compaction"],
      },
      complaints: session.complaints,
    };
  } finally {
    keepEvidence(session);
    await model.stop();
  }
}

/** The scenarios that fit an agent. */
export function scenariosFor(agent: ChatAgent, definitions: readonly ChatScenario[]): readonly Scenario[] {
  return definitions
    .filter(({ fits }) => fits?.(agent) ?? true)
    .map((definition) => ({
      name: definition.name,
      about: definition.about,
      ...(definition.quick === true ? { quick: true } : {}),
      run: (world) => run(definition, agent, world),
    }));
}
