import { afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { callHook, type Home, makeHome } from "../../support/hook.ts";
import { builtProgram } from "../../support/program.ts";
import { callsOf, type RecordedCall } from "./recordings.ts";

const BUILD_TIMEOUT_MS = 120_000;
const PLAY_TIMEOUT_MS = 60_000;

let home: Home;
beforeAll(async () => {
  await builtProgram();
}, BUILD_TIMEOUT_MS);
beforeEach(() => {
  home = makeHome();
});
afterEach(() => home.remove());

const env = () => ({ HOME: home.folder, PATH: "/usr/bin:/bin" });

async function play(calls: readonly RecordedCall[], extra: Readonly<Record<string, unknown>> = {}): Promise<void> {
  for (const { payload } of calls) {
    const event = String(payload.hook_event_name);
    const stdin = JSON.stringify({ ...payload, ...extra });
    await callHook({ stdin, env: env(), args: ["hook", "cursor", event] });
  }
}

interface SpanLine {
  readonly name: string;
  readonly parent_id?: string | null;
  readonly attributes: Readonly<Record<string, unknown>>;
}

async function spans(): Promise<readonly SpanLine[]> {
  const run = async (...args: string[]) => {
    const child = Bun.spawn([await builtProgram(), ...args], {
      env: env(),
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const [out, code] = await Promise.all([child.stdout.text(), child.exited]);
    expect(code).toBe(0);
    return out;
  };
  await run("flush", "--wait", "30");
  return (await run("export", "--format", "jsonl"))
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as SpanLine);
}

const byKind = (all: readonly SpanLine[], kind: string) =>
  all.filter(({ attributes }) => attributes["openinference.span.kind"] === kind);

test(
  "an editor session through the real hooks becomes one trace in the store",
  async () => {
    await play(callsOf("ide-turn-shell-edit"));
    const all = await spans();
    expect(byKind(all, "AGENT").map(({ name }) => name)).toEqual(["cursor turn"]);
    expect(
      byKind(all, "TOOL")
        .map(({ name }) => name)
        .sort(),
    ).toEqual(["Grep", "Read", "Shell", "Write"]);
    const llms = byKind(all, "LLM");
    expect(llms.map(({ name }) => name)).toEqual(["claude-4.6-sonnet", "claude-4.6-sonnet"]);
    const counts = llms.flatMap(({ attributes }) => attributes["llm.token_count.prompt"] ?? []);
    expect(counts).toEqual([20152]);
  },
  PLAY_TIMEOUT_MS,
);

test(
  "a run without a terminal gets prompt and answers from the transcript in the home folder",
  async () => {
    const folder = join(home.folder, "acme");
    const calls = callsOf("cli-print-headless");
    const session = String(calls[0]?.payload.conversation_id);
    const slug = folder.slice(1).replace(/[^A-Za-z0-9]/g, "-");
    const place = join(home.folder, ".cursor/projects", slug, "agent-transcripts");
    mkdirSync(place, { recursive: true });
    copyFileSync(
      join(import.meta.dir, "../../recorded/cursor/side-files/agent-transcript.jsonl"),
      join(place, `${session}.jsonl`),
    );
    await play(calls, { workspace_roots: [folder] });
    const all = await spans();
    const [root] = byKind(all, "AGENT");
    expect(root?.attributes["input.value"]).toBe("run the tests");
    expect(root?.attributes["output.value"]).toBe("All green.");
    expect(byKind(all, "LLM")).toHaveLength(2);
    expect(byKind(all, "TOOL").map(({ name }) => name)).toEqual(["Shell"]);
  },
  PLAY_TIMEOUT_MS,
);
