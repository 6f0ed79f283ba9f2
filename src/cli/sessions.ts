/** `sessions`: what was traced, the latest first. */

import type { SessionSummary } from "../store/types.ts";
import type { Input } from "./command.ts";
import { type CliContext, UsageError } from "./context.ts";
import { moment } from "./filter.ts";
import { agentKey, withStore } from "./store.ts";
import { count, dateTime, duration, oneLine, table } from "./text.ts";

const DEFAULT_LIMIT = 20;
const PROMPT_WIDTH = 48;
const ID_WIDTH = 36;

export async function sessions(input: Input, context: CliContext): Promise<number> {
  const limit = limitOf(input.text("limit"));
  const agent = input.text("agent");
  const since = moment(input, "since", context.now());
  const found = await withStore(context, (store) =>
    store.listSessions({
      limit,
      ...(agent === undefined ? {} : { agent: agentKey(agent) }),
      ...(since === undefined ? {} : { since }),
    }),
  );
  if (input.flag("json")) context.out(`${JSON.stringify(found, undefined, 2)}\n`);
  else if (found.length === 0) context.out("No sessions yet. Try: harness-tracing demo\n");
  else context.out(`${list(found, context)}\n`);
  return 0;
}

function list(found: readonly SessionSummary[], { style }: CliContext): string {
  const head = [
    "SESSION",
    "AGENT",
    "STARTED",
    "LENGTH",
    "TURNS",
    "CALLS",
    "TOOLS",
    "TOKENS IN/OUT",
    "ERRORS",
    "PROMPT",
  ];
  const rows = found.map((one) => [
    oneLine(one.session, ID_WIDTH),
    one.agent,
    dateTime(one.firstStart),
    duration(one.lastEnd - one.firstStart),
    count(one.turns),
    count(one.llmCalls),
    count(one.toolCalls),
    `${count(one.promptTokens)} / ${count(one.completionTokens)}`,
    one.errors > 0 ? style.red(count(one.errors)) : "0",
    oneLine(one.firstInput ?? "", PROMPT_WIDTH),
  ]);
  return table([head.map(style.dim), ...rows]);
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LIMIT;
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1) throw new UsageError(`--limit takes a number, not "${text}"`);
  return limit;
}
