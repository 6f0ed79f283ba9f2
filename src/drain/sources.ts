/** How far a session's history sources were read, and which of them need no look any more. */

import type { Agent, HistorySource } from "../agents/agent.ts";
import type { SessionRef, SourceProgress, Store } from "../store/types.ts";

/** A source that was silent for so long is settled, ms. */
const SETTLED_MS = 3_600_000;

/** A source that is being read. */
export interface OpenSource {
  readonly path: string;
  offset: number;
  cursor: unknown;
  /** Epoch ms at which it last had something new. */
  readAt: number;
}

/** The sources of one session, kept in memory during a drain; what changed goes with the next step. */
export class Sources {
  readonly #store: Store;
  readonly #ref: SessionRef;
  readonly #agent: Agent;
  readonly #open = new Map<string, OpenSource>();
  readonly #settled: Set<string>;
  #changed: Record<string, SourceProgress> = {};

  /** @param hints sources that are named in them live */
  constructor(store: Store, ref: SessionRef, agent: Agent, hints: Readonly<Record<string, string>>) {
    this.#store = store;
    this.#ref = ref;
    this.#agent = agent;
    this.#settled = new Set(store.settledSources(ref).filter((id) => !Object.hasOwn(hints, id)));
  }

  /** Ids of sources that are not looked at. */
  get settled(): ReadonlySet<string> {
    return this.#settled;
  }

  /** A hint named these: sources among them live again. */
  revive(ids: readonly string[]): void {
    for (const id of ids) this.#settled.delete(id);
  }

  /** Where the source was left; a file that has moved is a new one. */
  open(source: HistorySource, now: number): OpenSource {
    const known = this.#open.get(source.id);
    if (known?.path === source.path) return known;
    const saved = known === undefined ? this.#store.loadSource(this.#ref, source.id) : undefined;
    const open: OpenSource =
      saved?.path === source.path
        ? { ...saved, cursor: JSON.parse(saved.cursor) as unknown }
        : { path: source.path, offset: 0, cursor: this.#agent.history.initial(source), readAt: now };
    this.#open.set(source.id, open);
    return open;
  }

  /** Notes that the source was read further. */
  advanced(id: string, open: OpenSource, now: number): void {
    open.readAt = now;
    this.#note(id, open, false);
  }

  /** Settles a source that was silent for long. @returns true when it is settled now */
  settle(id: string, open: OpenSource, now: number): boolean {
    if (now - open.readAt < SETTLED_MS) return false;
    this.#settled.add(id);
    this.#note(id, open, true);
    return true;
  }

  /** What changed since the last time this was asked. */
  take(): Record<string, SourceProgress> {
    const changed = this.#changed;
    this.#changed = {};
    return changed;
  }

  #note(id: string, { path, offset, cursor, readAt }: OpenSource, settled: boolean): void {
    this.#changed[id] = { path, offset, cursor: JSON.stringify(cursor), readAt, settled };
  }
}
