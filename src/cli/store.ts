/** The store as commands ask it, and what the user may call a session or a trace. */

import { agentNamed } from "../agents/registry.ts";
import { openReader } from "../store/open.ts";
import type { SessionSummary, StoredSpan, StoreReader } from "../store/types.ts";
import { type CliContext, CliFailure } from "./context.ts";

/** Candidates listed when a prefix fits more than one. */
const MAX_CANDIDATES = 5;

const TRACE_ID_DIGITS = 32;

/** Shorter prefixes fit too much to be meant as one. */
const TRACE_PREFIX = /^[0-9a-f]{4,32}$/;

/** Runs a question against the store and closes it. @throws CliFailure when it cannot be read */
export async function withStore<T>(context: CliContext, ask: (store: StoreReader) => Promise<T> | T): Promise<T> {
  const opened = openReader(context.paths.store);
  if (!opened.ok) throw new CliFailure(storeProblem(context.paths.store, opened.error));
  try {
    return await ask(opened.store);
  } finally {
    opened.store.close();
  }
}

/** What is wrong with a store, and what to do. */
export function storeProblem(
  path: string,
  error: Extract<ReturnType<typeof openReader>, { readonly ok: false }>["error"],
): string {
  if (error.problem === "newer") {
    return `${path} was written by a newer version (schema ${error.version}, this one knows ${error.supported}): update harness-tracing`;
  }
  if (error.problem === "corrupt") return `${path} is damaged (${error.message}): the next delivery moves it aside`;
  return `${path} cannot be read: ${error.message}`;
}

/** What a word on the command line stands for. A trace comes with its session. */
export interface Chosen {
  readonly session: SessionSummary;
  readonly trace?: string;
}

/**
 * Finds a session or a trace by `latest`, its id or a prefix of it.
 * @param kind what the word may stand for
 * @throws CliFailure when nothing, or more than one, fits
 */
export function choose(store: StoreReader, word: string, kind: "session" | "trace" | "either"): Chosen {
  const sessions = store.listSessions({});
  const latest = sessions[0];
  if (!latest) throw new CliFailure("there are no sessions yet; try: harness-tracing demo");
  if (word === "latest" && kind !== "trace") return { session: latest };
  const candidates = [
    ...(kind === "trace" ? [] : sessionsStarting(sessions, word)),
    ...(kind === "session" ? [] : tracesStarting(store, sessions, word.toLowerCase())),
  ];
  const [first, ...others] = candidates;
  const what = kind === "either" ? "session or trace" : kind;
  if (!first) throw new CliFailure(`there is no ${what} "${word}"; list them with: harness-tracing sessions`);
  if (others.length === 0) return first;
  const some = candidates.slice(0, MAX_CANDIDATES).map(({ session, trace }) => trace ?? session.session);
  const more = candidates.length > MAX_CANDIDATES ? `\n  … ${candidates.length - MAX_CANDIDATES} more` : "";
  throw new CliFailure(`"${word}" fits more than one ${what}:\n  ${some.join("\n  ")}${more}`);
}

function sessionsStarting(sessions: readonly SessionSummary[], word: string): readonly Chosen[] {
  const exact = sessions.filter(({ session }) => session === word);
  const found = exact.length > 0 ? exact : sessions.filter(({ session }) => session.startsWith(word));
  return found.map((session) => ({ session }));
}

function tracesStarting(store: StoreReader, sessions: readonly SessionSummary[], prefix: string): readonly Chosen[] {
  if (!TRACE_PREFIX.test(prefix)) return [];
  const found = new Map<string, StoredSpan>();
  for (const stored of store.eachSpan(prefix.length === TRACE_ID_DIGITS ? { traceId: prefix } : {})) {
    if (stored.span.traceId.startsWith(prefix)) found.set(stored.span.traceId, stored);
  }
  return [...found].flatMap(([trace, span]) => {
    const session = sessions.find((one) => one.session === span.session && one.agent === span.agent);
    return session ? [{ session, trace }] : [];
  });
}

/** An agent's key from its name on the command line. @throws CliFailure for an unknown one */
export function agentKey(name: string): string {
  const agent = agentNamed(name);
  if (!agent) throw new CliFailure(`there is no agent "${name}"`);
  return agent.key;
}
