/** A user's home with recorded sessions in it, taken through the real pipeline: journal, fold, store, drain, sink. */

import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { flushAndWait, type Left } from "../../../src/drain/flush.ts";
import { drainDeps } from "../../../src/drain/main.ts";
import { appendLine } from "../../../src/hook/append.ts";
import { segmentFileOf } from "../../../src/journal/names.ts";
import { type Paths, pathsIn } from "../../../src/paths.ts";
import { openReader } from "../../../src/store/open.ts";
import type { SinkStatus, StoredSpan } from "../../../src/store/types.ts";
import { journalOf, RECORDED } from "../../support/recording.ts";

/** Agent configuration folders as the recordings name them. */
const RECORDED_FOLDERS = ["/home/dev/.claude", "/home/dev/alt"];

/** Such a home. */
export interface Home {
  readonly paths: Paths;
  /** Puts a recording's transcripts and hook events where the agent and its hooks would have. */
  readonly record: (scenario: string) => void;
  /** Drains until nothing is left or the time is over. */
  readonly flush: (waitMs: number) => Promise<Left>;
  readonly spans: () => StoredSpan[];
  readonly sinks: () => SinkStatus[];
  readonly remove: () => void;
}

/** Makes a home whose `config.json` holds the given sink of Claude Code. */
export function makeHome(sink: Readonly<Record<string, unknown>>): Home {
  const folder = mkdtempSync(join(tmpdir(), "harness-tracing-backend-"));
  const paths = pathsIn(folder);
  mkdirSync(paths.state, { recursive: true, mode: 0o700 });
  writeFileSync(paths.config, JSON.stringify({ harnesses: { "claude-code": sink } }), { mode: 0o600 });
  const claude = join(folder, ".claude");

  function ask<T>(question: (store: Extract<ReturnType<typeof openReader>, { ok: true }>["store"]) => T): T {
    const opened = openReader(paths.store);
    if (!opened.ok) throw new Error("the store cannot be read");
    try {
      return question(opened.store);
    } finally {
      opened.store.close();
    }
  }

  return {
    paths,
    record: (scenario) => {
      const projects = join(RECORDED, scenario, "projects");
      if (existsSync(projects)) cpSync(projects, join(claude, "projects"), { recursive: true });
      for (const event of journalOf(scenario)) {
        const line = RECORDED_FOLDERS.reduce((text, one) => text.replaceAll(one, claude), JSON.stringify(event));
        const problem = appendLine(`${paths.journal}/${event.agent}`, segmentFileOf(event.session, Date.now()), line);
        if (problem !== undefined) throw new Error(`cannot append: ${problem}`);
      }
    },
    flush: (waitMs) => flushAndWait(paths, waitMs, drainDeps(paths, { HOME: folder })),
    spans: () => ask((store) => store.spans({})),
    sinks: () => ask((store) => store.sinks()),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
