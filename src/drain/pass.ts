/** One pass: everything new in the journal and in the histories of the sessions concerned goes into the store. */

import type { Agent, AgentEntry } from "../agents/agent.ts";
import { readSegment } from "../journal/read.ts";
import { closed, listSegments, type Segment } from "../journal/segments.ts";
import type { SessionRef, SessionStep, Store } from "../store/types.ts";
import { segmentKey } from "../store/types.ts";
import { removeSegments } from "./cleanup.ts";
import type { Configuration, DrainDeps } from "./deps.ts";
import { messageOf } from "./log.ts";
import { SessionRun } from "./session.ts";

/** Bytes of the journal read at once; more only while a single line is longer. */
const CHUNK_BYTES = 1024 * 1024;

/** How long history that lags behind a claimed end is looked for, per claim, ms. Agents flush within 30–150 ms. */
const AWAIT_MS = 2_000;

/** How often a drain looks whether the agents of open sessions still live, ms, and at how many sessions. */
const SWEEP_MS = 2_000;
const MAX_SWEPT = 64;

/** Sessions kept in memory between passes. */
const MAX_RUNS = 64;

/** Folds for one drain; keeps the sessions that it works on in memory. */
export class Folder {
  readonly #deps: DrainDeps;
  readonly #store: Store;
  readonly #agents = new Map<string, Promise<Agent>>();
  readonly #runs = new Map<string, SessionRun>();
  /** Until when each waiting session's history is looked at again, epoch ms. */
  readonly #claims = new Map<string, number>();
  /** Sessions and segments that failed in this drain: left to a later one, which may be a newer program. */
  readonly #failed = new Set<string>();
  /** Sizes of segments whose torn last line waits for its newline: nothing to do until they grow or close. */
  readonly #tails = new Map<string, number>();
  #configuration: Configuration;
  /** When open sessions were last looked at for their process, epoch ms. */
  #swept = Number.NEGATIVE_INFINITY;

  constructor(deps: DrainDeps, store: Store) {
    this.#deps = deps;
    this.#store = store;
    this.#configuration = deps.configuration();
  }

  get configuration(): Configuration {
    return this.#configuration;
  }

  /** Reads all that is new, and looks at every session whose time has come. */
  async pass(): Promise<void> {
    this.#configuration = this.#deps.configuration();
    const touched = new Set<SessionRun>();
    await this.#readJournal(touched);
    for (const ref of this.#store.dueSessions(this.#deps.now())) {
      const run = await this.#runOf(ref);
      if (run !== undefined) touched.add(run);
    }
    for (const run of await this.#orphans()) touched.add(run);
    for (const run of touched) {
      // Sessions that the journal brings up meanwhile join the set, and are looked at in their turn.
      await this.#look(run, touched);
      if (run.awaitsHistory) this.#claims.set(keyOf(run.ref), this.#deps.now() + AWAIT_MS);
    }
    removeSegments(this.#deps, this.#store);
    this.#forgetRuns();
  }

  /** True when the journal holds bytes that no pass has read (and that no failure stands before). */
  hasUnread(): boolean {
    const offsets = this.#store.journalOffsets();
    return listSegments(this.#deps.paths).some((segment) => {
      const key = segmentKey(segment);
      return !this.#failed.has(key) && segment.size !== (offsets.get(key) ?? 0) && !this.#isTail(key, segment);
    });
  }

  /** True while histories are looked at again at short intervals. */
  get awaiting(): boolean {
    return this.#claims.size > 0;
  }

  /** True when a session wants to be looked at now. */
  isDue(): boolean {
    return (this.nextWake() ?? Number.POSITIVE_INFINITY) <= this.#deps.now();
  }

  /** Epoch ms at which the next session wants to be looked at, those that failed in this drain left out. */
  nextWake(): number | undefined {
    const wakes = this.#store.wakes(this.#failed.size + 1);
    return wakes.find((wake) => !this.#failed.has(keyOf(wake)))?.wakeAt;
  }

  /** Looks again at the histories that lag behind. @returns true when one had something new */
  async lookAgain(): Promise<boolean> {
    let any = false;
    for (const [key, until] of [...this.#claims]) {
      const run = this.#runs.get(key);
      if (run === undefined || this.#deps.now() > until) {
        this.#claims.delete(key);
      } else {
        if (await this.#look(run, new Set(), true)) any = true;
        if (!run.awaitsHistory) this.#claims.delete(key);
      }
    }
    return any;
  }

  #isTail(key: string, segment: Segment): boolean {
    return this.#tails.get(key) === segment.size && !closed(segment, this.#deps.now());
  }

  async #readJournal(touched: Set<SessionRun>): Promise<void> {
    const offsets = this.#store.journalOffsets();
    for (const segment of listSegments(this.#deps.paths)) {
      await this.#readSegment(segment, offsets.get(segmentKey(segment)) ?? 0, touched);
    }
  }

  async #readSegment(segment: Segment, from: number, touched: Set<SessionRun>): Promise<void> {
    const key = segmentKey(segment);
    if (segment.size === from || this.#failed.has(key) || this.#isTail(key, segment)) return;
    let offset = from;
    try {
      for (let atEnd = false; !atEnd; ) {
        const isClosed = closed(segment, this.#deps.now());
        const chunk = readSegment(segment.path, offset, CHUNK_BYTES, isClosed);
        const runs = new Map<string, SessionRun>();
        for (const event of chunk.events) {
          const run = await this.#runOf(event);
          if (run === undefined) throw new Error(`no agent "${event.agent}" in this program`);
          runs.set(keyOf(run.ref), run);
        }
        for (const [name, run] of runs) run.observe(chunk.events.filter((event) => keyOf(event) === name));
        this.#commitChunk([...runs.values()], key, chunk.nextOffset, chunk.corrupt);
        for (const run of runs.values()) touched.add(run);
        // A reader that found nothing complete leaves the offset where it is.
        if (chunk.nextOffset === offset) this.#tails.set(key, segment.size);
        atEnd = chunk.atEnd || chunk.nextOffset === offset;
        offset = chunk.nextOffset;
      }
      if (offset < segment.size) this.#tails.set(key, segment.size);
    } catch (error) {
      this.#fail(key, error);
      for (const run of touched) if (!this.#runs.has(keyOf(run.ref))) touched.delete(run);
    }
  }

  /** Sessions with something open whose agent has died since a drain last saw it. */
  async #orphans(): Promise<SessionRun[]> {
    const now = this.#deps.now();
    if (now - this.#swept < SWEEP_MS) return [];
    this.#swept = now;
    const found: SessionRun[] = [];
    for (const ref of this.#store.wakes(MAX_SWEPT)) {
      const run = await this.#runOf(ref);
      if (run?.checkProcess()) found.push(run);
    }
    return found;
  }

  /** All sessions of a chunk in one transaction with the offset behind it. */
  #commitChunk(runs: readonly SessionRun[], segment: string, offset: number, corrupt: number): void {
    const drops = { "journal line not readable": corrupt };
    const [first] = runs;
    if (first === undefined) {
      this.#commit(() => this.#store.commitJournal({ [segment]: offset }, drops));
      return;
    }
    first.consumed(segment, offset);
    first.drop("journal line not readable", corrupt);
    this.#commitSteps(runs.map((run) => run.takeStep()).filter((step) => step !== undefined));
  }

  /**
   * @param touched gets the sessions of which the journal has news meanwhile
   * @param again only settles when the history has something new
   */
  async #look(run: SessionRun, touched: Set<SessionRun>, again = false): Promise<boolean> {
    try {
      const read = await run.readHistory(() => this.#readJournal(touched));
      if (!again || read) run.settle();
      return read;
    } catch (error) {
      this.#fail(keyOf(run.ref), error);
      return false;
    }
  }

  async #runOf({ agent, session }: SessionRef): Promise<SessionRun | undefined> {
    const ref = { agent, session };
    const key = keyOf(ref);
    if (this.#failed.has(key)) return undefined;
    const known = this.#runs.get(key);
    if (known !== undefined) return known;
    const entry = this.#deps.agents.find((candidate) => candidate.key === agent);
    if (entry === undefined) {
      this.#failed.add(key);
      return undefined;
    }
    const run = new SessionRun(ref, entry, await this.#agentOf(entry), {
      store: this.#store,
      log: this.#deps.log,
      now: this.#deps.now,
      alive: this.#deps.alive,
      configuration: () => this.#configuration,
      commit: (steps) => this.#commitSteps(steps),
    });
    this.#runs.set(key, run);
    return run;
  }

  #agentOf(entry: AgentEntry): Promise<Agent> {
    const agent = this.#agents.get(entry.key) ?? entry.load();
    this.#agents.set(entry.key, agent);
    return agent;
  }

  #commitSteps(steps: readonly SessionStep[]): void {
    if (steps.length > 0) this.#commit(() => this.#store.commitSteps(steps));
  }

  #commit(write: () => void): void {
    this.#deps.checkpoint?.("before commit");
    write();
    this.#deps.checkpoint?.("after commit");
  }

  #fail(key: string, error: unknown): void {
    this.#failed.add(key);
    this.#deps.log(`${key}: left for a later drain: ${messageOf(error)}`);
    // What was folded in memory but not committed is not to be trusted: forget it.
    this.#runs.clear();
    this.#claims.clear();
    if (isStoreError(error)) throw error;
  }

  #forgetRuns(): void {
    if (this.#runs.size <= MAX_RUNS) return;
    for (const key of this.#runs.keys()) if (!this.#claims.has(key)) this.#runs.delete(key);
  }
}

function keyOf({ agent, session }: SessionRef): string {
  return `${agent}\u001f${session}`;
}

function isStoreError(error: unknown): boolean {
  return error instanceof Error && String((error as { code?: unknown }).code ?? "").startsWith("SQLITE_");
}
