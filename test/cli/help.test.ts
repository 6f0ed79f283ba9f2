import { afterAll, expect, test } from "bun:test";
import { COMMANDS } from "../../src/cli/commands.ts";
import { cli, temporaryHome } from "../support/cli.ts";
import { expectGolden } from "../support/golden.ts";

const { home, remove } = temporaryHome();
afterAll(remove);

test("the overview names every command", async () => {
  const { code, out } = await cli(home, ["--help"]);
  expect(code).toBe(0);
  expectGolden("cli/help.txt", out.replace(/^harness-tracing \S+:/, "harness-tracing <version>:"));
  for (const { name } of COMMANDS) expect(out).toContain(`\n  ${name} `);
});

test.each(COMMANDS.map(({ name }) => name))("%s --help shows usage, options and an example", async (name) => {
  const { code, out, err } = await cli(home, [name, "--help"]);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toContain(`Usage: harness-tracing ${name}`);
  expect(out).toMatch(/Examples?:\n {2}harness-tracing/);
  expect(await cli(home, ["help", name])).toEqual({ code, out, err });
  expectGolden(`cli/help-${name}.txt`, out);
});

test("help lines fit a terminal of 132 columns", async () => {
  for (const { name } of COMMANDS) {
    const { out } = await cli(home, [name, "--help"]);
    for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(132);
  }
});

test("every command's code can be loaded", async () => {
  for (const { load } of COMMANDS) expect(typeof (await load())).toBe("function");
});

test("--version prints the version alone", async () => {
  const { version } = await import("../../package.json");
  expect(await cli(home, ["--version"])).toEqual({ code: 0, out: `${version}\n`, err: "" });
});
