import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { csvCell } from "../../src/cli/csv.ts";
import { pathsIn } from "../../src/paths.ts";
import { type CliOptions, cli, temporaryHome } from "../support/cli.ts";
import { expectGolden } from "../support/golden.ts";
import { SESSION, SPANS, START, seedStore, TRACE_ID } from "../support/store.ts";

const { home, remove } = temporaryHome();
const empty = temporaryHome();
beforeAll(() => seedStore(pathsIn(home)));
afterAll(() => {
  remove();
  empty.remove();
});

const run = (line: string, options: CliOptions = {}) => cli(home, line.split(" "), { now: START + 60_000, ...options });

describe("sessions", () => {
  test("lists sessions as a table", async () => {
    const { code, out, err } = await run("sessions");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expectGolden("cli/sessions.txt", out);
  });

  test("--json prints the summaries", async () => {
    const { out } = await run("sessions --json");
    expect(JSON.parse(out)).toMatchObject([
      { session: SESSION, turns: 1, llmCalls: 2, toolCalls: 2, errors: 1, promptTokens: 30011, completionTokens: 102 },
    ]);
  });

  test("--since leaves older sessions out", async () => {
    expect((await run("sessions --since 30s")).out).toBe("No sessions yet. Try: harness-tracing demo\n");
    expect((await run("sessions --since 2m")).out).toContain(SESSION);
  });

  test("an empty home has none and nothing is created by asking", async () => {
    const { code, out } = await cli(empty.home, ["sessions"]);
    expect({ code, out }).toEqual({ code: 0, out: "No sessions yet. Try: harness-tracing demo\n" });
  });
});

describe("show", () => {
  test("prints the latest session as a tree", async () => {
    const { code, out } = await run("show latest");
    expect(code).toBe(0);
    expectGolden("cli/show.txt", out);
  });

  test("--full adds whole inputs and outputs", async () => {
    expectGolden("cli/show-full.txt", (await run("show --full")).out);
  });

  test("colours are escape sequences around the same text", async () => {
    const { out } = await run("show", { colour: true });
    expect(out).toContain("\u001b[");
    expect(Bun.stripANSI(out)).toBe((await run("show")).out);
  });

  test("escape sequences in captured text never reach the terminal", async () => {
    expect((await run("show --full")).out).not.toContain("\u001b");
  });

  test("ids may be shortened, sessions and traces alike", async () => {
    const whole = (await run("show")).out;
    expect((await run(`show ${SESSION.slice(0, 6)}`)).out).toBe(whole);
    expect((await run(`show ${TRACE_ID.slice(0, 8)}`)).out).toBe(whole);
    expect((await run(`show ${TRACE_ID}`)).out).toBe(whole);
  });

  test("what does not exist is said with the way to find what does", async () => {
    expect(await run("show nope")).toEqual({
      code: 1,
      out: "",
      err: 'harness-tracing show: there is no session or trace "nope"; list them with: harness-tracing sessions\n',
    });
  });

  test("without any session it points to the demo", async () => {
    expect((await cli(empty.home, ["show"])).err).toBe(
      "harness-tracing show: there are no sessions yet; try: harness-tracing demo\n",
    );
  });

  test("--json prints session and spans", async () => {
    const { session, spans } = JSON.parse((await run("show --json")).out);
    expect(session.session).toBe(SESSION);
    expect(spans).toEqual(SPANS);
  });

  test("an ambiguous prefix lists what it fits", async () => {
    const { home: other, remove: removeOther } = temporaryHome();
    try {
      seedStore(pathsIn(other));
      const more = SPANS.map((one) => ({ ...one, traceId: "a".repeat(32) }));
      seedStore(pathsIn(other), more, `${SESSION.slice(0, -1)}2`);
      const { code, err } = await cli(other, ["show", "3f2a9c51"]);
      expect(code).toBe(1);
      expect(err).toContain('"3f2a9c51" fits more than one');
      expect(err).toContain(SESSION);
    } finally {
      removeOther();
    }
  });
});

describe("export", () => {
  test("jsonl is one span a line, with agent and session", async () => {
    const lines = (await run("export")).out.trimEnd().split("\n");
    expect(lines.map((line) => JSON.parse(line))).toEqual(
      SPANS.map((one) => ({ agent: "claude-code", session: SESSION, ...one })),
    );
  });

  test("filters add up", async () => {
    const count = async (filter: string) => (await run(`export ${filter}`)).out.split("\n").length - 1;
    expect(await count("--kind tool")).toBe(2);
    expect(await count("--kind TOOL --tool Bash")).toBe(1);
    expect(await count(`--session ${SESSION.slice(0, 4)} --kind LLM`)).toBe(2);
    expect(await count(`--trace ${TRACE_ID}`)).toBe(6);
    expect(await count("--until 2025-12-31")).toBe(0);
    expect(await count("--agent claude")).toBe(6);
  });

  test("csv quotes what must be quoted and disarms formulas", async () => {
    expectGolden("cli/export.csv", (await run("export --format csv")).out);
  });

  test("otlp-json is the OTLP file format", async () => {
    const { out } = await run("export --format otlp-json");
    const lines = out.trimEnd().split("\n");
    expect(lines).toHaveLength(1);
    const [resource] = JSON.parse(out).resourceSpans;
    const spans = resource.scopeSpans[0].spans;
    expect(spans.map((one: { spanId: string }) => one.spanId)).toEqual(SPANS.map(({ spanId }) => spanId));
    expect(spans[0]).toMatchObject({ startTimeUnixNano: SPANS[0]?.start, traceId: TRACE_ID });
  });

  test.each([
    ["=1+1", "'=1+1"],
    ["+a", "'+a"],
    ["-a", "'-a"],
    ["@a", "'@a"],
    ["a,b", '"a,b"'],
    ['say "x"', '"say ""x"""'],
    ["two\nlines", '"two\nlines"'],
    ["plain", "plain"],
  ])("the cell %p becomes %p", (text, cell) => {
    expect(csvCell(text)).toBe(cell);
  });

  test("numbers are never taken for formulas", () => {
    expect(csvCell(-5)).toBe("-5");
  });
});

describe("wrong usage ends with exit code 2 and says how it is meant", () => {
  test.each([
    ["nonsense", 'there is no command "nonsense"'],
    ["show a b", "one argument too many: b"],
    ["sessions --nope", "Unknown option '--nope'"],
    ["sessions --limit x", '--limit takes a number, not "x"'],
    ["sessions --since yesterday", "--since takes a date"],
    ["export --format xml", "--format takes one of jsonl, otlp-json, csv"],
    ["export --kind SPAN", "--kind takes one of AGENT, LLM, TOOL, CHAIN"],
    ["flush --wait soon", '--wait takes seconds, not "soon"'],
    ["config", "is missing"],
    ["config frobnicate", "use get [key], set <key> <value>, unset <key> or path"],
    ["install", "which agent? One of: claude"],
    ["install nobody", 'there is no agent "nobody"'],
    ["install claude --target moon", "--target takes one of local, phoenix, arize, otlp"],
    ["install claude --endpoint http://x", "--endpoint needs --target"],
    ["install claude --target arize", "AX needs an API key"],
    ["uninstall nobody", 'there is no agent "nobody"'],
    ["uninstall claude --keep-data", "--keep-data is for removing everything"],
  ])("%p", async (line, message) => {
    const { code, out, err } = await run(line, { self: [process.execPath] });
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(message);
    expect(err).toContain("Help: harness-tracing");
  });

  test("no command at all shows the overview on stderr", async () => {
    const { code, out, err } = await cli(home, []);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toStartWith("harness-tracing ");
  });
});
