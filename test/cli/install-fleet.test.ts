import { afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { pathsIn } from "../../src/paths.ts";
import { type CliOptions, program, temporaryHome } from "../support/cli.ts";
import { builtProgram } from "../support/program.ts";

let binary = "";
beforeAll(async () => {
  binary = await builtProgram();
}, 120_000);

let temporary: ReturnType<typeof temporaryHome>;
beforeEach(() => {
  temporary = temporaryHome();
});
afterEach(() => temporary.remove());

const home = () => temporary.home;
const paths = () => pathsIn(home());
const settings = () => `${home()}/.claude/settings.json`;
const config = () => JSON.parse(readFileSync(paths().config, "utf8"));
const run = (line: string, options: Pick<CliOptions, "env" | "stdin"> = {}) =>
  program(binary, home(), line.split(" "), options);

/** A file in the form of `config.json`; refused connections are only a warning. */
function fleet(values: unknown): string {
  writeFileSync(`${home()}/fleet.json`, JSON.stringify(values));
  return `install --all --yes --quiet --config fleet.json`;
}

function keep(values: unknown): void {
  mkdirSync(paths().root, { recursive: true });
  writeFileSync(paths().config, JSON.stringify(values));
}

const LOCAL = { harnesses: { "claude-code": { target: "local" } } };

describe("install --all --yes --quiet --config", () => {
  beforeEach(() => mkdirSync(`${home()}/.claude`));

  test("says nothing, registers, merges; the second run changes nothing", async () => {
    keep({ user_id: "ada", logging: { prompts: true } });
    const line = fleet({
      ...LOCAL,
      logging: { tool_content: false },
      attributes: { site: "hq" },
      store: { max_mb: 64 },
    });
    expect(await run(line)).toEqual({ code: 0, out: "", err: "" });
    expect(config()).toEqual({
      user_id: "ada",
      logging: { prompts: true, tool_content: false },
      harnesses: { "claude-code": { target: "local" } },
      attributes: { site: "hq" },
      store: { max_mb: 64 },
    });
    expect(readFileSync(settings(), "utf8")).toContain("harness-tracing");
    const before = [settings(), paths().config, `${paths().bin}/harness-tracing`].map((path) => statSync(path).ino);
    expect(await run(line)).toEqual({ code: 0, out: "", err: "" });
    const after = [settings(), paths().config, `${paths().bin}/harness-tracing`].map((path) => statSync(path).ino);
    expect(after).toEqual(before);
  });

  test("a new destination replaces the old one with its key", async () => {
    keep({ harnesses: { "claude-code": { target: "arize", api_key: "old", space_id: "s", user_id: "ada" } } });
    await run(fleet({ harnesses: { "claude-code": { target: "otlp", endpoint: "http://127.0.0.1:9" } } }));
    expect(config().harnesses["claude-code"]).toEqual({
      target: "otlp",
      endpoint: "http://127.0.0.1:9",
      user_id: "ada",
    });
  });

  test("destinations for all agents need none of their own", async () => {
    const sinks = [{ target: "otlp", endpoint: "http://127.0.0.1:9" }];
    const { code, err } = await run(fleet({ sinks }));
    expect(code).toBe(0);
    expect(err).toContain("Warning: otlp at http://127.0.0.1:9/v1/traces did not take a test request");
    expect(config()).toEqual({ sinks });
  });

  test("comes on stdin too, which keeps secrets out of files", async () => {
    const { code } = await run("install --all --yes --quiet --config -", { stdin: JSON.stringify(LOCAL) });
    expect({ code, config: config() }).toEqual({ code: 0, config: LOCAL });
  });

  test.each([
    ["{", "fleet.json is not valid JSON"],
    ["[]", "fleet.json: "],
    ['{"harnesses":{"claude-code":{"protocol":"grpc-secret"}}}', "fleet.json: harnesses.claude-code.protocol: "],
  ])("what config.json may not hold is refused before anything is written: %s", async (text, message) => {
    writeFileSync(`${home()}/fleet.json`, text);
    const { code, err } = await run("install --all --yes --quiet --config fleet.json");
    expect(code).toBe(1);
    expect(err).toContain(message);
    expect(err).not.toContain("grpc-secret");
    expect([existsSync(paths().root), existsSync(settings())]).toEqual([false, false]);
  });

  test("a file that is not there is named", async () => {
    const { code, err } = await run("install --all --yes --config nowhere.json");
    expect(code).toBe(1);
    expect(err).toContain("nowhere.json cannot be read: ENOENT");
  });
});

test("in an image without agents the program and the configuration are put in place, and told", async () => {
  const { code, out, err } = await run(fleet(LOCAL));
  expect({ code, out }).toEqual({ code: 0, out: "" });
  expect(err).toStartWith("Warning: no agent was found on this machine");
  expect(config()).toEqual(LOCAL);
  expect(existsSync(`${paths().bin}/harness-tracing`)).toBe(true);
});

test("installing one more agent leaves the others' destinations alone", async () => {
  mkdirSync(`${home()}/.claude`);
  mkdirSync(`${home()}/.copilot`);
  const phoenix = { project_name: "claude-code", target: "phoenix", endpoint: "http://127.0.0.1:9" };
  keep({ harnesses: { "claude-code": phoenix } });
  expect((await run("install claude copilot --yes --quiet")).code).toBe(0);
  expect(config().harnesses["claude-code"]).toEqual(phoenix);
  expect(config().harnesses.copilot).toMatchObject({ target: "local" });
});

test("--program-only registers nothing and writes no configuration", async () => {
  mkdirSync(`${home()}/.claude`);
  const { code } = await run("install --program-only --yes");
  expect(code).toBe(0);
  expect(existsSync(`${paths().bin}/harness-tracing`)).toBe(true);
  expect([existsSync(paths().config), existsSync(settings())]).toEqual([false, false]);
  expect((await run("install --program-only claude")).code).toBe(2);
});
