/** Recorded runs of OpenCode, played to our plugin. */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { observe } from "../../../src/agents/opencode/events.ts";
import { pluginFor } from "../../../src/agents/opencode/setup.ts";
import { agentNamed } from "../../../src/agents/registry.ts";
import type { JournalEvent } from "../../../src/journal/event.ts";
import { journalOfLines, playPlugin, type RecordedCall } from "../../support/plugin.ts";
import { factsOfEvents, linesOf, type SessionFacts } from "../../support/recording.ts";

const RECORDED = join(import.meta.dir, "../../recorded/opencode");

/** A line of the recorder. */
interface Recorded {
  readonly t: number;
  readonly pid: number;
  readonly kind: string;
  readonly name: string;
  readonly data: { readonly input?: unknown; readonly output?: unknown };
}

/** One model request as the model server saw it. */
export interface TrueRequest {
  readonly t: number;
  readonly scenario: string;
  readonly status: number;
  readonly usage?: {
    readonly input: number;
    readonly output: number;
    readonly cached: number;
    readonly reasoning: number;
  };
}

type Hooks = Readonly<Record<string, ((...args: unknown[]) => Promise<void>) | undefined>>;

interface Plugin {
  readonly HarnessTracing: () => Promise<Hooks>;
}

export function recordings(): string[] {
  return readdirSync(RECORDED, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

/** What the model server saw of a recording. */
export function truthOf(scenario: string): TrueRequest[] {
  return linesOf<TrueRequest>(join(RECORDED, scenario, "requests.jsonl"));
}

/** Journal events of a recording: every process of OpenCode had a plugin and a child of its own. */
export async function journalOf(scenario: string): Promise<JournalEvent[]> {
  const agent = agentNamed("opencode");
  if (!agent) throw new Error("not in the registry");
  const recorded = linesOf<Recorded>(join(RECORDED, scenario, "events.jsonl"));
  const events: JournalEvent[] = [];
  for (const pid of new Set(recorded.map((one) => one.pid))) {
    const own = recorded.filter((one) => one.pid === pid);
    let hooks: Hooks = {};
    const load: RecordedCall<Plugin> = {
      at: own[0]?.t ?? 0,
      call: async ({ HarnessTracing }) => {
        hooks = await HarnessTracing();
      },
    };
    const calls = own.map(
      ({ t, kind, name, data }): RecordedCall<Plugin> => ({
        at: t,
        call: () => {
          if (kind === "event") return hooks.event?.({ event: data });
          return kind === "hook" ? hooks[name]?.(data.input, data.output) : undefined;
        },
      }),
    );
    const lines = await playPlugin("opencode", pluginFor, [load, ...calls]);
    events.push(...journalOfLines(agent, lines, own.at(-1)?.t ?? 0));
  }
  return events;
}

/** Facts of every session of a recording. */
export async function sessionsOf(scenario: string): Promise<SessionFacts[]> {
  return factsOfEvents(await journalOf(scenario), observe);
}
