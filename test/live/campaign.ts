/** Runs scenarios of one agent, a few at a time, each in its own namespace, and scores what they left. */

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, loadavg } from "node:os";
import { isolated } from "./namespace.ts";
import type { Installation, LiveAgent, RunResult, Scenario } from "./scenario.ts";
import { type Score, score } from "./score.ts";
import type { SeenSpan } from "./seen-span.ts";

const SCENARIO_TIMEOUT_MS = 300_000;

/** A scored run, or the reason why it could not be scored. */
export interface Outcome {
  readonly scenario: string;
  readonly seconds: number;
  readonly out: string;
  /** Runnable processes per core in the minute of the run: far above 1 the agent's own clock readings come late. */
  readonly load: number;
  readonly score?: Score;
  /** Empty when the run is exact. */
  readonly reasons: readonly string[];
}

function readSpans(path: string): readonly SeenSpan[] {
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as SeenSpan);
}

async function runOne(agent: LiveAgent, scenario: Scenario, installation: Installation, out: string): Promise<Outcome> {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const started = performance.now();
  const inside = new URL("inside.ts", import.meta.url).pathname;
  const command = [process.execPath, inside, agent.name, scenario.name, out, JSON.stringify(installation)];
  const child = Bun.spawn(isolated(command), {
    stdin: "ignore",
    stdout: Bun.file(`${out}/console.log`),
    stderr: Bun.file(`${out}/errors.log`),
    timeout: SCENARIO_TIMEOUT_MS,
    killSignal: "SIGKILL",
  });
  const code = await child.exited;
  const seconds = (performance.now() - started) / 1000;
  const load = (loadavg()[0] ?? 0) / availableParallelism();
  const base = { scenario: scenario.name, seconds, out, load };
  if (!existsSync(`${out}/result.json`)) {
    const words = readFileSync(`${out}/errors.log`, "utf8").trim();
    return { ...base, reasons: [`the run ended with ${code} and no result${words === "" ? "" : `: ${words}`}`] };
  }
  const result = JSON.parse(readFileSync(`${out}/result.json`, "utf8")) as RunResult | { readonly error: string };
  if ("error" in result) return { ...base, reasons: [result.error] };
  const scored = score(result.truth, readSpans(`${out}/spans.jsonl`));
  writeFileSync(`${out}/score.json`, JSON.stringify(scored, null, 1));
  return { ...base, score: scored, reasons: [...scored.reasons, ...result.complaints] };
}

/** @param finished called as each scenario ends */
export async function runCampaign(
  agent: LiveAgent,
  scenarios: readonly Scenario[],
  installation: Installation,
  folder: string,
  jobs: number,
  finished: (outcome: Outcome) => void,
): Promise<readonly Outcome[]> {
  const waiting = [...scenarios];
  const outcomes: Outcome[] = [];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const outcome = await runOne(agent, next, installation, `${folder}/${next.name}`);
      outcomes.push(outcome);
      finished(outcome);
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  return scenarios.flatMap(({ name }) => outcomes.filter((outcome) => outcome.scenario === name));
}
