/**
 * What a hook costs the agent: as a ratio to an empty program compiled with the same flags and run in the same loop, for a
 * small and a large payload, with and without the start of a drain, whatever state the backend is in.
 */

import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile } from "../../../build/compile.ts";
import { type Paths, pathsIn } from "../../../src/paths.ts";
import { hookCommand } from "../../../src/setup/command.ts";
import { claudePayload } from "../../support/hook.ts";
import { builtProgram } from "../../support/program.ts";
import type { BenchOptions, Row, Section } from "../section.ts";
import { type Backend, blackHoled, hanging, refused, up } from "../support/backends.ts";
import { endAll, running } from "../support/drains.ts";
import { quantile } from "../support/quantile.ts";

/** Size of the large payload, in bytes. */
const LARGE = 100 * 1024;

/** Runs before the first one that counts, so that every file is in the page cache. */
const WARM_UP = 10;

/** How long a freshly started drain gets before the next sample, in ms: agents do not call back sooner after a turn. */
const SETTLE_MS = 100;

/** Bounds of the ratios. */
const BUDGET = { plain: { p50: 2.0, p95: 3.0 }, drain: { p50: 2.8, p95: 4.0 } } as const;

/** How much the median may change with the state of the backend. */
const BACKEND_TOLERANCE = 0.1;

/** What the registered command may cost above a shell that does nothing, in ms. */
const ABOVE_SHELL_MS = 8;

type Kind = keyof typeof BUDGET;

/** One thing to run and its times so far. */
interface Variant {
  readonly label: string;
  readonly kind: Kind;
  readonly backend: string;
  readonly command: readonly string[];
  readonly stdin: Uint8Array;
  readonly home: string;
  readonly times: number[];
}

const CALLS: readonly (readonly [label: string, kind: Kind, event: string, bytes: number])[] = [
  ["small payload", "plain", "PreToolUse", 0],
  ["100 KB payload", "plain", "PostToolUse", LARGE],
  ["small payload, starts a drain", "drain", "Stop", 0],
  ["100 KB payload, starts a drain", "drain", "Stop", LARGE],
];

function stdinOf(event: string, bytes: number): Uint8Array {
  return new TextEncoder().encode(
    JSON.stringify(claudePayload({ hook_event_name: event, tool_response: "x".repeat(bytes) })),
  );
}

function makeHome(folder: string, backend: Backend): string {
  const home = join(folder, backend.name);
  const paths = pathsIn(home);
  mkdirSync(paths.state, { recursive: true, mode: 0o700 });
  const config = { harnesses: { "claude-code": { target: "phoenix", endpoint: backend.url, api_key: "" } } };
  writeFileSync(paths.config, JSON.stringify(config), { mode: 0o600 });
  return home;
}

function once({ command, stdin, home }: Pick<Variant, "command" | "stdin" | "home">): number {
  // A drain has just run: only events that end something start one.
  const paths: Paths = pathsIn(home);
  writeFileSync(paths.drainLast, "");
  const start = Bun.nanoseconds();
  const { exitCode } = Bun.spawnSync([...command], {
    stdin,
    stdout: "ignore",
    stderr: "ignore",
    env: { HOME: home, PATH: process.env.PATH ?? "" },
    cwd: home,
  });
  const ms = (Bun.nanoseconds() - start) / 1e6;
  if (exitCode !== 0) throw new Error(`${command.join(" ")} ended with ${exitCode}`);
  return ms;
}

/** The same in another order, so that no variant always runs in the wake of the same other one. */
function shuffled<T>(items: readonly T[]): readonly T[] {
  return items
    .map((item) => ({ item, key: Math.random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}

/**
 * The baseline runs between the others, about as often as the program under test: run seldom, its pages would be colder,
 * and every ratio to it better than it is.
 */
async function measure(baseline: Variant, variants: readonly Variant[], samples: number): Promise<void> {
  for (let i = -WARM_UP; i < samples; i++) {
    for (const variant of shuffled(variants)) {
      for (const one of [baseline, variant]) {
        const ms = once(one);
        if (i >= 0) one.times.push(ms);
      }
      if (variant.kind === "drain") await Bun.sleep(SETTLE_MS);
    }
  }
}

function ratioRows(variants: readonly Variant[], empty: readonly number[]): readonly Row[] {
  const rows: Row[] = [];
  const base = { p50: quantile(empty, 0.5), p95: quantile(empty, 0.95) };
  for (const variant of variants) {
    const name = `${variant.label}, backend ${variant.backend}`;
    for (const [key, share] of [
      ["p50", 0.5],
      ["p95", 0.95],
    ] as const) {
      const ms = quantile(variant.times, share);
      const ratio = ms / base[key];
      const bound = BUDGET[variant.kind][key];
      rows.push({
        measure: `${name}: ${key}`,
        value: `${ratio.toFixed(2)} × (${ms.toFixed(1)} ms)`,
        budget: `≤ ${bound.toFixed(1)} ×`,
        ok: ratio <= bound,
      });
    }
    const reference = variants.find((other) => other.label === variant.label && other.backend === "up");
    if (reference === undefined || reference === variant) continue;
    const change = quantile(variant.times, 0.5) / quantile(reference.times, 0.5) - 1;
    rows.push({
      measure: `${name}: p50 against backend up`,
      value: `${change < 0 ? "" : "+"}${(change * 100).toFixed(1)} %`,
      budget: `≤ +${BACKEND_TOLERANCE * 100} %`,
      ok: change <= BACKEND_TOLERANCE,
    });
  }
  return rows;
}

function millisecondRows(variants: readonly Variant[], nothing: readonly number[]): readonly Row[] {
  return variants.flatMap(({ label, times }) => {
    const name = `${label}, registered command through /bin/sh`;
    const above = quantile(times, 0.5) - quantile(nothing, 0.5);
    return [
      {
        measure: `${name}: p50, p95`,
        value: `${quantile(times, 0.5).toFixed(1)} ms, ${quantile(times, 0.95).toFixed(1)} ms`,
      },
      {
        measure: `${name}: p50 above sh -c true`,
        value: `${above.toFixed(1)} ms`,
        budget: `≤ ${ABOVE_SHELL_MS} ms`,
        ok: above <= ABOVE_SHELL_MS,
      },
    ];
  });
}

async function run({ samples }: BenchOptions): Promise<readonly Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "harness-tracing-bench-"));
  const program = join(folder, "harness-tracing");
  const empty = join(folder, "empty");
  const backends: Backend[] = [];
  try {
    copyFileSync(await builtProgram(), program);
    await compile({ entry: join(import.meta.dir, "../support/empty.ts"), outfile: empty });
    backends.push(up(), refused(), hanging(), await blackHoled());
    const homes = new Map(backends.map((backend) => [backend.name, makeHome(folder, backend)]));
    const home = homes.get("up") ?? folder;
    const variant = (label: string, kind: Kind, backend: string, command: readonly string[], stdin: Uint8Array) => ({
      ...{ label, kind, backend, command, stdin },
      home: homes.get(backend) ?? home,
      times: [] as number[],
    });
    const baseline = variant("empty program", "plain", "up", [empty], stdinOf("PreToolUse", 0));
    const direct = CALLS.flatMap(([label, kind, event, bytes]) =>
      backends.map(({ name }) => variant(label, kind, name, [program, "hook", "claude"], stdinOf(event, bytes))),
    );
    const registered = hookCommand("posix", program, ["hook", "claude"]).command;
    const shell = CALLS.map(([label, kind, event, bytes]) =>
      variant(label, kind, "up", ["/bin/sh", "-c", registered], stdinOf(event, bytes)),
    );
    const nothing = variant("sh -c true", "plain", "up", ["/bin/sh", "-c", "true"], stdinOf("PreToolUse", 0));
    await measure(baseline, [nothing, ...direct, ...shell], samples);
    const { times } = baseline;
    return [
      {
        measure: "empty program: p50, p95",
        value: `${quantile(times, 0.5).toFixed(1)} ms, ${quantile(times, 0.95).toFixed(1)} ms`,
      },
      ...ratioRows(direct, times),
      ...millisecondRows(shell, nothing.times),
    ];
  } finally {
    for (const backend of backends) backend.stop();
    while (running(program).length > 0) {
      endAll(program);
      await Bun.sleep(SETTLE_MS);
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Cost of a hook. */
export const section: Section = { title: "Hook", run };
