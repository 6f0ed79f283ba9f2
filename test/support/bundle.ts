/** Replays a recording that `harness-tracing record` wrote: its facts, as the drain would have made them. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { SessionHints } from "../../src/agents/agent.ts";
import { agentNamed } from "../../src/agents/registry.ts";
import type { JournalEvent } from "../../src/journal/event.ts";
import type { Bundle } from "../../src/record/bundle.ts";
import type { Fact } from "../../src/trace/facts.ts";
import { linesOf, OPEN, type SessionFacts } from "./recording.ts";

/** What a recording is. */
export function bundleOf(folder: string): Bundle {
  return JSON.parse(readFileSync(join(folder, "bundle.json"), "utf8"));
}

/** Facts of every session of a recording, for `fold`, goldens and `foldProperties`. */
export async function replayBundle(folder: string): Promise<SessionFacts[]> {
  const bundle = bundleOf(folder);
  const agent = await agentNamed(bundle.agent)?.load();
  if (!agent) throw new Error(`there is no agent ${bundle.agent}`);
  const events = linesOf<JournalEvent>(join(folder, "events.jsonl"));
  return [...new Set(events.map(({ session }) => session))].map((session) => {
    let hints: SessionHints = {};
    const live: Fact[] = [];
    for (const event of events.filter((one) => one.session === session)) {
      const observed = agent.observe(event, hints);
      hints = { ...hints, ...observed.hints };
      live.push(...observed.facts);
    }
    const history: Fact[] = [];
    for (const { id, role, file } of bundle.sources.filter((source) => source.session === session)) {
      const source = { id, role, path: join(folder, file) };
      let cursor = agent.history.initial(source);
      for (const record of linesOf<unknown>(source.path)) {
        const read = agent.history.read(cursor, record, OPEN);
        cursor = read.cursor;
        history.push(...read.facts);
      }
      history.push(...(agent.history.about?.(cursor, source).facts ?? []));
    }
    const newest = Math.max(...[...live, ...history].map(({ at }) => at));
    return { session, live, history, written: history.map(() => newest) };
  });
}
