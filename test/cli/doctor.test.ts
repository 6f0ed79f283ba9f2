import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import type { Finding } from "../../src/agents/agent.ts";
import { doctorText } from "../../src/cli/doctor.ts";
import { makeStyle, styleFor } from "../../src/cli/style.ts";
import type { SinkTarget } from "../../src/config/settings.ts";
import { pathsIn } from "../../src/paths.ts";
import { openStore } from "../../src/store/open.ts";
import { cli, temporaryHome } from "../support/cli.ts";
import { expectGolden } from "../support/golden.ts";
import { SESSION, SPANS, START, seedStore } from "../support/store.ts";

let temporary: ReturnType<typeof temporaryHome>;
beforeEach(() => {
  temporary = temporaryHome();
});
afterEach(() => temporary.remove());

const paths = () => pathsIn(temporary.home);

function configure(endpoint: string): void {
  mkdirSync(paths().root, { recursive: true, mode: 0o700 });
  const harness = { target: "phoenix", endpoint, api_key: "k-secret" };
  writeFileSync(paths().config, JSON.stringify({ harnesses: { "claude-code": harness } }), { mode: 0o600 });
}

async function findings(title: string, env: Readonly<Record<string, string>> = {}): Promise<readonly Finding[]> {
  const { out } = await cli(temporary.home, ["doctor", "--json"], { env });
  const { sections } = JSON.parse(out) as { sections: { title: string; findings: Finding[] }[] };
  return sections.find((section) => section.title === title)?.findings ?? [];
}

async function withServer(answer: (request: Request) => Response, run: (endpoint: string) => Promise<void>) {
  const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: answer });
  try {
    await run(`http://127.0.0.1:${server.port}`);
  } finally {
    await server.stop(true);
  }
}

describe("destinations", () => {
  test("one that takes requests is fine", async () => {
    await withServer(
      () => new Response(""),
      async (endpoint) => {
        configure(endpoint);
        expect(await findings("Destinations")).toEqual([
          { level: "ok", message: `phoenix ${endpoint}/v1/traces takes requests` },
        ]);
      },
    );
  });

  test("a refused key is an error whose fix sets the key, and the key is not shown", async () => {
    await withServer(
      () => new Response("no", { status: 401 }),
      async (endpoint) => {
        configure(endpoint);
        const [finding] = await findings("Destinations");
        expect(finding).toMatchObject({ level: "error", fix: expect.stringContaining("api_key") });
        expect(finding?.message).toContain("HTTP 401");
        expect(JSON.stringify(finding)).not.toContain("k-secret");
      },
    );
  });

  test("a clock that differs from the destination's is a warning", async () => {
    const date = new Date(Date.now() - 7_200_000).toUTCString();
    await withServer(
      () => new Response("", { headers: { date } }),
      async (endpoint) => {
        configure(endpoint);
        const clock = (await findings("Destinations")).find(({ message }) => message.includes("clock"));
        expect(clock).toMatchObject({ level: "warning", message: expect.stringMatching(/7,\d{3} s ahead of 127/) });
      },
    );
  });

  test("nobody listening is an error", async () => {
    configure("http://127.0.0.1:9");
    expect((await findings("Destinations"))[0]).toMatchObject({ level: "error" });
  });
});

describe("the rest", () => {
  test("a configuration that does not parse is an error with its fix", async () => {
    mkdirSync(paths().root, { recursive: true });
    writeFileSync(paths().config, "{broken", { mode: 0o600 });
    expect((await findings("Configuration"))[0]).toMatchObject({
      level: "error",
      fix: expect.stringContaining("JSON"),
    });
  });

  test("a wrong field is a warning, the rest counts", async () => {
    mkdirSync(paths().root, { recursive: true });
    writeFileSync(paths().config, '{"store": {"max_mb": "lots"}}', { mode: 0o600 });
    expect((await findings("Configuration"))[0]).toMatchObject({
      level: "warning",
      message: expect.stringContaining("store.max_mb"),
    });
  });

  test("tracing that is switched off in this shell is a warning", async () => {
    expect(await findings("Configuration", { ARIZE_TRACE_ENABLED: "false" })).toMatchObject([{ level: "warning" }]);
  });

  test("a damaged store is an error", async () => {
    mkdirSync(paths().state, { recursive: true, mode: 0o700 });
    writeFileSync(paths().store, "this is no database, it only lies in its place".repeat(100), { mode: 0o600 });
    expect((await findings("Store"))[0]).toMatchObject({ level: "error" });
  });

  test("its text marks each finding and sums up", () => {
    const sections = [
      { title: "Program", findings: [{ level: "ok", message: "here" } as const] },
      {
        title: "Agent",
        findings: [
          { level: "error", message: "not there", fix: "put it there" } as const,
          { level: "warning", message: "odd" } as const,
        ],
      },
    ];
    expectGolden("cli/doctor.txt", doctorText(sections, { style: makeStyle(false) }));
  });
});

test("status shows destinations, what waits and why, and what was dropped", async () => {
  seedStore(paths());
  const opened = openStore(paths().store);
  if (!opened.ok) throw new Error("no store");
  const { store } = opened;
  const target = (kind: SinkTarget["kind"], url: string): SinkTarget => ({
    id: `${kind} ${url}`,
    kind,
    url,
    project: "claude-code",
    encoding: "protobuf",
    compression: "gzip",
    headers: {},
    layer: "file",
  });
  const good = target("phoenix", "http://localhost:6006/v1/traces");
  const bad = target("arize", "https://otlp.arize.com/v1/traces");
  store.addDeliveries({}, [good, bad]);
  const rows = store.undelivered(good.id, 100).map(({ row }) => row);
  store.markDelivered(good.id, rows.slice(1), 1, START + 50_000);
  store.pauseSink(bad.id, "HTTP 401 Unauthorized", "stamp");
  store.commitJournal({}, { "corrupt line": 2 });
  store.close();
  const { code, out } = await cli(temporary.home, ["status"], { now: START + 60_000 });
  expect(code).toBe(0);
  const stable = out
    .replace(/\d+(\.\d+)? [kM]?B/, "<size>")
    .replace(/^(harness-tracing) \S+/, "$1 <version>")
    // Agents that are not there, however many this program knows.
    .replace(/^.*\(not found\) .*no event yet.*\n/gm, "");
  expectGolden("cli/status.txt", stable);
  const json = JSON.parse((await cli(temporary.home, ["status", "--json"])).out);
  expect(json.sinks).toHaveLength(2);
  expect(json.agents[0]).toMatchObject({ agent: "claude-code", registered: false, sessions: 1 });
  expect(json.store.sessions).toBe(1);
  expect(SPANS.length).toBe(rows.length);
  expect(JSON.stringify(json)).not.toContain(SESSION);
});

describe("colours", () => {
  test("only on a terminal, and not when NO_COLOR or TERM=dumb ask for none", () => {
    const red = (env: Readonly<Record<string, string>>, terminal: boolean) => styleFor(env, terminal).red("x");
    expect(red({}, true)).toBe("\u001b[31mx\u001b[39m");
    expect(red({}, false)).toBe("x");
    expect(red({ NO_COLOR: "1" }, true)).toBe("x");
    expect(red({ NO_COLOR: "" }, true)).not.toBe("x");
    expect(red({ TERM: "dumb" }, true)).toBe("x");
  });
});
