/**
 * The spans of recorded sessions, delivered to a real OpenTelemetry Collector in every encoding, compared with what its
 * file exporter wrote; and an outage in between.
 */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkTarget, deliver } from "../../../src/export/deliver.ts";
import type { Attributes, AttributeValue, Span } from "../../../src/trace/span.ts";
import { decodeRequest, type ReceivedSpan, type Value, type Values } from "../../support/otlp.ts";
import { recordings } from "../../support/recording.ts";
import { Checks, type Tally } from "./checks.ts";
import { buildCollector, type Collector, startCollector } from "./collectorServer.ts";
import { makeHome } from "./home.ts";
import { eventually, freePort } from "./process.ts";

const FLUSH_MS = 60_000;
const WRITE_MS = 20_000;
const LIMITS = { timeoutMs: 30_000 };
const STATUS = { UNSET: 0, OK: 1, ERROR: 2 } as const;
const INTERNAL = 1;

function wireValue(value: AttributeValue): Value {
  if (typeof value === "string") return { type: "string", value };
  if (typeof value === "boolean") return { type: "bool", value };
  if (typeof value === "number") {
    return Number.isInteger(value) ? { type: "int", value: String(value) } : { type: "double", value };
  }
  return { type: "array", value: value.map(wireValue) };
}

function valuesOf(attributes: Attributes): Values {
  return Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, wireValue(value)]));
}

function expected(span: Span): ReceivedSpan {
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    parentId: span.parentId ?? "",
    name: span.name,
    kind: INTERNAL,
    start: span.start,
    end: span.end,
    status: { code: STATUS[span.status.code], message: span.status.message ?? "" },
    attributes: valuesOf(span.attributes),
    events: span.events.map(({ name, time, attributes }) => ({ name, time, attributes: valuesOf(attributes) })),
    links: span.links.map(({ traceId, spanId, attributes }) => ({ traceId, spanId, attributes: valuesOf(attributes) })),
  };
}

const bySpan = (a: ReceivedSpan, b: ReceivedSpan): number => (a.spanId < b.spanId ? -1 : 1);
const JSON_HEADERS = new Headers({ "content-type": "application/json" });

/** What the Collector has written so far. Its last line may not be complete yet. */
function written(collector: Collector): ReceivedSpan[] {
  const text = readFileSync(collector.file, "utf8");
  return text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .filter((line) => line !== "")
    .flatMap((line) => decodeRequest(Buffer.from(line), JSON_HEADERS))
    .flatMap(({ spans }) => spans);
}

async function received(collector: Collector, count: number): Promise<ReceivedSpan[]> {
  return eventually(`${count} spans in the Collector's file`, WRITE_MS, async () => {
    const spans = written(collector);
    return spans.length >= count ? spans : undefined;
  });
}

/** One way to send. */
interface Wire {
  readonly encoding: "protobuf" | "json";
  readonly compression: "gzip" | "none";
}

async function deliverAll(checks: Checks, program: string, folder: string, wire: Wire): Promise<void> {
  const { encoding, compression } = wire;
  const name = `${encoding}, ${compression === "gzip" ? "gzip" : "not compressed"}`;
  const port = await freePort();
  let collector = await startCollector(program, folder, port);
  const home = makeHome({ target: "otlp", endpoint: collector.url, protocol: `http/${encoding}`, compression });
  try {
    const [later = "", ...first] = recordings();
    for (const scenario of first) home.record(scenario);
    const nothing = { segments: 0, sessions: 0, deliverable: 0, held: 0 };
    checks.equal(`${name}: the drain delivers everything`, await home.flush(FLUSH_MS), nothing);
    const sinkOf = home.sinks()[0]?.target;
    if (sinkOf === undefined) throw new Error("the store has no sink");
    checks.equal(
      `${name}: the sink is what was configured`,
      { encoding: sinkOf.encoding, compression: sinkOf.compression },
      wire,
    );
    const once = home.spans().map(({ span }) => expected(span));
    const got = (await received(collector, once.length)).sort(bySpan);
    checks.equal(`${name}: ${once.length} spans as the Collector wrote them`, got, once.sort(bySpan));

    const checked = await checkTarget(sinkOf, undefined);
    checks.equal(`${name}: a check is accepted`, checked, { outcome: "accepted", rejected: 0 });

    await collector.stop();
    home.record(later);
    checks.true(`${name}: with the Collector down the new spans wait`, (await home.flush(0)).deliverable > 0);
    collector = await startCollector(program, folder, port);
    checks.equal(`${name}: the Collector is back: everything is delivered`, await home.flush(FLUSH_MS), nothing);
    const all = home.spans().map(({ span }) => expected(span));
    const end = (await received(collector, all.length)).sort(bySpan);
    checks.equal(`${name}: ${all.length} spans after the outage, none lost, none twice`, end, all.sort(bySpan));
  } finally {
    home.remove();
    await collector.stop();
  }
}

/** How the Collector's own refusals are understood. */
async function refusals(checks: Checks, program: string, folder: string): Promise<void> {
  const collector = await startCollector(program, folder);
  try {
    const target = {
      id: "check",
      kind: "otlp",
      url: `${collector.url}/v1/traces`,
      project: "check",
      encoding: "protobuf",
      compression: "gzip",
      headers: {},
      layer: "file",
    } as const;
    const wrongPath = { ...target, url: `${collector.url}/v1/nothing` };
    checks.equal("a wrong path pauses", (await checkTarget(wrongPath, undefined)).outcome, "pause");
    const huge: Span = {
      traceId: "a".repeat(32),
      spanId: "b".repeat(16),
      name: "huge",
      kind: "CHAIN",
      start: "1780000000000000000",
      end: "1780000001000000000",
      status: { code: "OK" },
      // Over the receiver's limit of 20 MiB; a single span is sent whatever its size.
      attributes: { "input.value": "x".repeat(21 * 1024 * 1024) },
      events: [],
      links: [],
    };
    const report = await deliver(target, undefined, "claude-code", [huge], LIMITS);
    checks.true(
      "a span over the receiver's limit is refused or split, never retried for ever",
      report.outcome === "refused" || report.outcome === "split",
      () => ` ${JSON.stringify(report)}`,
    );
    console.log(`       the Collector's answer: ${JSON.stringify(report)}`);
  } finally {
    await collector.stop();
  }
}

/** Runs everything against Collectors of its own. @throws when the Collector cannot be built or started */
export async function runCollector(): Promise<Tally> {
  const checks = new Checks();
  const program = await buildCollector();
  const folder = mkdtempSync(join(tmpdir(), "harness-tracing-collector-"));
  try {
    await deliverAll(checks, program, join(folder, "protobuf"), { encoding: "protobuf", compression: "gzip" });
    await deliverAll(checks, program, join(folder, "json"), { encoding: "json", compression: "gzip" });
    await deliverAll(checks, program, join(folder, "plain"), { encoding: "json", compression: "none" });
    await refusals(checks, program, join(folder, "refusals"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return checks.tally;
}
