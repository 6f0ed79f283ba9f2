/** Sends what the store holds undelivered, every sink for itself, and keeps the store in step with the answers (law 4). */

import type { SinkTarget } from "../config/settings.ts";
import type { DeliveryReport } from "../export/sink.ts";
import type { QueuedSpan, SinkStatus, Store } from "../store/types.ts";
import type { Configuration, DrainDeps } from "./deps.ts";
import { messageOf } from "./log.ts";

/** Spans of one request. */
const BATCH_SPANS = 200;

/** Stored JSON of one request's spans, bytes. */
const BATCH_BYTES = 3 * 1024 * 1024;

/** One request, ms. */
const REQUEST_TIMEOUT_MS = 10_000;

/** First pause after a failure, ms; doubles with every failure in a row. */
const BACKOFF_MS = 1_000;

/** Longest pause that this program chooses, ms. */
const MAX_BACKOFF_MS = 15 * 60_000;

/** Longest `Retry-After` that is believed, ms. */
const MAX_RETRY_AFTER_MS = 24 * 3_600_000;

/** Reason shown for a sink whose credential this process has not got. */
export const NO_CREDENTIAL = "waiting for its credential";

/** Epoch ms before which nothing is sent: exponential with jitter, never before what the sink asked for. */
export function backoffUntil(now: number, failures: number, retryAfterMs: number | undefined, random: number): number {
  const pause = Math.min(BACKOFF_MS * 2 ** Math.min(failures, 30), MAX_BACKOFF_MS);
  const jittered = pause * (0.5 + random / 2);
  return now + Math.max(jittered, Math.min(retryAfterMs ?? 0, MAX_RETRY_AFTER_MS));
}

/** What a batch came to: go on with the sink, or leave it for now. */
type Outcome = "go on" | "stop";

/** The deliveries of one drain. */
export class Deliveries {
  readonly #deps: DrainDeps;
  readonly #store: Store;
  readonly #configuration: () => Configuration;
  readonly #active = new Map<string, Promise<void>>();
  /** Sinks that this process cannot send to (no credential), by the stamp under which that was found. */
  readonly #without = new Map<string, string>();
  /** Spans that a sink takes at once, where it refused more. */
  readonly #sizes = new Map<string, number>();
  readonly #abort = new AbortController();
  /** Epoch ms. */
  readonly #deadline: number;
  /** When the next attempt is due; asked of the store only when something has changed. */
  #next: { readonly at: number | undefined } | undefined;

  constructor(deps: DrainDeps, store: Store, configuration: () => Configuration, deadline: number) {
    this.#deps = deps;
    this.#store = store;
    this.#configuration = configuration;
    this.#deadline = deadline;
  }

  /** Starts sending to every sink that has something and may be sent to. Returns at once. */
  kick(): void {
    const now = this.#deps.now();
    this.#next = undefined;
    if (now >= this.#deadline || this.#abort.signal.aborted) return;
    for (const sink of this.#store.sinks()) {
      const { id } = sink.target;
      if (!this.#deliverable(sink) || sink.notBefore > now) continue;
      const work = this.#send(sink)
        .catch((error) => {
          // The store's trouble, not the sink's: folding meets it too and says what becomes of the drain.
          this.#without.set(id, this.#configuration().stamp);
          this.#deps.log(`sink ${id}: ${messageOf(error)}`);
        })
        .finally(() => {
          this.#active.delete(id);
          this.#next = undefined;
        });
      this.#active.set(id, work);
    }
  }

  get busy(): boolean {
    return this.#active.size > 0;
  }

  /** Epoch ms of the next attempt that this process could make; undefined when there is nothing to wait for. */
  nextTry(): number | undefined {
    if (this.#next === undefined) {
      const times = this.#store.sinks().flatMap((sink) => (this.#deliverable(sink) ? [sink.notBefore] : []));
      this.#next = { at: times.length === 0 ? undefined : Math.min(...times) };
    }
    return this.#next.at;
  }

  /** Ends requests under way: what was not answered is sent again by a later drain. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await Promise.all(this.#active.values());
  }

  #deliverable(sink: SinkStatus): boolean {
    return (
      sink.pending > 0 &&
      sink.paused === undefined &&
      !this.#active.has(sink.target.id) &&
      this.#without.get(sink.target.id) !== this.#configuration().stamp
    );
  }

  async #send({ target, failures }: SinkStatus): Promise<void> {
    let failed = failures;
    for (;;) {
      if (this.#abort.signal.aborted || this.#deps.now() >= this.#deadline) return;
      const queue = this.#store.undelivered(target.id, this.#sizes.get(target.id) ?? BATCH_SPANS, BATCH_BYTES);
      const [first] = queue;
      if (first === undefined) return;
      // One request says one agent; the others' turn comes next.
      const batch = queue.filter(({ agent }) => agent === first.agent);
      if ((await this.#attempt(target, first.agent, batch, failed)) === "stop") return;
      failed = 0;
    }
  }

  async #attempt(target: SinkTarget, agent: string, batch: readonly QueuedSpan[], failures: number): Promise<Outcome> {
    const configuration = this.#configuration();
    const credentials = configuration.credentialsFor(target, agent);
    if (target.credential !== undefined && credentials === undefined) {
      this.#without.set(target.id, configuration.stamp);
      this.#store.markWaiting(target.id, NO_CREDENTIAL);
      return "stop";
    }
    this.#store.markWaiting(target.id, undefined);
    this.#deps.checkpoint?.("before send");
    const report = await this.#request(target, agent, batch, credentials);
    this.#deps.checkpoint?.("after send");
    if (report === "aborted") return "stop";
    const outcome = await this.#record(target, agent, batch, failures, report);
    this.#deps.checkpoint?.("after record");
    return outcome;
  }

  async #request(
    target: SinkTarget,
    agent: string,
    batch: readonly QueuedSpan[],
    credentials: ReturnType<Configuration["credentialsFor"]>,
  ): Promise<DeliveryReport | "aborted"> {
    const timeoutMs = Math.max(1, Math.min(REQUEST_TIMEOUT_MS, this.#deadline - this.#deps.now()));
    try {
      const spans = batch.map(({ span }) => span);
      const report = await this.#deps.deliver(target, credentials, agent, spans, {
        timeoutMs,
        signal: this.#abort.signal,
      });
      // An aborted request says nothing about the sink.
      return this.#abort.signal.aborted && report.outcome === "retry" ? "aborted" : report;
    } catch (error) {
      return { outcome: "retry", reason: messageOf(error) };
    }
  }

  async #record(
    target: SinkTarget,
    agent: string,
    batch: readonly QueuedSpan[],
    failures: number,
    report: DeliveryReport,
  ): Promise<Outcome> {
    const now = this.#deps.now();
    const rows = batch.map(({ row }) => row);
    switch (report.outcome) {
      case "accepted":
        this.#store.markDelivered(target.id, rows, report.rejected, now);
        if (report.rejected > 0)
          this.#deps.log(`sink ${target.id}: ${report.rejected} of ${rows.length} spans rejected`);
        return "go on";
      case "retry": {
        const until = backoffUntil(now, failures, report.retryAfterMs, this.#deps.random());
        this.#store.backoffSink(target.id, report.reason, until);
        this.#deps.log(`sink ${target.id}: ${report.reason}; again in ${Math.ceil((until - now) / 1000)} s`);
        return "stop";
      }
      case "pause":
        this.#store.pauseSink(target.id, report.reason, this.#configuration().stamp);
        this.#deps.log(`sink ${target.id}: paused until the configuration changes: ${report.reason}`);
        return "stop";
      case "split":
      case "refused":
        if (batch.length === 1) {
          this.#store.markRefused(target.id, rows, report.reason);
          this.#deps.log(`sink ${target.id}: a span was refused: ${report.reason}`);
          return "go on";
        }
        if (report.outcome === "split") this.#sizes.set(target.id, Math.ceil(batch.length / 2));
        return this.#halves(target, agent, batch);
    }
  }

  async #halves(target: SinkTarget, agent: string, batch: readonly QueuedSpan[]): Promise<Outcome> {
    const middle = Math.ceil(batch.length / 2);
    for (const half of [batch.slice(0, middle), batch.slice(middle)]) {
      if (this.#abort.signal.aborted || this.#deps.now() >= this.#deadline) return "stop";
      if ((await this.#attempt(target, agent, half, 0)) === "stop") return "stop";
    }
    return "go on";
  }
}
