import { afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync } from "node:fs";
import { program, temporaryHome } from "../support/cli.ts";
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

const run = (line: string) => program(binary, temporary.home, line.split(" "));
const inRepository = () => `${temporary.home}/.github/hooks/harness-tracing.json`;
const ofUser = () => `${temporary.home}/.copilot/hooks/harness-tracing.json`;

test("install --scope repo registers in the repository at hand and nowhere else, uninstall --scope repo takes it out", async () => {
  mkdirSync(`${temporary.home}/.git`);
  const { code, out, err } = await run("install copilot --scope repo --yes");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toContain("a test hook of GitHub Copilot was recorded");
  expect(existsSync(inRepository())).toBe(true);
  expect(existsSync(ofUser())).toBe(false);
  expect((await run("uninstall copilot --yes")).out).toContain("Nothing is installed.");
  expect((await run("uninstall copilot --scope repo --yes")).code).toBe(0);
  expect(existsSync(`${temporary.home}/.github`)).toBe(false);
});

test("without --scope it is the user's settings, inside a repository too", async () => {
  mkdirSync(`${temporary.home}/.git`);
  expect((await run("install copilot --yes")).code).toBe(0);
  expect(existsSync(ofUser())).toBe(true);
  expect(existsSync(inRepository())).toBe(false);
});

test.each([
  ["install copilot --scope repo --yes", 1, "it is in no Git repository"],
  ["install copilot --scope team --yes", 2, "--scope is one of: user, repo"],
  ["install claude --scope repo --yes", 2, "Claude Code cannot be registered with --scope repo"],
  ["uninstall --scope repo --yes", 2, "--scope is for removing agents"],
])("%s is refused with a reason", async (line, code, message) => {
  const result = await run(line);
  expect(result.code).toBe(code);
  expect(result.err).toContain(message);
  expect(existsSync(`${temporary.home}/.arize`)).toBe(false);
});
