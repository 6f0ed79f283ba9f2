/** `show`: one session or trace as a tree. */

import type { SessionSummary } from "../store/types.ts";
import { millisOf, type Span } from "../trace/span.ts";
import type { Input } from "./command.ts";
import type { CliContext } from "./context.ts";
import { choose, withStore } from "./store.ts";
import { clock, count, dateTime, duration, oneLine, plural, shortPath } from "./text.ts";
import { type TreeOptions, traceLines } from "./tree.ts";

const ROOT_TEXT_WIDTH = 200;

export async function show(input: Input, context: CliContext): Promise<number> {
  const word = input.positionals[0] ?? "latest";
  await withStore(context, (store) => {
    const { session, trace } = choose(store, word, "either");
    const spans = store
      .spans({ agent: session.agent, session: session.session, ...(trace === undefined ? {} : { traceId: trace }) })
      .map((stored) => stored.span);
    if (input.flag("json")) context.out(`${JSON.stringify({ session, spans }, undefined, 2)}\n`);
    else context.out(sessionText(session, spans, context, input.flag("full")));
  });
  return 0;
}

/** A session's head and the trees of its traces, in order. */
export function sessionText(
  session: SessionSummary,
  spans: readonly Span[],
  context: Pick<CliContext, "style" | "home" | "columns">,
  full: boolean,
): string {
  const { style } = context;
  const options: TreeOptions = { style, full, width: context.columns };
  const traces = [...Map.groupBy(spans, ({ traceId }) => traceId).values()];
  return `${[
    head(session, context),
    ...traces.map((trace, index) => [traceHead(trace, index, options), ...traceLines(trace, options)].join("\n")),
  ].join("\n\n")}\n`;
}

function head(session: SessionSummary, { style, home }: Pick<CliContext, "style" | "home">): string {
  const facts = [
    session.agent,
    ...(session.cwd === undefined ? [] : [shortPath(oneLine(session.cwd, 80), home)]),
    dateTime(session.firstStart),
    duration(session.lastEnd - session.firstStart),
  ];
  const sums = [
    plural(session.turns, "turn"),
    plural(session.llmCalls, "model call"),
    plural(session.toolCalls, "tool call"),
    `${count(session.promptTokens)} tokens in, ${count(session.completionTokens)} out`,
    session.errors > 0 ? style.red(plural(session.errors, "error")) : "no errors",
  ];
  return `${style.bold(`Session ${oneLine(session.session, 80)}`)}\n${facts.join(" · ")}\n${sums.join(" · ")}`;
}

function traceHead(spans: readonly Span[], index: number, { style }: TreeOptions): string {
  const root = spans.find(({ parentId }) => parentId === undefined);
  const number = turnIndex(root) ?? index + 1;
  const at = clock(millisOf((root ?? spans[0])?.start ?? "0"));
  const input = root?.attributes["input.value"];
  const prompt = typeof input === "string" ? ` ${oneLine(input, ROOT_TEXT_WIDTH)}` : "";
  return `${style.bold(`Turn ${number}`)} ${style.dim(`${at}  trace ${spans[0]?.traceId}`)}\n${style.green(">")}${prompt}`;
}

function turnIndex(root: Span | undefined): number | undefined {
  try {
    const index: unknown = JSON.parse(String(root?.attributes.metadata)).turn_index;
    return typeof index === "number" ? index : undefined;
  } catch {
    return undefined;
  }
}
