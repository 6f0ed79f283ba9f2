/** Delivers one span to the URL in `argv[2]` with this process's real environment and prints the report. */

import { deliver } from "../../src/export/deliver.ts";
import { sampleSpan, targetAt } from "./sample.ts";

const report = await deliver(
  targetAt(process.argv[2] ?? ""),
  { api_key: "sk-secret-1" },
  "claude-code",
  [sampleSpan(1), sampleSpan(2)],
  { timeoutMs: 20_000 },
);
process.stdout.write(JSON.stringify(report));
