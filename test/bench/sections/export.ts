/** Spans per second through a sink's real transport, by encoding and compression. */

import { measureExport } from "../export-throughput.ts";
import type { Section } from "../section.ts";

export const section: Section = {
  title: "Export throughput",
  run: async () =>
    (await measureExport()).map(({ encoding, compression, spansPerSecond, encodedPerSecond, bytesPerSpan }) => ({
      measure: `${encoding}, ${compression}`,
      value: `${spansPerSecond.toFixed(0)} spans/s sent, ${encodedPerSecond.toFixed(0)} spans/s encoded, ${bytesPerSpan.toFixed(0)} bytes/span`,
    })),
};
