/** Runs one scenario; the campaign starts this inside the namespace. argv: agent, scenario, out folder, installation (JSON). */

import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { agentNamed } from "./agents.ts";
import { startReceiver } from "./receiver.ts";
import type { Installation } from "./scenario.ts";

const [agentName = "", scenarioName = "", out = "", installation = "{}"] = process.argv.slice(2);
const scenario = agentNamed(agentName)?.scenarios.find(({ name }) => name === scenarioName);
if (scenario === undefined) throw new Error(`no scenario ${scenarioName} of ${agentName}`);

const started = performance.now();
const log = (text: string) => {
  const seconds = ((performance.now() - started) / 1000).toFixed(3).padStart(8);
  appendFileSync(`${out}/run.log`, `${seconds} ${text}\n`);
};
// Outside the repository: agents read what lies in the folders above their project.
const scratch = mkdtempSync(`${tmpdir()}/harness-live-`);
const receiver = startReceiver();
// A result, or `{ error }`: why there is none.
let result: unknown;
try {
  const repository = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");
  const files = JSON.parse(installation) as Installation;
  result = await scenario.run({ repository, installation: files, scratch, out, receiver, log });
} catch (error) {
  result = { error: error instanceof Error ? error.message : String(error) };
  log(error instanceof Error ? (error.stack ?? error.message) : String(error));
}
const lines = (values: readonly unknown[]) => values.map((value) => `${JSON.stringify(value)}\n`).join("");
writeFileSync(`${out}/spans.jsonl`, lines(receiver.spans));
writeFileSync(`${out}/requests.jsonl`, lines(receiver.requests));
writeFileSync(`${out}/result.json`, JSON.stringify(result, null, 1));
rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
process.exit(0);
