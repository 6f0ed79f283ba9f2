/** `bun run test:live <what> [scenario…]`: tests against real programs. See `USAGE`. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { AGENTS, agentNamed } from "./agents.ts";
import { runCampaign } from "./campaign.ts";
import { namespaceProblem } from "./namespace.ts";
import { progress, table } from "./report.ts";
import type { LiveAgent, Scenario } from "./scenario.ts";

const USAGE = `usage: bun run test:live <what> [scenario…] [options]

  ${AGENTS.map(({ name }) => name).join(", ")}   the real agent against a model server of the tests, traces compared with what the server saw
  phoenix    the spans of a session delivered to a real Phoenix
  collector  the same to a real OpenTelemetry Collector
  install    every target built, and installed from a local server: under qemu, under Wine, with busybox alone

  --list          the scenarios of an agent
  --quick         only its short selection
  --only-failed   only the scenarios that were not exact in the last run
  --jobs <n>      scenarios at a time (2)
  --no-build      use dist/harness-tracing as it is
Evidence of each run is kept in .cache/live/<agent>/<scenario>/.`;

const DEFAULT_JOBS = 2;
const repository = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");

interface Tally {
  readonly passed: number;
  readonly failed: number;
}

interface Choice {
  readonly names: readonly string[];
  readonly quick: boolean;
  readonly onlyFailed: boolean;
  readonly jobs: number;
}

function fail(message: string, code: number): never {
  console.error(message);
  process.exit(code);
}

/** Names of the scenarios that were not exact when they ran last. */
function failedBefore(path: string): ReadonlySet<string> {
  if (!existsSync(path)) return new Set();
  return new Set(JSON.parse(readFileSync(path, "utf8")) as string[]);
}

function choose(agent: LiveAgent, choice: Choice, memory: string): readonly Scenario[] {
  for (const name of choice.names) {
    if (!agent.scenarios.some((scenario) => scenario.name === name)) {
      fail(`${agent.name} has no scenario ${name}; see --list`, 2);
    }
  }
  const failed = failedBefore(memory);
  return agent.scenarios.filter(
    (scenario) =>
      (choice.names.length === 0 || choice.names.includes(scenario.name)) &&
      (!choice.quick || scenario.quick === true) &&
      (!choice.onlyFailed || failed.has(scenario.name)),
  );
}

async function runAgent(agent: LiveAgent, choice: Choice): Promise<Tally> {
  const problem = namespaceProblem();
  if (problem !== undefined) fail(`cannot run ${agent.name}: ${problem}`, 1);
  const folder = `${repository}/.cache/live/${agent.name}`;
  const memory = `${folder}/failed.json`;
  mkdirSync(folder, { recursive: true });
  const scenarios = choose(agent, choice, memory);
  const installation = await agent
    .prepare(repository, `${repository}/.cache/agents`)
    .catch((error: unknown) => fail(`cannot run ${agent.name}: ${error instanceof Error ? error.message : error}`, 1));
  const outcomes = await runCampaign(agent, scenarios, installation, folder, choice.jobs, (outcome) => {
    console.log(progress(outcome));
  });
  console.log(`\n${table(outcomes)}\n`);
  const failed = outcomes.filter((outcome) => outcome.reasons.length > 0).map((outcome) => outcome.scenario);
  const untouched = [...failedBefore(memory)].filter((name) => !outcomes.some(({ scenario }) => scenario === name));
  writeFileSync(memory, JSON.stringify([...untouched, ...failed]));
  return { passed: outcomes.length - failed.length, failed: failed.length };
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    list: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    "only-failed": { type: "boolean", default: false },
    "no-build": { type: "boolean", default: false },
    jobs: { type: "string", default: String(DEFAULT_JOBS) },
    help: { type: "boolean", default: false },
  },
});
const [what, ...names] = positionals;
const agent = agentNamed(what ?? "");
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
if (values["no-build"]) process.env.HARNESS_LIVE_NO_BUILD = "1";
if (values.list && agent !== undefined) {
  for (const { name, about } of agent.scenarios) console.log(`${name.padEnd(20)} ${about}`);
  process.exit(0);
}
const jobs = Number(values.jobs);
if (!Number.isInteger(jobs) || jobs < 1) fail(USAGE, 2);

let tally: Tally;
if (agent !== undefined) {
  tally = await runAgent(agent, { names, quick: values.quick, onlyFailed: values["only-failed"], jobs });
} else if (what === "phoenix") tally = await (await import("./backends/phoenix.ts")).runPhoenix();
else if (what === "collector") tally = await (await import("./backends/collector.ts")).runCollector();
else if (what === "install") tally = await (await import("./install/main.ts")).runInstall(names);
else fail(USAGE, 2);
// A run of nothing proves nothing.
if (tally.passed + tally.failed === 0) fail("no scenario was chosen", 1);
console.log(`${tally.passed} passed, ${tally.failed} failed`);
process.exit(tally.failed === 0 ? 0 : 1);
