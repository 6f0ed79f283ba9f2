/** One session inside a drain: its fold state in memory, the step that is being prepared, and what is read for it. */

import type { Agent, AgentEntry, HistorySource } from "../agents/agent.ts";
import type { Settings } from "../config/settings.ts";
import type { JournalEvent } from "../journal/event.ts";
import type { NewSpan, SessionRef, SessionStep, Store } from "../store/types.ts";
import type { Fact } from "../trace/facts.ts";
import { type FoldState, fold, initialFold } from "../trace/fold.ts";
import { toSpan } from "../trace/openinference.ts";
import { guardOf, protect } from "../trace/protect.ts";
import type { Configuration, SessionContext } from "./deps.ts";
import { followDocument, followLines } from "./follow.ts";
import { type Log, messageOf } from "./log.ts";
import { type OpenSource, Sources } from "./sources.ts";

/** A step is committed when it holds this many spans, so that memory stays bounded however long the history is. */
const SPANS_PER_STEP = 200;

/** When the fold waits for history and names no time itself, a later drain looks again after this, ms. */
const AWAIT_MS = 2_000;

/** Shortest time between two looks that the fold asks for, ms. */
const MIN_WAKE_MS = 100;

/** Hints under which the agent's process is known, and under which it was last seen alive. */
const PROCESS = "pid";
const SEEN_ALIVE = "pidSeen";
const SEEN_AT = "pidSeenAt";

const EMPTY_CONTEXT: SessionContext = { env: {}, credentials: {} };

/** Makes the runs of one drain. */
export interface SessionHost {
  readonly store: Store;
  readonly log: Log;
  readonly now: () => number;
  readonly alive: (pid: number) => boolean;
  readonly configuration: () => Configuration;
  /** Commits steps, all or none. */
  readonly commit: (steps: readonly SessionStep[]) => void;
}

/** A session being folded. All its changes reach the store through `takeStep` or `flush`. */
export class SessionRun {
  readonly ref: SessionRef;
  readonly #entry: AgentEntry;
  readonly #agent: Agent;
  readonly #host: SessionHost;
  readonly #sources: Sources;
  #state: FoldState;
  #savedFold: string | undefined;
  #hints: Record<string, string>;
  #context: string | undefined;
  #settings: { readonly context: string | undefined; readonly of: Configuration; readonly value: Settings } | undefined;
  #savedWake: number | undefined;
  #foldWake: number | undefined;
  #awaits = false;
  /** False from the first event of a pass until history was read and time has ticked: a crash in between is due at once. */
  #settled = true;
  #changed = false;
  /** Protected, not folded yet. */
  #facts: Fact[] = [];
  /** What was last said of each source that cannot be read. */
  readonly #notes = new Map<string, string>();
  #spans: NewSpan[] = [];
  #journal: Record<string, number> = {};
  #drops: Record<string, number> = {};

  constructor(ref: SessionRef, entry: AgentEntry, agent: Agent, host: SessionHost) {
    this.ref = ref;
    this.#entry = entry;
    this.#agent = agent;
    this.#host = host;
    const saved = host.store.loadSession(ref);
    this.#savedFold = saved?.fold;
    this.#state = saved?.fold === undefined ? initialFold() : (JSON.parse(saved.fold) as FoldState);
    this.#hints = { ...saved?.hints };
    this.#sources = new Sources(host.store, ref, agent, this.#hints);
    this.#context = saved?.context;
    this.#savedWake = saved?.wakeAt;
    this.#foldWake = saved?.wakeAt;
  }

  /** The fold waits for history that the agent has not written yet. */
  get awaitsHistory(): boolean {
    return this.#awaits;
  }

  get settings(): Settings {
    const of = this.#host.configuration();
    if (this.#settings?.of !== of || this.#settings.context !== this.#context) {
      const context = this.#context === undefined ? EMPTY_CONTEXT : (JSON.parse(this.#context) as SessionContext);
      this.#settings = { context: this.#context, of, value: of.settingsOf(this.ref.agent, context) };
    }
    return this.#settings.value;
  }

  /** Folds journal events. The offsets they were read up to are committed by `takeStep`. */
  observe(events: readonly JournalEvent[]): void {
    this.#settled = false;
    this.#changed = true;
    for (const event of events) {
      this.#context = JSON.stringify({ env: event.env, credentials: event.credentials ?? {} } satisfies SessionContext);
      try {
        const observed = this.#agent.observe(event, this.#hints);
        if (observed.skipped !== undefined) {
          this.drop("hook event not understood");
          this.#host.log(`${this.#name()}: ${event.event} skipped: ${observed.skipped}`);
        }
        this.#sources.revive(Object.keys(observed.hints ?? {}));
        if (observed.hints !== undefined) this.#hints = { ...this.#hints, ...observed.hints };
        this.#add(observed.facts);
      } catch (error) {
        this.drop("hook event failed");
        this.#host.log(`${this.#name()}: ${event.event} failed: ${messageOf(error)}`);
      }
    }
    this.#fold();
  }

  /** Remembers how far a journal segment was read; committed with this session's next step. */
  consumed(segment: string, offset: number): void {
    this.#journal[segment] = offset;
    this.#changed = true;
  }

  drop(reason: string, count = 1): void {
    if (count > 0) this.#drops[reason] = (this.#drops[reason] ?? 0) + count;
  }

  /**
   * Reads what the agent's own history has new, committing on the way. @returns true when there was anything
   * @param readJournal reads what the journal has new: called between reading records and folding them, so that no record
   * is ever folded before a hook that ran before it was written
   */
  async readHistory(readJournal: () => Promise<void>): Promise<boolean> {
    let any = false;
    const hints = this.settings.messages === "full" ? { ...this.#hints, capture: "full" } : this.#hints;
    for (const source of await this.#agent.sources(this.ref.session, hints, this.#sources.settled)) {
      if (this.#sources.settled.has(source.id)) continue;
      const { [PROCESS]: writer } = source.role;
      if (writer !== undefined) this.#hints[PROCESS] = writer;
      if (await this.#readSource(source, readJournal)) any = true;
      else this.#settleSource(source);
    }
    return any;
  }

  /**
   * Ends the session when the agent's process has ended without saying so. Only a process that was seen alive can be seen
   * dead: in another container the same id means nothing. @returns true when it has just been found dead
   */
  checkProcess(): boolean {
    const known = this.#hints[PROCESS];
    const pid = Number(known);
    if (known === undefined || !Number.isInteger(pid) || pid <= 0) return false;
    const { [SEEN_ALIVE]: seen, [SEEN_AT]: seenAt, [PROCESS]: _pid, ...others } = this.#hints;
    if (this.#host.alive(pid)) {
      this.#hints[SEEN_AT] = String(this.#host.now());
      if (seen === known) return false;
      this.#hints[SEEN_ALIVE] = known;
      this.#changed = true;
      return false;
    }
    if (seen !== known) return false;
    this.#hints = others;
    const reason = "process ended";
    const at = this.#host.now();
    this.#add([{ type: "session.end", at, live: true, loose: true, reason, ...(seenAt && { seen: Number(seenAt) }) }]);
    this.#fold();
    this.#settled = false;
    this.#changed = true;
    return true;
  }

  /** Tells the fold the time, and commits what is left. Ends a look at the session. */
  settle(): void {
    const now = this.#host.now();
    this.checkProcess();
    this.#add([{ type: "tick", at: now }]);
    this.#fold();
    this.#settled = true;
    if (this.#awaits && this.#foldWake === undefined) this.#foldWake = now + AWAIT_MS;
    // A time that has come and that the tick did not settle must not keep the drain spinning.
    if (this.#foldWake !== undefined && this.#foldWake <= now) this.#foldWake = now + MIN_WAKE_MS;
    this.flush();
  }

  /** Commits the prepared step, if it changes anything. */
  flush(): void {
    const step = this.takeStep();
    if (step !== undefined) this.#host.commit([step]);
  }

  /** The prepared step, to be committed by the caller; undefined when it changes nothing. */
  takeStep(): SessionStep | undefined {
    const now = this.#host.now();
    if (this.#spans.length > 0 && this.settings.verbose) {
      this.#host.log(`${this.#name()}: ${this.#spans.length} spans`);
    }
    const foldJson = JSON.stringify(this.#state);
    const wakeAt = this.#settled ? this.#foldWake : now;
    if (!this.#changed && foldJson === this.#savedFold && wakeAt === this.#savedWake) return undefined;
    const step: SessionStep = {
      ...this.ref,
      progress: { fold: foldJson, hints: this.#hints, context: this.#context, wakeAt },
      journal: this.#journal,
      sources: this.#sources.take(),
      spans: this.#spans,
      drops: this.#drops,
      now,
    };
    this.#savedFold = foldJson;
    this.#savedWake = wakeAt;
    this.#changed = false;
    this.#spans = [];
    this.#journal = {};
    this.#drops = {};
    return step;
  }

  /** Protects facts under the settings of this moment; nothing unprotected is ever kept. */
  #add(facts: readonly Fact[]): void {
    const { settings } = this;
    // Tracing is switched off: read on, so that switching it on again starts from there, but keep nothing.
    if (!settings.enabled) return;
    for (const fact of facts) this.#facts.push(protect(fact, settings));
  }

  #fold(): void {
    if (this.#facts.length === 0) return;
    const { settings } = this;
    const folded = fold(this.#state, this.#facts);
    this.#facts = [];
    this.#state = folded.state;
    this.#foldWake = folded.wakeAt;
    this.#awaits = folded.awaitsHistory;
    const sinks = settings.dryRun ? [] : settings.sinks;
    for (const node of folded.nodes) {
      const span = toSpan(node, {
        agent: this.ref.agent,
        agentTitle: this.#entry.title,
        session: this.ref.session,
        ...(settings.userId === undefined ? {} : { userId: settings.userId }),
        attributes: settings.attributes,
      });
      this.#spans.push({ span, sinks });
    }
    if (folded.nodes.length > 0) this.#changed = true;
  }

  async #readSource(source: HistorySource, readJournal: () => Promise<void>): Promise<boolean> {
    const open = this.#sources.open(source, this.#host.now());
    let any = false;
    for (let atEnd = false; !atEnd; ) {
      const unread = this.#agent.follow?.(source, open.cursor);
      if (unread !== undefined) {
        this.#note(source, unread.note);
        atEnd = unread.atEnd || unread.cursor === open.cursor;
        if (unread.cursor === open.cursor) continue;
        any ||= unread.records.length > 0;
        await readJournal();
        open.cursor = unread.cursor;
        for (const record of unread.records) this.#readRecord(source, open, record);
        this.#advanced(source, open);
        if (!atEnd || this.#spans.length >= SPANS_PER_STEP) this.flush();
        continue;
      }
      const followed = (source.whole ? followDocument : followLines)(source.path, open.offset);
      atEnd = followed.atEnd;
      if (followed.nextOffset === open.offset && !followed.restarted) break;
      any = true;
      await readJournal();
      if (followed.restarted) open.cursor = this.#agent.history.initial(source);
      for (const record of followed.records) this.#readRecord(source, open, record);
      this.drop("history line not readable", followed.corrupt);
      open.offset = followed.nextOffset;
      this.#advanced(source, open);
      if (!atEnd || this.#spans.length >= SPANS_PER_STEP) this.flush();
    }
    return this.#askAbout(source, open) || any;
  }

  /** Says once what keeps a source from being read, and again when that changes. */
  #note(source: HistorySource, note: string | undefined): void {
    const known = this.#notes.get(source.id);
    if (note === known) return;
    if (note === undefined) this.#notes.delete(source.id);
    else {
      this.#notes.set(source.id, note);
      this.#host.log(`${this.#name()}: ${source.id}: ${note}`);
    }
  }

  /** What the agent says of the source itself, which may have become known since the last look. */
  #askAbout(source: HistorySource, open: OpenSource): boolean {
    const about = this.#agent.history.about?.(open.cursor, source);
    if (about === undefined || about.facts.length === 0) return false;
    open.cursor = about.cursor;
    this.#add(about.facts);
    this.#advanced(source, open);
    return true;
  }

  #advanced(source: HistorySource, open: OpenSource): void {
    this.#settled = false;
    this.#changed = true;
    this.#fold();
    this.#sources.advanced(source.id, open, this.#host.now());
  }

  /** Stops looking at a source that was silent for long, if a hint can bring it back. */
  #settleSource(source: HistorySource): void {
    const now = this.#host.now();
    if (!Object.hasOwn(this.#hints, source.id)) return;
    if (!this.#sources.settle(source.id, this.#sources.open(source, now), now)) return;
    const { [source.id]: _hint, ...others } = this.#hints;
    this.#hints = others;
    this.#changed = true;
  }

  #readRecord(source: HistorySource, open: OpenSource, record: unknown): void {
    try {
      const read = this.#agent.history.read(open.cursor, record, guardOf(this.settings));
      open.cursor = read.cursor;
      this.#add(read.facts);
    } catch (error) {
      this.drop("history record failed");
      this.#host.log(`${this.#name()}: a record of ${source.id} failed: ${messageOf(error)}`);
    }
  }

  #name(): string {
    return `${this.ref.agent} ${this.ref.session}`;
  }
}
