import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { assignments, withEnvironmentFile } from "../../src/hook/environment-file.ts";
import { callHook, type Home, journaled, makeHome, SILENT } from "../support/hook.ts";

let home: Home;
beforeAll(() => {
  home = makeHome();
});
afterAll(() => home.remove());

test("plain assignments are read, quoted or not, exported or not", () => {
  expect(
    assignments(
      [
        "# settings",
        "export ARIZE_USER_ID=ada",
        "ARIZE_PROJECT_NAME='my project' # mine",
        'export PHOENIX_ENDPOINT="http://localhost:6006"',
        'OTEL_RESOURCE_ATTRIBUTES="team=\\"a\\",x=1"',
        "export ARIZE_LOG_PROMPTS=false;",
      ].join("\n"),
    ),
  ).toEqual({
    ARIZE_USER_ID: "ada",
    ARIZE_PROJECT_NAME: "my project",
    PHOENIX_ENDPOINT: "http://localhost:6006",
    OTEL_RESOURCE_ATTRIBUTES: 'team="a",x=1',
    ARIZE_LOG_PROMPTS: "false",
  });
});

test("nothing is run, and nothing but this program's settings is taken", () => {
  expect(
    assignments(
      [
        "export ARIZE_API_KEY=$(cat key)",
        'ARIZE_USER_ID="$USER"',
        "ARIZE_PROJECT_NAME=`id`",
        "export PATH=/tmp/evil",
        "LD_PRELOAD=/tmp/evil.so",
        "HTTPS_PROXY=http://evil",
        "if true; then",
        "ARIZE_SPACE_ID=a b",
      ].join("\n"),
    ),
  ).toEqual({});
});

test("without the file the environment stays the very object that it was", () => {
  const env = { A: "1" };
  expect(withEnvironmentFile(env, `${home.folder}/none`)).toBe(env);
  expect(withEnvironmentFile(env, undefined)).toBe(env);
});

test("a hook of Codex takes the file's settings over those of its environment", async () => {
  mkdirSync(`${home.folder}/.codex`);
  writeFileSync(`${home.folder}/.codex/arize-env.sh`, "export ARIZE_USER_ID=ada\nexport ARIZE_API_KEY=secret\n");
  const payload = { session_id: "s", hook_event_name: "PreToolUse", turn_id: "t", tool_name: "Bash", tool_use_id: "c" };
  const call = {
    args: ["hook", "codex"],
    env: { HOME: home.folder, ARIZE_USER_ID: "somebody else" },
    stdin: JSON.stringify(payload),
  };
  expect(await callHook(call)).toEqual(SILENT);
  const [event] = journaled(home).events;
  expect(event?.env).toEqual({ ARIZE_USER_ID: "ada" });
  expect(Object.keys(event?.credentials ?? {})).toEqual(["ARIZE_API_KEY"]);
  expect(JSON.stringify(event)).not.toContain("secret");
});

test("the file can switch tracing off for Codex alone", async () => {
  const before = journaled(home).events.length;
  writeFileSync(`${home.folder}/.codex/arize-env.sh`, "export ARIZE_TRACE_ENABLED=false\n");
  const stdin = JSON.stringify({ session_id: "s", hook_event_name: "PreToolUse" });
  expect(await callHook({ args: ["hook", "codex"], env: { HOME: home.folder }, stdin })).toEqual(SILENT);
  expect(journaled(home).events.length).toBe(before);
});
