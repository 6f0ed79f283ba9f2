/**
 * Export throughput: spans per second encoded, compressed, sent to a receiver in another process on loopback and
 * acknowledged, in batches as the drain sends them. `bun test/bench/export-throughput.ts` prints the figures.
 */

import type { SinkTarget } from "../../src/config/settings.ts";
import { createDelivery } from "../../src/export/deliver.ts";
import { compress, encodeSpans } from "../../src/export/encode.ts";
import type { Span } from "../../src/trace/span.ts";

/** Throughput of one way to send. */
export interface ExportFigure {
  readonly encoding: SinkTarget["encoding"];
  readonly compression: SinkTarget["compression"];
  /** Encoded, compressed, sent and answered. */
  readonly spansPerSecond: number;
  /** Encoded and compressed alone. */
  readonly encodedPerSecond: number;
  /** Bytes on the wire per span. */
  readonly bytesPerSpan: number;
}

const BATCH_SPANS = 200;
const BATCHES = 20;
const WARM_UP_BATCHES = 3;
/** Characters of prose and code in one span's messages: a typical model call's new input and output. */
const TEXT_CHARS = 2_000;
const TIMEOUT_MS = 30_000;

const WORDS =
  "the function reads the file and returns every line that matches const value = await run({ path, limit });".split(
    " ",
  );

/** Text that compresses like prose and code do, the same in every run. */
function textOf(seed: number): string {
  let text = "";
  for (let state = seed + 1; text.length < TEXT_CHARS; ) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    text += `${WORDS[state % WORDS.length]}${state % 7 === 0 ? state.toString(36) : ""} `;
  }
  return text;
}

function spanOf(n: number): Span {
  const start = 1_780_000_000_000_000_000n + BigInt(n) * 1_000_000_000n;
  return {
    traceId: (n >> 4).toString(16).padStart(32, "a"),
    spanId: n.toString(16).padStart(16, "b"),
    ...(n % 16 === 0 ? {} : { parentId: (n - (n % 16)).toString(16).padStart(16, "b") }),
    name: "claude-opus-5-5",
    kind: "LLM",
    start: String(start),
    end: String(start + 800_000_000n),
    status: { code: "OK" },
    attributes: {
      "openinference.span.kind": "LLM",
      "session.id": "0b7f3c1e-7a51-4f0e-9c2e-2a8d1f6f0e11",
      "user.id": "ada",
      "llm.model_name": "claude-opus-5-5",
      "llm.provider": "anthropic",
      "llm.system": "anthropic",
      "llm.token_count.prompt": 12_000 + n,
      "llm.token_count.completion": 300,
      "llm.token_count.total": 12_300 + n,
      "llm.token_count.prompt_details.cache_read": 11_000,
      "llm.finish_reason": "tool_use",
      "llm.input_messages.0.message.role": "tool",
      "llm.input_messages.0.message.content": textOf(n),
      "llm.output_messages.0.message.role": "assistant",
      "llm.output_messages.0.message.tool_calls.0.tool_call.id": `toolu_${n}`,
      "llm.output_messages.0.message.tool_calls.0.tool_call.function.name": "Bash",
      "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments": `{"command":"ls -la src/${n}"}`,
    },
    events: [],
    links: [],
  };
}

/** Measures every way to send. @throws when the receiver does not take a batch */
export async function measureExport(): Promise<readonly ExportFigure[]> {
  const spans = Array.from({ length: BATCH_SPANS * (BATCHES + WARM_UP_BATCHES) }, (_, n) => spanOf(n));
  const batches = Array.from({ length: BATCHES + WARM_UP_BATCHES }, (_, n) =>
    spans.slice(n * BATCH_SPANS, (n + 1) * BATCH_SPANS),
  );
  const receiver = Bun.spawn([process.execPath, import.meta.path, RECEIVER], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit",
  });
  try {
    const { value } = await receiver.stdout.getReader().read();
    const url = new TextDecoder().decode(value).trim();
    const figures: ExportFigure[] = [];
    for (const encoding of ["protobuf", "json"] as const) {
      for (const compression of ["gzip", "none"] as const) {
        figures.push(await measure({ ...TARGET, url, encoding, compression }, batches));
      }
    }
    return figures;
  } finally {
    receiver.kill();
    await receiver.exited;
  }
}

const TARGET: SinkTarget = {
  id: "bench",
  kind: "otlp",
  url: "",
  project: "bench",
  encoding: "protobuf",
  compression: "gzip",
  headers: {},
  layer: "file",
};

async function measure(target: SinkTarget, batches: readonly (readonly Span[])[]): Promise<ExportFigure> {
  const { deliver } = createDelivery({});
  const send = async (spans: readonly Span[]): Promise<void> => {
    const report = await deliver(target, undefined, "claude-code", spans, { timeoutMs: TIMEOUT_MS });
    if (report.outcome !== "accepted") throw new Error(JSON.stringify(report));
  };
  for (const batch of batches.slice(0, WARM_UP_BATCHES)) await send(batch);
  const measured = batches.slice(WARM_UP_BATCHES);
  const count = measured.reduce((sum, batch) => sum + batch.length, 0);

  let start = performance.now();
  for (const batch of measured) await send(batch);
  const sent = performance.now() - start;

  start = performance.now();
  let bytes = 0;
  for (const batch of measured) bytes += compress(target, encodeSpans(target, "claude-code", batch)).length;
  const encoded = performance.now() - start;

  return {
    encoding: target.encoding,
    compression: target.compression,
    spansPerSecond: (count / sent) * 1000,
    encodedPerSecond: (count / encoded) * 1000,
    bytesPerSpan: bytes / count,
  };
}

const RECEIVER = "--receiver";

if (import.meta.main && process.argv[2] === RECEIVER) {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: async (request) => {
      await request.arrayBuffer();
      return new Response();
    },
  });
  console.log(`http://127.0.0.1:${server.port}/v1/traces`);
  // The measuring process holds the other end: without it there is nothing to serve.
  await Bun.stdin.text();
  await server.stop(true);
} else if (import.meta.main) {
  for (const { encoding, compression, spansPerSecond, encodedPerSecond, bytesPerSpan } of await measureExport()) {
    console.log(
      `${encoding.padEnd(8)} ${compression.padEnd(4)} ${spansPerSecond.toFixed(0).padStart(7)} spans/s sent ` +
        `${encodedPerSecond.toFixed(0).padStart(7)} spans/s encoded ${bytesPerSpan.toFixed(0).padStart(6)} bytes/span`,
    );
  }
}
