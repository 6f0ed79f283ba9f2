/**
 * What a change of the configuration does to waiting spans: paused sinks are tried again, and a backlog follows its
 * session to where that session goes now, when the place it was meant for has been replaced (an expired key, a corrected
 * endpoint). A session's spans never go anywhere that its own settings do not name.
 */

import type { SinkTarget } from "../config/settings.ts";
import type { SinkStatus, Store } from "../store/types.ts";
import type { Configuration, SessionContext } from "./deps.ts";
import type { Log } from "./log.ts";

/** Applies the present configuration to the sinks that have trouble. */
export function resumeAfterChange(store: Store, configuration: Configuration, log: Log): void {
  for (const sink of store.sinks()) {
    if (sink.pending > 0 && isStuck(sink)) follow(store, configuration, sink, log);
  }
  for (const id of store.resumeSinks(configuration.stamp)) log(`sink ${id}: configuration changed, trying again`);
}

function isStuck(sink: SinkStatus): boolean {
  return sink.paused !== undefined || sink.waiting !== undefined || sink.failures > 0;
}

function follow(store: Store, configuration: Configuration, sink: SinkStatus, log: Log): void {
  for (const { agent, session, context } of store.pendingSessions(sink.target.id)) {
    const known: SessionContext = context === undefined ? { env: {}, credentials: {} } : JSON.parse(context);
    const { sinks } = configuration.settingsOf(agent, known);
    const same = sinks.find(({ id }) => id === sink.target.id);
    if (same !== undefined) {
      store.putSink(same);
      continue;
    }
    const successor = sinks.find((target) => succeeds(target, sink));
    if (successor === undefined) continue;
    const moved = store.retarget({ agent, session }, sink.target.id, successor);
    log(`${agent} ${session}: ${moved} spans go to ${successor.id} instead of ${sink.target.id}`);
  }
}

/**
 * In the file a sink takes the place of another of its kind. In a session's environment only a new credential for the very
 * same place does, once the old one was refused.
 */
function succeeds(target: SinkTarget, { target: old, paused }: SinkStatus): boolean {
  if (target.layer !== old.layer || target.kind !== old.kind) return false;
  return old.layer === "file" || (paused !== undefined && target.url === old.url && target.project === old.project);
}
