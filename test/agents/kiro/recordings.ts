/** Constructed sessions of Kiro: payloads of hooks, and the session files that go with them. */

import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AgentEntry, HistorySource, SessionHints } from "../../../src/agents/agent.ts";
import { kiro } from "../../../src/agents/kiro/agent.ts";
import { kiroRoute } from "../../../src/agents/kiro/route.ts";
import { factsOf, journalOf } from "../../support/constructed.ts";
import type { SessionFacts } from "../../support/recording.ts";

export const RECORDED = join(import.meta.dir, "../../recorded/kiro");

export const KIRO: AgentEntry = {
  key: "kiro",
  name: "kiro",
  title: "Kiro",
  hook: kiroRoute,
  load: async () => kiro,
};

export const RECORDINGS = ["cli2-tui-turn", "cli2-parallel-tools", "cli2-no-interactive", "cli3-standalone"] as const;

const CLI2_SESSION = "3d0f6c1e-aaaa-4bbb-8ccc-0123456789ab";
const CLI3_SESSION = "sess_2f0e9d10-1111-4222-8333-444455556666";

/** Puts a recording's session files where Kiro has them. @param home `KIRO_HOME` */
export function placeFiles(scenario: string, home: string): void {
  const files = join(RECORDED, "side-files");
  if (scenario === "cli2-tui-turn") {
    mkdirSync(join(home, "sessions/cli"), { recursive: true });
    cpSync(join(files, "v2-session.jsonl"), join(home, "sessions/cli", `${CLI2_SESSION}.jsonl`));
    cpSync(join(RECORDED, scenario, "sidecar.json"), join(home, "sessions/cli", `${CLI2_SESSION}.json`));
  }
  if (scenario === "cli3-standalone") {
    const folder = join(home, "sessions/0f1e2d3c4b5a6978", CLI3_SESSION);
    mkdirSync(folder, { recursive: true });
    cpSync(join(files, "v3-messages.jsonl"), join(folder, "messages.jsonl"));
  }
}

/** Journal events of a recording. */
export function eventsOf(scenario: string, home: string) {
  const env = { KIRO_HOME: home, HARNESS_AGENT_PID: "4711" };
  return journalOf(KIRO, join(RECORDED, scenario, "payloads.jsonl"), env);
}

/** Where a session's history is, read whatever its format. */
export function sourcesOf(session: string, hints: SessionHints): Promise<readonly HistorySource[]> {
  return kiro.sources(session, hints);
}

/** Facts of a recording's sessions. @param files false: Kiro wrote none that could be read */
export async function sessionsOf(scenario: string, files = true): Promise<SessionFacts[]> {
  const home = mkdtempSync(join(tmpdir(), "kiro-"));
  try {
    if (files) placeFiles(scenario, home);
    return await factsOf(eventsOf(scenario, home), kiro, sourcesOf);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
