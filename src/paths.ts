/**
 * Where everything lives below the user's home. One place, so that tests can point a whole pipeline at another home.
 * Dependency-free: the hot path imports it.
 */

/** Absolute paths of one user's installation. */
export interface Paths {
  /** `~/.arize/harness` */
  readonly root: string;
  /** `config.json`, 0600 */
  readonly config: string;
  /** Installed programs. */
  readonly bin: string;
  /** `logs/<agent>.log`, `logs/drain.log` */
  readonly logs: string;
  /** 0700; everything below is ours. */
  readonly state: string;
  /** `state/journal/<agent>/<session>.<bucket>.jsonl` */
  readonly journal: string;
  /** SQLite store. */
  readonly store: string;
  /** SQLite file whose exclusive transaction is the drain lock. */
  readonly drainLock: string;
  /** Touched by whoever wants a drain; removed by the drain that serves the wish. */
  readonly drainWanted: string;
  /** Its mtime says when a drain last made progress. */
  readonly drainLast: string;
  /** Exists while undelivered spans wait for a later drain. */
  readonly backlog: string;
  /** 32 random bytes that salt credential fingerprints; never leaves the machine. */
  readonly salt: string;
  /** Exists when hooks wait for the delivery (`flush: "sync"`): written by `install`, since agents strip environments. */
  readonly flushSync: string;
  /** Notes of losses the hook could not journal (one small file each), counted and removed by the drain. */
  readonly losses: string;
}

/** Paths below a given home folder. */
export function pathsIn(home: string): Paths {
  const root = `${home}/.arize/harness`;
  const state = `${root}/state`;
  return {
    root,
    config: `${root}/config.json`,
    bin: `${root}/bin`,
    logs: `${root}/logs`,
    state,
    journal: `${state}/journal`,
    store: `${state}/traces.db`,
    drainLock: `${state}/drain.lock`,
    drainWanted: `${state}/drain.wanted`,
    drainLast: `${state}/drain.last`,
    backlog: `${state}/backlog`,
    salt: `${state}/salt`,
    flushSync: `${state}/flush.sync`,
    losses: `${state}/losses`,
  };
}

/**
 * The user's home folder from the environment (`HOME`, on Windows `USERPROFILE`), or undefined when neither names one.
 * The environment is asked, not the password database: an agent that runs with another HOME means that home.
 */
export function homeOf(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const home = env.HOME || env.USERPROFILE;
  if (!home) return undefined;
  return home.length > 1 ? home.replace(/[/\\]+$/, "") : home;
}
