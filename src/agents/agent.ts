/**
 * What an agent folder offers to the rest. Adding an agent means one folder with these parts and one line in
 * `registry.ts`; nothing outside `agents/<agent>/` knows its name.
 */

import type { JournalEvent } from "../journal/event.ts";
import type { FileChange } from "../setup/change.ts";
import type { HookCommand } from "../setup/command.ts";
import type { Fact } from "../trace/facts.ts";
import type { Message } from "../trace/node.ts";

/**
 * Hot path: what a hook call is. Dependency-free and pure; runs in the agent's time.
 * @param event the agent's event name, from argv or from the payload
 * @param payload the parsed payload (an object)
 * @param env the hook's environment
 */
export type Route = (
  event: string | undefined,
  payload: Readonly<Record<string, unknown>>,
  env: Readonly<Record<string, string | undefined>>,
) => Routed;

/** `foreign`: another program's payload, to be left alone. `ignore`: nothing that spans need. */
export type Routed =
  | { readonly verdict: "foreign" | "ignore" }
  | {
      readonly verdict: "trace";
      readonly event: string;
      readonly session: string;
      /**
       * `end`: something ended, start a drain. `start`: start one if a backlog waits. `within`: only if the last is old.
       * `never`: the agent waits to go on, and another event follows.
       */
      readonly drain: "end" | "start" | "within" | "never";
      /** In CI, how long this hook may wait for the drain (ms); absent or 0 = not at all. */
      readonly flushMs?: number;
    };

/** Hot-path half of an agent. */
export interface AgentRoute {
  readonly route: Route;
  /** Names of non-secret environment variables that this agent's facts need besides the common ones. */
  readonly env: readonly string[];
  /** Path of a file of `export NAME=value` lines that the user keeps for this agent alone: they win over the environment. */
  readonly environmentFile?: (env: Readonly<Record<string, string | undefined>>) => string | undefined;
  /** Exactly what the agent must read on stdout for "no opinion"; nearly everywhere nothing. */
  readonly reply?: (event: string | undefined) => string;
}

/** One file (or database) of the agent's own history that belongs to a session. */
export interface HistorySource {
  /** Stable name within the session; offsets and cursors are kept under it. */
  readonly id: string;
  readonly path: string;
  /**
   * Passed to the reader: what kind of file it is, which subagent it belongs to. JSON-serialisable. `pid`, where the
   * agent's folders tell it, is the process that writes the file, and becomes the session's hint of that name.
   */
  readonly role: Readonly<Record<string, string>>;
  /** True for a file that is one JSON document, written anew at every change: it is one record, read again as a whole. */
  readonly whole?: boolean;
}

/**
 * What the drain knows about a session when it asks for its history. JSON-serialisable. Three keys have a meaning for
 * every agent: `pid` (observed: the agent's process, so that a dead one's turns can be closed), `capture` (`full` when
 * whole inputs are wanted, given by the drain) and `transcript` (observed: the session's main history file).
 */
export type SessionHints = Readonly<Record<string, string>>;

/**
 * What a reader keeps of texts from one record to the next goes through this first, since cursors are stored: masked,
 * redacted and cut as facts are. Treating a text twice changes nothing.
 */
export interface Guard {
  readonly fact: <F extends Fact>(fact: F) => F;
  /** @param thread the thread whose conversation the message is part of */
  readonly message: (message: Message, thread: string) => Message;
}

/**
 * Pure reader of one history source: records in, facts out, with a small JSON-serialisable cursor of its own. (Methods,
 * so that readers with cursors of their own kind are all `HistoryReader`s to those who only keep the cursor for them.)
 */
export interface HistoryReader<Cursor = unknown> {
  initial(source: HistorySource): Cursor;
  /** @returns the next cursor and the facts of this record; unknown records give none */
  read(cursor: Cursor, record: unknown, guard: Guard): { readonly cursor: Cursor; readonly facts: readonly Fact[] };
  /** Facts of the source itself, whose role may have changed; asked after every reading of its records. */
  about?(cursor: Cursor, source: HistorySource): { readonly cursor: Cursor; readonly facts: readonly Fact[] };
}

/** What is new in a source that is no file of lines. */
export interface Unread<Cursor = unknown> {
  /** The very cursor that was given when nothing is new. */
  readonly cursor: Cursor;
  /** For the reader, one after the other. */
  readonly records: readonly unknown[];
  /** Nothing more can be read at the moment. */
  readonly atEnd: boolean;
  /** What keeps the source from being read, or from being read whole: logged, never fatal. */
  readonly note?: string;
}

/** Facts of one hook call. */
export interface Observed {
  readonly facts: readonly Fact[];
  /** Where the session's history is; merged into the session's hints. */
  readonly hints?: SessionHints;
  /** Why the event gave no facts, when it should have: counted and logged, never fatal. */
  readonly skipped?: string;
}

/** What is known about an agent on this machine. */
export interface Detection {
  readonly installed: boolean;
  readonly version?: string;
  /** Config files that registration would touch. */
  readonly files: readonly string[];
}

/** A finding of `doctor` or `status`. */
export interface Finding {
  readonly level: "ok" | "warning" | "error";
  readonly message: string;
  /** A command or a sentence that fixes it. */
  readonly fix?: string;
}

/** Where a registration goes: into the user's own settings, or into the repository that `SetupContext.folder` is in. */
export type SetupScope = "user" | "repo";

/** What registration may depend on. */
export interface SetupContext {
  /** Absent: the user's. Only scopes that the agent names are asked for. */
  readonly scope?: SetupScope;
  /** Folder in which the command was called. */
  readonly folder?: string;
  readonly home: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: NodeJS.Platform;
  /** Absolute path of the installed program that the registrations name. */
  readonly program: string;
  /** Output of `<agent> --version`, or undefined when the agent is not installed. Injected, so that tests need no agent. */
  readonly version: (command: string) => Promise<string | undefined>;
}

/** A file that could not be edited safely: told to the user, nothing written. */
export interface SetupRefusal {
  readonly file: string;
  readonly reason: string;
  readonly fix: string;
}

/** A hook call exactly as the agent makes it, of a session that does not exist: tries a fresh installation out. */
export interface Trial {
  readonly command: HookCommand;
  /** Stdin of the call. */
  readonly payload: string;
  /** What the agent must read on stdout; absent: nothing. */
  readonly reply?: string;
}

/** What giving an approval changed, or why it was not given. */
export type Granted = { readonly changes: readonly FileChange[] } | { readonly problem: string };

/** A consent that an agent asks of its user before it runs registered hooks, besides the registration. */
export interface Approval {
  /** What the user has to do, line by line; nothing when nothing is left to approve. */
  readonly pending: (context: SetupContext) => Promise<readonly string[]>;
  /** Gives it in the user's name, through the agent itself: only ever called when the user asked for that. */
  readonly grant: (context: SetupContext) => Promise<Granted>;
}

/** Registration and removal as text edits. Pure apart from reading files. */
export interface AgentSetup {
  /** Absent: the user's settings alone. */
  readonly scopes?: readonly SetupScope[];
  readonly detect: (context: SetupContext) => Promise<Detection>;
  readonly register: (context: SetupContext) => Promise<readonly FileChange[] | SetupRefusal>;
  readonly unregister: (context: SetupContext) => Promise<readonly FileChange[] | SetupRefusal>;
  /** Is every registration in place, is any of it double, is something left over? */
  readonly check: (context: SetupContext) => Promise<readonly Finding[]>;
  readonly trial: (context: SetupContext) => Trial;
  /** Absent: what is registered runs. */
  readonly approval?: Approval;
  /** Folder in which the agent finds the user's skills (`<folder>/<skill>/SKILL.md`). Absent: it knows none. */
  readonly skillFolder?: (context: SetupContext) => string;
  /** Plugins of ours that the agent has enabled: they register by themselves, and only the agent's own command removes them. */
  readonly plugins?: (context: SetupContext) => readonly EnabledPlugin[];
}

/** A plugin of ours in an agent. */
export interface EnabledPlugin {
  readonly name: string;
  /** The command that removes it. */
  readonly remove: string;
}

/** The drain's and the command line's half of an agent, loaded lazily. */
export interface Agent<Cursor = unknown> {
  /**
   * Facts of one hook call. `hints` is what earlier calls of the session said (absent: nothing): an agent whose single events do not tell
   * which turn or request they belong to keeps the ids it needs there (bounded, and never a text: hints are stored).
   */
  readonly observe: (event: JournalEvent, hints?: SessionHints) => Observed;
  /**
   * History files of a session that exist now. Reads folders, never file contents. `settled` are ids of sources that were
   * read to their end and are long silent: they need not be in the answer, and cost nothing when they are left out. A hint
   * whose key is the id of a source says that this source lives (again); a source without such a hint is never settled.
   */
  readonly sources: (
    session: string,
    hints: SessionHints,
    settled?: ReadonlySet<string>,
  ) => Promise<readonly HistorySource[]>;
  readonly history: HistoryReader<Cursor>;
  /**
   * Reads what is new in a source that is no file of lines (a database), where the reader's cursor says how far it was read;
   * undefined for a source that is followed line by line. Never throws, and never waits long.
   */
  follow?(source: HistorySource, cursor: Cursor): Unread<Cursor> | undefined;
  readonly setup: AgentSetup;
}

/** An entry of the registry. */
export interface AgentEntry {
  /** Key in `config.json` and in ids, default project name: `claude-code`. */
  readonly key: string;
  /** Name on the command line: `claude`. */
  readonly name: string;
  /** Name for people: `Claude Code`. */
  readonly title: string;
  readonly hook: AgentRoute;
  readonly load: () => Promise<Agent>;
}
