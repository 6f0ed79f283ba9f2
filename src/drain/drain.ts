/**
 * The drain: takes the lock, folds what the journal and the histories hold into the store, delivers, and ends.
 *
 * A starter leaves its wish (`paths.drainWanted`) after its line is in the journal. The holder removes the wish only when
 * everything that is final is folded and delivered, then looks at the journal once more, and after releasing the lock at the wish once more: a line that
 * came before the wish was removed is seen by the first look, a wish that came later by the second.
 */

import { isDamage, moveAside, openStore } from "../store/open.ts";
import type { Store } from "../store/types.ts";
import { Deliveries } from "./deliver.ts";
import type { DrainDeps } from "./deps.ts";
import { applyRetention, countLosses, markTime, setMark, touchMark } from "./housekeeping.ts";
import { acquireLock } from "./lock.ts";
import { messageOf } from "./log.ts";
import { Folder } from "./pass.ts";
import { resumeAfterChange } from "./resume.ts";

/** How often lagging histories are looked at, ms. */
const AWAIT_POLL_MS = 25;

/** How often the wish is looked at while the drain waits for something else, ms. */
const IDLE_POLL_MS = 50;

/**
 * How often the journal itself is looked at, ms: two wishes within one tick of the file system's clock look like one.
 */
const JOURNAL_POLL_MS = 1_000;

/** Counter of stores that were found damaged and set aside. */
const DAMAGED_STORE = "damaged store set aside";

/** `busy`: another drain holds the lock and will see the wish. */
export type DrainResult = "done" | "busy" | "failed";

/** Runs a drain. Never throws. */
export async function drain(deps: DrainDeps): Promise<DrainResult> {
  for (;;) {
    const lock = acquireLock(deps.paths.drainLock);
    if (lock.state === "busy") return "busy";
    if (lock.state === "failed") {
      deps.log(`cannot lock: ${lock.message}`);
      return "failed";
    }
    const before = markTime(deps.paths.drainWanted);
    let result: DrainResult;
    try {
      result = await holdLock(deps);
    } finally {
      lock.release();
    }
    deps.checkpoint?.("after release");
    const wish = markTime(deps.paths.drainWanted);
    // A wish that cannot be removed is not a new one.
    if (result === "failed" || wish === undefined || wish === before) return result;
  }
}

async function holdLock(deps: DrainDeps): Promise<DrainResult> {
  for (let attempt = 0; ; attempt++) {
    const store = openForDrain(deps);
    if (store === undefined) return "failed";
    if (attempt > 0) store.commitJournal({}, { [DAMAGED_STORE]: 1 });
    try {
      await live(deps, store);
      return "done";
    } catch (error) {
      deps.log(`drain failed: ${messageOf(error)}`);
      if (attempt > 0 || !isDamage(error)) return "failed";
    } finally {
      store.close();
    }
    if (!setAside(deps)) return "failed";
  }
}

function openForDrain(deps: DrainDeps): Store | undefined {
  for (let attempt = 0; ; attempt++) {
    const opened = openStore(deps.paths.store);
    if (opened.ok) {
      if (attempt > 0) opened.store.commitJournal({}, { [DAMAGED_STORE]: 1 });
      return opened.store;
    }
    const { error } = opened;
    if (error.problem === "newer") {
      deps.log(`store: schema ${error.version} is of a newer program (this one knows ${error.supported})`);
      return undefined;
    }
    deps.log(`store: ${error.message}`);
    if (error.problem !== "corrupt" || attempt > 0 || !setAside(deps)) return undefined;
  }
}

function setAside(deps: DrainDeps): boolean {
  try {
    deps.log(`store: damaged, kept as ${moveAside(deps.paths.store, deps.now())}`);
    return true;
  } catch (error) {
    deps.log(`store: damaged, and cannot be moved: ${messageOf(error)}`);
    return false;
  }
}

/** From the first pass until nothing is left to do, or the life is over. */
async function live(deps: DrainDeps, store: Store): Promise<void> {
  const { paths, now } = deps;
  const deadline = now() + deps.lifeMs;
  const folder = new Folder(deps, store);
  const deliveries = new Deliveries(deps, store, () => folder.configuration, deadline);
  let served: number | undefined;
  let looked = now();
  let stamp: string | undefined;

  const pass = async () => {
    served = markTime(paths.drainWanted);
    looked = now();
    touchMark(paths.drainLast, now());
    await folder.pass();
    countLosses(paths, store, deps.log);
    if (stamp !== folder.configuration.stamp) {
      stamp = folder.configuration.stamp;
      resumeAfterChange(store, folder.configuration, deps.log);
    }
    deliveries.kick();
    touchMark(paths.drainLast, now());
  };

  try {
    await pass();
    for (;;) {
      if (markTime(paths.drainWanted) !== served || folder.isDue()) await pass();
      else if (now() - looked >= JOURNAL_POLL_MS) {
        looked = now();
        if (folder.hasUnread()) await pass();
      } else if (folder.awaiting && (await folder.lookAgain())) deliveries.kick();
      else if ((deliveries.nextTry() ?? Number.POSITIVE_INFINITY) <= now()) deliveries.kick();
      const wait = waitFor(folder, deliveries, now(), deadline);
      if (wait !== undefined) {
        // Only the quiet time of an ended turn is left: whoever waits for this drain need not wait for that.
        const isServed = served !== undefined && !folder.awaiting && !deliveries.busy && !deliveries.nextTry();
        if (isServed && markTime(paths.drainWanted) === served) {
          setMark(paths.drainWanted, false);
          served = undefined;
          if (folder.hasUnread()) await pass();
        } else await deps.sleep(wait);
        continue;
      }
      setMark(paths.drainWanted, false);
      served = undefined;
      deps.checkpoint?.("after wish");
      if (!folder.hasUnread()) break;
      if (now() >= deadline) {
        // What came in the last moment is the next life's.
        touchMark(paths.drainWanted, now());
        break;
      }
      await pass();
    }
  } finally {
    await deliveries.stop();
  }
  applyRetention(store, folder.configuration.retention, now(), deps.log);
  setMark(
    paths.backlog,
    store.sinks().some(({ pending }) => pending > 0),
  );
}

/** How long to sleep before looking again, ms; undefined when this drain has nothing more to do. */
function waitFor(folder: Folder, deliveries: Deliveries, now: number, deadline: number): number | undefined {
  if (now >= deadline) return undefined;
  if (folder.awaiting) return AWAIT_POLL_MS;
  if (deliveries.busy) return IDLE_POLL_MS;
  const next = Math.min(
    folder.nextWake() ?? Number.POSITIVE_INFINITY,
    deliveries.nextTry() ?? Number.POSITIVE_INFINITY,
  );
  return next < deadline ? Math.min(IDLE_POLL_MS, Math.max(next - now, 1)) : undefined;
}
