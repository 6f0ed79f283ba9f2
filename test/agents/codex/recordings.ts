/** Codex's recorded sessions as the fold gets them. */

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { SessionHints } from "../../../src/agents/agent.ts";
import { codex } from "../../../src/agents/codex/agent.ts";
import { CODEX_EVENTS } from "../../../src/agents/codex/registration.ts";
import type { JournalEvent } from "../../../src/journal/event.ts";
import type { Fact } from "../../../src/trace/facts.ts";
import { linesOf, OPEN, type SessionFacts } from "../../support/recording.ts";

/** Folder of the recordings. */
export const RECORDED = join(import.meta.dir, "../../recorded/codex");

/** One HTTP request as the model server saw it. */
export interface TrueRequest {
  readonly ts: number;
  /** `title` for the hidden requests that name a session. */
  readonly key: string;
  readonly http_status: number;
  readonly id?: string;
  readonly aborted?: boolean;
  readonly dropped?: boolean;
  readonly items: readonly { readonly type: string; readonly call_id?: string }[];
  readonly usage?: {
    readonly input_tokens: number;
    readonly input_tokens_details: { readonly cached_tokens: number };
    readonly output_tokens: number;
    readonly output_tokens_details: { readonly reasoning_tokens: number };
  };
}

/** Names of all recordings. */
export function recordings(): string[] {
  return readdirSync(RECORDED, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

/** Hidden requests that name a session, where the recording did not mark them: no hook and no rollout has them. */
const TITLES: Readonly<Record<string, readonly string[]>> = { tui_session: ["resp_mock_000", "resp_mock_003"] };

/** The requests of a recording that can be traced: since the first hook ran, without those that name a session. */
export function truthOf(scenario: string): TrueRequest[] {
  const since = journalOf(scenario)[0]?.ts ?? 0;
  return linesOf<TrueRequest>(join(RECORDED, scenario, "model_requests.jsonl")).filter(
    ({ key, id, ts }) => key !== "title" && !TITLES[scenario]?.includes(id ?? "") && ts >= since,
  );
}

/** Journal events of a recording. */
export function journalOf(scenario: string): JournalEvent[] {
  const registered = new Set(CODEX_EVENTS.map(({ event }) => event));
  return linesOf<{ event: string; ts: number; payload: Record<string, unknown> }>(
    join(RECORDED, scenario, "hooks.jsonl"),
  )
    .filter((hook) => registered.has(hook.event))
    .map(({ event, ts, payload }) => ({
      v: 1,
      ts,
      agent: "codex",
      event,
      session: String(payload.session_id),
      env: {},
      payload,
    }));
}

function rolloutsOf(scenario: string): string[] {
  const folder = join(RECORDED, scenario, "sessions");
  return existsSync(folder)
    ? readdirSync(folder)
        .sort()
        .map((name) => join(folder, name))
    : [];
}

interface Timed {
  readonly written: number;
  readonly facts: readonly Fact[];
}

async function historyOf(session: string, hints: SessionHints): Promise<Timed[]> {
  const read: Timed[] = [];
  for (const source of await codex.sources(session, hints)) {
    let cursor = codex.history.initial(source);
    for (const record of linesOf<{ timestamp: string }>(source.path)) {
      const next = codex.history.read(JSON.parse(JSON.stringify(cursor)), record, OPEN);
      cursor = next.cursor;
      read.push({ written: Date.parse(record.timestamp), facts: next.facts });
    }
  }
  return read;
}

/**
 * Facts of every session of a recording, in the order in which the sessions began. Where no hook ran, the history alone
 * speaks.
 */
export async function sessionsOf(scenario: string): Promise<SessionFacts[]> {
  const events = journalOf(scenario);
  const rollouts = rolloutsOf(scenario);
  const found = new Map(
    rollouts.map((path) => [path.slice(-"00000000-0000-0000-0000-000000000000.jsonl".length, -6), path]),
  );
  const ids = events.length > 0 ? new Set(events.map(({ session }) => session)) : new Set(found.keys());
  const sessions: SessionFacts[] = [];
  for (const session of ids) {
    let hints: SessionHints = {};
    const live: Fact[] = [];
    for (const event of events.filter((one) => one.session === session)) {
      const observed = codex.observe(event, hints);
      hints = { ...hints, ...observed.hints };
      live.push(...observed.facts);
    }
    // The recording was moved from the home where the hooks named it.
    const moved = Object.entries(hints)
      .filter(([key]) => key.startsWith("rollout:"))
      .map(([key]): [string, string] => [key, found.get(key.slice("rollout:".length)) ?? ""]);
    const own = found.get(session);
    const read = await historyOf(session, { ...Object.fromEntries(moved), ...(own && { transcript: own }) });
    sessions.push({
      session,
      live,
      history: read.flatMap(({ facts }) => facts),
      written: read.flatMap(({ written, facts }) => facts.map(() => written)),
    });
  }
  return sessions;
}
