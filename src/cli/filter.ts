/** The filters that `sessions` and `export` share. */

import type { SpanFilter, StoreReader } from "../store/types.ts";
import type { Input, OptionSpec } from "./command.ts";
import { UsageError } from "./context.ts";
import { agentKey, choose } from "./store.ts";
import { parseMoment } from "./text.ts";

const KINDS = ["AGENT", "LLM", "TOOL", "CHAIN"];

/** Options of a span filter. */
export const FILTER_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  session: { type: "string", value: "<id>", help: "one session: id, prefix or latest" },
  trace: { type: "string", value: "<id>", help: "one trace: id or prefix" },
  kind: { type: "string", value: "<kind>", help: "AGENT, LLM, TOOL or CHAIN" },
  tool: { type: "string", value: "<name>", help: "calls of one tool, for instance Bash" },
  agent: { type: "string", value: "<name>", help: "one agent, for instance claude" },
  since: { type: "string", value: "<when>", help: "from a date or time, or back from now: 30m, 24h, 7d" },
  until: { type: "string", value: "<when>", help: "up to a date or time" },
};

/** The filter that the options ask for. @throws UsageError, CliFailure for what does not exist */
export function filterOf(input: Input, store: StoreReader, now: number): SpanFilter {
  const kind = input.text("kind")?.toUpperCase();
  if (kind !== undefined && !KINDS.includes(kind)) throw new UsageError(`--kind takes one of ${KINDS.join(", ")}`);
  const tool = input.text("tool");
  const agent = input.text("agent");
  const since = moment(input, "since", now);
  const until = moment(input, "until", now);
  return {
    ...chosen(input, store),
    ...(kind === undefined ? {} : { kind }),
    ...(tool === undefined ? {} : { tool }),
    ...(agent === undefined ? {} : { agent: agentKey(agent) }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
}

/** A moment option. @throws UsageError when it is none */
export function moment(input: Input, name: string, now: number): number | undefined {
  const text = input.text(name);
  if (text === undefined) return undefined;
  const at = parseMoment(text, now);
  if (at === undefined) throw new UsageError(`--${name} takes a date (2026-01-31, 2026-01-31T14:00) or 30m, 24h, 7d`);
  return at;
}

function chosen(input: Input, store: StoreReader): SpanFilter {
  const session = input.text("session");
  const trace = input.text("trace");
  const bySession = session === undefined ? undefined : choose(store, session, "session").session;
  const byTrace = trace === undefined ? undefined : choose(store, trace, "trace").trace;
  return {
    ...(bySession ? { session: bySession.session, agent: bySession.agent } : {}),
    ...(byTrace ? { traceId: byTrace } : {}),
  };
}
