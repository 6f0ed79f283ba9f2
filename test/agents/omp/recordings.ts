/** Recorded runs of Oh My Pi and pi, played to our extension. */

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { observe } from "../../../src/agents/omp/events.ts";
import { extensionFor } from "../../../src/agents/omp/setup.ts";
import { agentNamed } from "../../../src/agents/registry.ts";
import type { JournalEvent } from "../../../src/journal/event.ts";
import { journalOfLines, playPlugin, type RecordedCall } from "../../support/plugin.ts";
import { factsOfEvents, linesOf, type SessionFacts } from "../../support/recording.ts";

/** Which of the two. */
export type Kind = "omp" | "pi";

/** A line of the recorder. */
interface Recorded {
  readonly t: number;
  readonly pid: number;
  /** Which instance of the extension: every session has one. */
  readonly inst: number;
  readonly kind: string;
  readonly name: string;
  readonly sid?: string;
  readonly file?: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** One model request as the model server saw it. */
export interface TrueRequest {
  readonly t: number;
  readonly scenario: string;
  readonly status: number;
  readonly n_tools: number;
  readonly usage?: { readonly input: number; readonly output: number; readonly cached: number };
}

type Handler = (event: unknown, context: unknown) => unknown;

interface Extension {
  readonly default: (api: Readonly<Record<string, unknown>>) => void;
}

function folderOf(kind: Kind): string {
  return join(import.meta.dir, "../../recorded", kind);
}

export function recordings(kind: Kind): string[] {
  return readdirSync(folderOf(kind), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

/** What the model server saw of a recording. */
export function truthOf(kind: Kind, scenario: string): TrueRequest[] {
  return linesOf<TrueRequest>(join(folderOf(kind), scenario, "requests.jsonl"));
}

/** Journal events of a recording: every process had one child, every session an instance of the extension. */
export async function journalOf(kind: Kind, scenario: string): Promise<JournalEvent[]> {
  const agent = agentNamed(kind);
  if (!agent) throw new Error("not in the registry");
  const recorded = linesOf<Recorded>(join(folderOf(kind), scenario, "events.jsonl"));
  const events: JournalEvent[] = [];
  for (const pid of new Set(recorded.map((one) => one.pid))) {
    const own = recorded.filter((one) => one.pid === pid);
    const lines = await playPlugin("omp", extensionFor, own.map(callOf(own)));
    events.push(...journalOfLines(agent, lines, own.at(-1)?.t ?? 0));
  }
  return events;
}

function callOf(own: readonly Recorded[]): (one: Recorded) => RecordedCall<Extension> {
  const handlers = new Map<string, Handler>();
  return ({ t, inst, kind, name, sid, file, data }) => ({
    at: t,
    call: (extension) => {
      if (kind === "load") {
        const keys = data.apiKeys as readonly string[];
        const on = (event: string, handler: Handler) => handlers.set(`${inst} ${event}`, handler);
        extension.default({ ...Object.fromEntries(keys.map((key) => [key, {}])), on });
      }
      if (kind !== "event") return undefined;
      const about = own.find((one) => one.kind === "ctx" && one.inst === inst)?.data;
      const sessionManager = { getSessionId: () => sid, getSessionFile: () => file, getHeader: () => about?.header };
      return handlers.get(`${inst} ${name}`)?.(data, { cwd: about?.cwd, model: about?.model, sessionManager });
    },
  });
}

/** Facts of every session of a recording. */
export async function sessionsOf(kind: Kind, scenario: string): Promise<SessionFacts[]> {
  return factsOfEvents(await journalOf(kind, scenario), observe);
}
