import { afterAll, beforeAll, expect, test } from "bun:test";
import { chmodSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { hookCommand } from "../../src/setup/command.ts";
import { tryHook } from "../../src/setup/trial.ts";
import { temporaryHome } from "../support/cli.ts";

const { home, remove } = temporaryHome();
afterAll(remove);

const ENV = { PATH: "/usr/bin:/bin" };

function script(name: string, body: string): string {
  const path = `${home}/${name}`;
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Records what it is given where the real program would. */
const RECORD =
  'mkdir -p "$HOME/.arize/harness/state/journal/claude-code"; cat > "$HOME/.arize/harness/state/journal/claude-code/x"';

let working = "";
beforeAll(() => {
  working = script("working", RECORD);
});

test("a hook that records and is silent is fine, in either form, and leaves no home behind", async () => {
  const before = readdirSync(tmpdir()).filter((name) => name.startsWith("harness-tracing-trial-"));
  for (const shell of ["posix", "exec"] as const) {
    const command = hookCommand(shell, working, ["hook", "claude"]);
    expect(await tryHook({ command, payload: "{}" }, "claude-code", ENV)).toBeUndefined();
  }
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith("harness-tracing-trial-"))).toEqual(before);
});

test("a program that is not there recorded nothing", async () => {
  const command = hookCommand("posix", `${home}/absent`, ["hook", "claude"]);
  expect(await tryHook({ command, payload: "{}" }, "claude-code", ENV)).toBe("it recorded nothing");
});

test("without a shell around it, output and exit codes show", async () => {
  const exec = (path: string) => ({ command: hookCommand("exec", path, ["hook", "claude"]), payload: "{}" });
  expect(await tryHook(exec(script("loud", `${RECORD}; echo hi`)), "claude-code", ENV)).toBe(
    "it wrote output, which the agent would read",
  );
  expect(await tryHook(exec(script("failing", "exit 3")), "claude-code", ENV)).toBe("it ended with exit code 3");
  expect(await tryHook(exec(`${home}/absent`), "claude-code", ENV)).toContain("absent");
});
