/** Throughput of masking: clean source text, text with secrets, and runs that a careless pattern would choke on. */

import { maskText } from "../../src/trace/mask.ts";

/** One measured kind of text. */
export interface MaskingFigure {
  readonly text: string;
  readonly megabytesPerSecond: number;
}

/** Growth of the time when the text grows eightfold; 8 is linear. */
export interface GrowthFigure {
  readonly piece: string;
  readonly growth: number;
}

const SIZE = 2_000_000;
const SMALL = 100_000;
const FACTOR = 8;
const RUNS = 5;

const PROSE = "The quick brown fox jumps over the lazy dog, and then reads the file again.\n";
// biome-ignore lint/suspicious/noTemplateCurlyInString: code as text
const CODE = "const value = items.map((item) => ({ id: item.id, key: `${item.key}`, token: next(item) }));\n";
const JSON_LINES =
  '{"id":"toolu_01","type":"tool_result","content":"ok","usage":{"input_tokens":12,"output_tokens":5}}\n';
const SECRETS = `export DB_PASSWORD=hunter2\nAuthorization: Bearer ${"0123456789abcdef".repeat(2)}\n`;

const ADVERSARIAL: readonly string[] = [
  "password=",
  "PASSWORD=...",
  '"token":"',
  "token=token=",
  "sk-",
  "eyJaaaaaaaaaaaa.eyJ",
  "://a:",
  "-----BEGIN PRIVATE KEY-----",
  "-----BEGIN PRIVATE KEY-----\nAAAAAAAAAAAAAAAAAAAA",
  "bearer ",
  "curl -u ",
  "a",
  "--token ",
];

function filled(piece: string, size: number): string {
  return piece.repeat(Math.ceil(size / piece.length));
}

function bestMillis(text: string): number {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < RUNS; run++) {
    const start = performance.now();
    maskText(text);
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

/** Measures throughput and growth. */
export function measureMasking(): {
  readonly throughput: readonly MaskingFigure[];
  readonly growth: readonly GrowthFigure[];
} {
  const kinds = { prose: PROSE, code: CODE, "json lines": JSON_LINES, secrets: SECRETS };
  const throughput = Object.entries(kinds).map(([text, piece]) => ({
    text,
    megabytesPerSecond: SIZE / 1000 / bestMillis(filled(piece, SIZE)),
  }));
  const growth = ADVERSARIAL.map((piece) => ({
    piece,
    growth: bestMillis(filled(piece, SMALL * FACTOR)) / bestMillis(filled(piece, SMALL)),
  }));
  return { throughput, growth };
}

if (import.meta.main) {
  const { throughput, growth } = measureMasking();
  console.table(throughput);
  console.table(growth);
}
