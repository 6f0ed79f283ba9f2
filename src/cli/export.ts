/** `export`: spans to stdout, one after the other, so that any number of them fits. */

import type { StoredSpan } from "../store/types.ts";
import type { Input } from "./command.ts";
import { type CliContext, UsageError } from "./context.ts";
import { CSV_HEAD, csvLine } from "./csv.ts";
import { filterOf } from "./filter.ts";
import { otlpJsonLine } from "./otlp-json.ts";
import { withStore } from "./store.ts";

/** Spans in one line of OTLP JSON. */
const OTLP_BATCH = 200;

/** Characters written at once. */
const CHUNK_CHARS = 64 * 1024;

export async function exportSpans(input: Input, context: CliContext): Promise<number> {
  const format = input.text("format") ?? "jsonl";
  const lines = LINES[format];
  if (!lines) throw new UsageError(`--format takes one of ${Object.keys(LINES).join(", ")}`);
  await withStore(context, (store) => {
    let chunk = "";
    for (const line of lines(store.eachSpan(filterOf(input, store, context.now())))) {
      chunk += line;
      if (chunk.length < CHUNK_CHARS) continue;
      context.out(chunk);
      chunk = "";
    }
    if (chunk !== "") context.out(chunk);
  });
  return 0;
}

type Lines = (spans: Iterable<StoredSpan>) => Iterable<string>;

const LINES: Readonly<Record<string, Lines>> = { jsonl: jsonLines, "otlp-json": otlpLines, csv: csvLines };

function* jsonLines(spans: Iterable<StoredSpan>): Iterable<string> {
  for (const { agent, session, span } of spans) yield `${JSON.stringify({ agent, session, ...span })}\n`;
}

function* csvLines(spans: Iterable<StoredSpan>): Iterable<string> {
  yield CSV_HEAD;
  for (const span of spans) yield csvLine(span);
}

/** Batches of one agent each, since the agent is a resource attribute. */
function* otlpLines(spans: Iterable<StoredSpan>): Iterable<string> {
  let batch: StoredSpan[] = [];
  for (const span of spans) {
    if (batch.length === OTLP_BATCH || (batch[0] && batch[0].agent !== span.agent)) {
      yield otlpJsonLine(batch);
      batch = [];
    }
    batch.push(span);
  }
  if (batch.length > 0) yield otlpJsonLine(batch);
}
