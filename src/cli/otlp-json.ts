/** Spans as OTLP JSON: one `TracesData` a line, which is the OTLP file format that the Collector reads and writes. */

import type { SinkTarget } from "../config/settings.ts";
import { encodeSpans } from "../export/encode.ts";
import type { StoredSpan } from "../store/types.ts";

/** One line with all given spans, which must be of one agent. The project is the agent's key, as it is by default. */
export function otlpJsonLine(spans: readonly StoredSpan[]): string {
  const agent = spans[0]?.agent ?? "";
  const target: SinkTarget = {
    id: "export",
    kind: "otlp",
    url: "",
    project: agent,
    encoding: "json",
    compression: "none",
    headers: {},
    layer: "file",
  };
  const bytes = encodeSpans(
    target,
    agent,
    spans.map(({ span }) => span),
  );
  return `${new TextDecoder().decode(bytes)}\n`;
}
