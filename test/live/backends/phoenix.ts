/**
 * The spans of recorded sessions, delivered to a real Phoenix by the real drain and read back through Phoenix's own
 * interfaces: sessions, traces, trees, tokens and costs equal what the local store says; nothing doubles, nothing is lost.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SinkTarget } from "../../../src/config/settings.ts";
import { checkTarget, deliver } from "../../../src/export/deliver.ts";
import type { StoredSpan } from "../../../src/store/types.ts";
import type { Attributes, Span } from "../../../src/trace/span.ts";
import { recordings } from "../../support/recording.ts";
import { Checks, type Tally } from "./checks.ts";
import { costOf } from "./cost.ts";
import { type Home, makeHome } from "./home.ts";
import { PhoenixApi, type ShownSpan } from "./phoenixApi.ts";
import { installPhoenix, type Phoenix, startPhoenix } from "./phoenixServer.ts";
import { eventually, freePort } from "./process.ts";

const PROJECT = "recorded sessions";
const LIMITS = { timeoutMs: 30_000 };
/** Phoenix stores what it has accepted within seconds. */
const STORE_MS = 60_000;
/** Longer than a drain's backoff after the outage. */
const FLUSH_MS = 60_000;
/** How long nothing new may appear before "nothing doubled" is believed, ms. */
const SETTLE_MS = 4_000;
/** Dollars; sums of a few hundred doubles differ in their last digits. */
const CENT_FRACTION = 1e-9;

/** Nanoseconds as Phoenix keeps times: whole microseconds. */
function micros(nanos: string): number {
  return Number(BigInt(nanos) / 1000n);
}

/** ISO time with up to microseconds as epoch microseconds. */
function microsOfIso(iso: string): number {
  const fraction = /\.(\d+)/.exec(iso)?.[1] ?? "";
  return Date.parse(iso.replace(/\.\d+/, "")) * 1000 + Number(fraction.padEnd(6, "0").slice(0, 6));
}

interface Line {
  readonly trace: string;
  readonly span: string;
  readonly parent: string | null;
  readonly name: string;
  readonly kind: unknown;
  readonly start: number;
  readonly end: number;
  readonly status: string;
  readonly message: string;
  readonly events: readonly string[];
}

function lineOfStored({ span }: StoredSpan): Line {
  return {
    trace: span.traceId,
    span: span.spanId,
    parent: span.parentId ?? null,
    name: span.name,
    kind: span.kind,
    start: micros(span.start),
    end: micros(span.end),
    status: span.status.code,
    message: span.status.message ?? "",
    events: span.events.map(({ name }) => name),
  };
}

function lineOfShown(span: ShownSpan): Line {
  return {
    trace: span.context.trace_id,
    span: span.context.span_id,
    parent: span.parent_id,
    name: span.name,
    kind: span.span_kind,
    start: microsOfIso(span.start_time),
    end: microsOfIso(span.end_time),
    status: span.status_code,
    message: span.status_message,
    events: span.events.map(({ name }) => name),
  };
}

const bySpan = (a: { readonly span: string }, b: { readonly span: string }): number => (a.span < b.span ? -1 : 1);

/** Attributes that Phoenix unpacks from JSON and shows flattened. */
const UNPACKED = /(^|\.)(metadata|tool\.parameters)$/;

/** Leaves of a value under dotted keys; lists without objects stay lists. */
function leaves(key: string, value: unknown): [string, unknown][] {
  if (Array.isArray(value) && !value.some((item) => typeof item === "object" && item !== null)) return [[key, value]];
  if (typeof value !== "object" || value === null) return [[key, value]];
  return Object.entries(value).flatMap(([name, item]) => leaves(`${key}.${name}`, item));
}

/** Our attributes as Phoenix shows them. */
function asShown(attributes: Attributes): Record<string, unknown> {
  const pairs = Object.entries(attributes).flatMap(([key, value]): [string, unknown][] =>
    UNPACKED.test(key) && typeof value === "string" ? leaves(key, JSON.parse(value)) : [[key, value]],
  );
  // The kind is a field of its own there.
  return sorted(Object.fromEntries(pairs.filter(([key]) => key !== "openinference.span.kind")));
}

function sorted(attributes: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function tokens(spans: readonly StoredSpan[], key: string): number {
  return spans.reduce((sum, { span }) => sum + Number(span.attributes[`llm.token_count.${key}`] ?? 0), 0);
}

/** Everything that Phoenix says about the project equals the store. */
async function compare(checks: Checks, api: PhoenixApi, home: Home, phoenix: Phoenix, when: string): Promise<void> {
  const stored = home.spans();
  const shown = await eventually(`${stored.length} spans in Phoenix`, STORE_MS, async () => {
    const spans = await api.spans(PROJECT);
    return spans.length >= stored.length ? spans : undefined;
  });
  checks.equal(
    `${when}: ${stored.length} spans, each with its place, times and status`,
    shown.map(lineOfShown).sort(bySpan),
    stored.map(lineOfStored).sort(bySpan),
  );

  const attributesOf = new Map(shown.map((span) => [span.context.span_id, sorted(span.attributes)]));
  const different = stored.filter(
    ({ span }) => JSON.stringify(attributesOf.get(span.spanId)) !== JSON.stringify(asShown(span.attributes)),
  );
  checks.equal(
    `${when}: every attribute of every span`,
    different.slice(0, 1).map(({ span }) => [attributesOf.get(span.spanId), asShown(span.attributes)]),
    [],
  );

  const bySession = Map.groupBy(stored, ({ session }) => session);
  const sessions = [...bySession].map(([session, spans]) => ({
    session,
    traces: [...new Set(spans.map(({ span }) => span.traceId))].sort(),
    prompt: tokens(spans, "prompt"),
    completion: tokens(spans, "completion"),
  }));
  const shownSessions = (await api.sessions(PROJECT)).map((session) => ({
    session: session.session_id,
    traces: session.traces.map(({ trace_id }) => trace_id).sort(),
    prompt: session.token_count_prompt,
    completion: session.token_count_completion,
  }));
  const order = (a: { readonly session: string }, b: { readonly session: string }): number =>
    a.session < b.session ? -1 : 1;
  checks.equal(
    `${when}: ${sessions.length} sessions with their traces and tokens`,
    shownSessions.sort(order),
    sessions.sort(order),
  );

  const pages = await api.sessionPages(PROJECT);
  checks.equal(`${when}: every session has its page`, pages.length, sessions.length);
  const roots = (session: string): Span[] =>
    (bySession.get(session) ?? [])
      .map(({ span }) => span)
      .filter(({ parentId }) => parentId === undefined)
      .sort((a, b) => Number(BigInt(a.start) - BigInt(b.start)));
  checks.equal(
    `${when}: each session's first input and last output are its first and last root's`,
    pages.map(({ sessionId, firstInput, lastOutput }) => [sessionId, firstInput?.value, lastOutput?.value]),
    pages.map(({ sessionId }) => [
      sessionId,
      roots(sessionId).at(0)?.attributes["input.value"],
      roots(sessionId).at(-1)?.attributes["output.value"],
    ]),
  );

  const costs = new Map((await api.costs(PROJECT)).map((one) => [one.spanId, one]));
  const calls = stored.filter(({ span }) => span.kind === "LLM");
  const wrong = calls.filter(({ span }) => {
    const byHand = costOf(span.attributes, phoenix.prices);
    const summary = costs.get(span.spanId)?.costSummary;
    const near = (cost: number | null | undefined, hand: number): boolean =>
      Math.abs((cost ?? 0) - hand) < CENT_FRACTION;
    return !near(summary?.prompt.cost, byHand?.prompt ?? 0) || !near(summary?.completion.cost, byHand?.completion ?? 0);
  });
  const total = calls.reduce((sum, { span }) => {
    const cost = costOf(span.attributes, phoenix.prices);
    return sum + (cost === undefined ? 0 : cost.prompt + cost.completion);
  }, 0);
  checks.true(
    `${when}: costs of ${calls.length} model calls equal the manifest's prices by hand ($${total.toFixed(6)} in all)`,
    wrong.length === 0 && total > 0,
    () =>
      ` ${wrong.length} differ: ${JSON.stringify(wrong[0]?.span.attributes)} ${JSON.stringify(costs.get(wrong[0]?.span.spanId ?? ""))}`,
  );
  const shownTotal = pages.reduce((sum, page) => sum + (page.costSummary.total.cost ?? 0), 0);
  checks.true(
    `${when}: the sessions' costs add up to the same`,
    Math.abs(shownTotal - total) < CENT_FRACTION,
    () => ` ${shownTotal} instead of ${total}`,
  );
}

function target(url: string, overrides: Partial<SinkTarget> = {}): SinkTarget {
  return {
    id: "check",
    kind: "phoenix",
    url: `${url}/v1/traces`,
    project: "check only",
    encoding: "protobuf",
    compression: "gzip",
    headers: {},
    layer: "file",
    ...overrides,
  };
}

async function withoutKey(checks: Checks, phoenix: Phoenix, folder: string): Promise<void> {
  const port = await freePort();
  let server = await startPhoenix(phoenix, folder, port);
  const home = makeHome({ target: "phoenix", endpoint: server.url, project_name: PROJECT });
  try {
    const api = new PhoenixApi(server.url);
    checks.equal("a check of the running Phoenix is accepted", await checkTarget(target(server.url), undefined), {
      outcome: "accepted",
      rejected: 0,
    });
    const wrongPath = await checkTarget(target(server.url, { url: `${server.url}/v1/nothing` }), undefined);
    checks.equal("a check of a wrong path pauses", wrongPath.outcome, "pause");

    const [later = "", ...first] = recordings();
    for (const scenario of first) home.record(scenario);
    const left = await home.flush(FLUSH_MS);
    checks.equal("the drain has nothing left to deliver", left, { segments: 0, sessions: 0, deliverable: 0, held: 0 });
    await compare(checks, api, home, phoenix, "delivered once");

    const [sink] = home.sinks();
    const spans = home.spans().map(({ span }) => span);
    if (sink === undefined) throw new Error("the store has no sink");
    const again = await deliver(sink.target, undefined, "claude-code", spans, LIMITS);
    checks.equal("Phoenix takes the same spans again", again, { outcome: "accepted", rejected: 0 });
    await Bun.sleep(SETTLE_MS);
    await compare(checks, api, home, phoenix, "sent twice");

    await server.stop();
    home.record(later);
    const waiting = await home.flush(0);
    checks.true("with Phoenix down the new spans wait", waiting.deliverable > 0, () => JSON.stringify(waiting));
    checks.equal(
      "and nothing counts as refused or rejected",
      home.sinks().map(({ refused, rejected }) => [refused, rejected]),
      [[0, 0]],
    );
    server = await startPhoenix(phoenix, folder, port);
    const rest = await home.flush(FLUSH_MS);
    checks.equal("Phoenix is back: nothing is left to deliver", rest, {
      segments: 0,
      sessions: 0,
      deliverable: 0,
      held: 0,
    });
    await compare(checks, api, home, phoenix, "after an outage");
    checks.equal("the checks have left no project behind", (await api.projects()).sort(), ["default", PROJECT].sort());
  } finally {
    home.remove();
    await server.stop();
  }
}

async function withKey(checks: Checks, phoenix: Phoenix, folder: string): Promise<void> {
  const key = `admin-${crypto.randomUUID()}-1A`;
  const server = await startPhoenix(phoenix, folder, await freePort(), {
    PHOENIX_ENABLE_AUTH: "true",
    PHOENIX_SECRET: `secret-${crypto.randomUUID()}-1A`,
    PHOENIX_ADMIN_SECRET: key,
  });
  try {
    const asked = target(server.url);
    const span: Span = {
      traceId: "a".repeat(32),
      spanId: "b".repeat(16),
      name: "probe",
      kind: "CHAIN",
      start: "1780000000000000000",
      end: "1780000001000000000",
      status: { code: "OK" },
      attributes: { "openinference.span.kind": "CHAIN", "session.id": "s" },
      events: [],
      links: [],
    };
    const right = { authorization: `Bearer ${key}` };
    for (const [name, credentials] of [
      ["no key", undefined],
      ["a wrong key", { authorization: "Bearer wrong-key-0" }],
    ] as const) {
      checks.equal(`with ${name} a check pauses`, (await checkTarget(asked, credentials)).outcome, "pause");
      const report = await deliver(asked, credentials, "claude-code", [span], LIMITS);
      checks.equal(`with ${name} a delivery pauses`, report.outcome, "pause");
    }
    const accepted = { outcome: "accepted", rejected: 0 };
    checks.equal("with the right key a check is accepted", await checkTarget(asked, right), accepted);
    checks.equal(
      "with the right key a delivery is accepted",
      await deliver(asked, right, "claude-code", [span], LIMITS),
      accepted,
    );
  } finally {
    await server.stop();
  }
}

/** Runs everything against a Phoenix of its own. @throws when Phoenix cannot be installed or started */
export async function runPhoenix(): Promise<Tally> {
  const checks = new Checks();
  const phoenix = await installPhoenix();
  const folder = mkdtempSync(join(tmpdir(), "harness-tracing-phoenix-"));
  try {
    await withoutKey(checks, phoenix, join(folder, "open"));
    await withKey(checks, phoenix, join(folder, "locked"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return checks.tally;
}
