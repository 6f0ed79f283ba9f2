import { afterAll, describe, expect, test } from "bun:test";
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kiro } from "../../../src/agents/kiro/agent.ts";
import { drain } from "../../../src/drain/drain.ts";
import { appendLine } from "../../../src/hook/append.ts";
import type { JournalEvent } from "../../../src/journal/event.ts";
import { segmentFileOf } from "../../../src/journal/names.ts";
import { makeWorld } from "../../drain/world.ts";
import { factsOf, nodesOf } from "../../support/constructed.ts";
import { treeText } from "../../support/tree.ts";
import { eventsOf, KIRO, placeFiles, sessionsOf } from "./recordings.ts";

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "kiro-session-"));
  folders.push(folder);
  return folder;
}

const T0 = 1_788_256_800_000;

/** Hook calls of a session `s`. @param calls event, seconds, and what else the payload holds */
function called(home: string, calls: readonly (readonly [string, number, object?])[]): JournalEvent[] {
  return calls.map(([event, s, more]) => ({
    v: 1,
    ts: T0 + s * 1000,
    agent: "kiro",
    event,
    session: "s",
    env: { KIRO_HOME: home },
    payload: { hook_event_name: event, cwd: "/w", session_id: "s", ...more },
  }));
}

const text = (data: string) => ({ kind: "text", data });
const use = (id: string, input: unknown) => ({ kind: "toolUse", data: { toolUseId: id, name: "read", input } });
const result = (id: string, data: string, status = "success") => ({
  kind: "toolResult",
  data: { toolUseId: id, content: [text(data)], status },
});
const line = (kind: string, id: string, content: unknown[], s?: number) =>
  JSON.stringify({
    version: "v1",
    kind,
    data: { message_id: id, content, ...(s && { meta: { timestamp: T0 / 1000 + s } }) },
  });

function cli2(home: string, lines: readonly string[], sidecar?: unknown): void {
  mkdirSync(`${home}/sessions/cli`, { recursive: true });
  writeFileSync(`${home}/sessions/cli/s.jsonl`, `${lines.join("\n")}\n`);
  if (sidecar) writeFileSync(`${home}/sessions/cli/s.json`, JSON.stringify(sidecar));
}

async function nodes(events: readonly JournalEvent[]) {
  return (await factsOf(events, kiro, kiro.sources)).flatMap(nodesOf);
}

const input = (path: string) => ({ tool_name: "read", tool_input: { path, __tool_use_purpose: "look" } });
const ended = (path: string) => ({ ...input(path), tool_response: { items: [{ Text: path }] } });

describe("CLI 2", () => {
  test("calls that ran side by side keep their own inputs, results and times", async () => {
    const home = tempFolder();
    cli2(home, [
      line("Prompt", "m1", [text("both")], 0),
      line("AssistantMessage", "m2", [use("t1", { path: "A" }), use("t2", { path: "B" })]),
      line("ToolResults", "m3", [result("t1", "A"), result("t2", "no such file", "error")]),
      line("AssistantMessage", "m4", [text("done")]),
    ]);
    const events = called(home, [
      ["userPromptSubmit", 0, { prompt: "both" }],
      ["preToolUse", 1, input("A")],
      ["preToolUse", 1.2, input("B")],
      ["postToolUse", 2, ended("B")],
      ["postToolUse", 3, ended("A")],
      ["stop", 5, { assistant_response: "done" }],
    ]);
    expect(treeText(await nodes(events))).toBe(
      [
        'turn 1 "both" → "done" +0..+5000 ok',
        "  llm ? finish=- in=user out=read,read +0..+1000 ok",
        '    tool read "{\\"path\\":\\"A\\"}" → "A" +1000..+3000 ok',
        '    tool read "{\\"path\\":\\"B\\"}" → "no such file" +1200..+2000 error !tool_error: "no such file"',
        "  llm ? finish=- in=tool,tool out=text +3000..+5000 ok",
        "",
      ].join("\n"),
    );
  });

  test("a session that is gone on with is traced from the first prompt that hooks saw", async () => {
    const home = tempFolder();
    cli2(home, [
      line("Prompt", "m1", [text("old")], -500),
      line("AssistantMessage", "m2", [text("old answer")]),
      line("Prompt", "m3", [text("new")], 0),
      line("AssistantMessage", "m4", [text("new answer")]),
    ]);
    const tree = treeText(
      await nodes(
        called(home, [
          ["userPromptSubmit", 0, { prompt: "new" }],
          ["stop", 2],
        ]),
      ),
    );
    expect(tree).toStartWith('turn 2 "new" → "new answer" +0..+2000 ok');
    expect(tree).not.toContain("old");
  });

  test("credits are sums without noise, in metadata and never a cost; zero tokens were not counted", async () => {
    const [session] = await sessionsOf("cli2-tui-turn");
    const found = session ? nodesOf(session) : [];
    expect(found.find(({ kind }) => kind === "turn")?.metadata).toMatchObject({ "kiro.credits": 0.083 });
    expect(JSON.stringify(found)).not.toMatch(/"cost"|"usage"|input_tokens/);
  });

  test("the model `auto` is no model's name", async () => {
    const home = tempFolder();
    const sidecar = { session_state: { rts_model_state: { model_info: { model_id: "auto" } } } };
    cli2(home, [line("Prompt", "m1", [text("hi")], 0), line("AssistantMessage", "m2", [text("yo")])], sidecar);
    const found = await nodes(
      called(home, [
        ["userPromptSubmit", 0, { prompt: "hi" }],
        ["stop", 2],
      ]),
    );
    expect(found.flatMap((node) => (node.kind === "llm" ? [node.model] : []))).toEqual([undefined]);
    expect(found.find(({ kind }) => kind === "turn")?.metadata).toMatchObject({ "kiro.model": "auto" });
  });

  test("tools of a turn that come all at once are each traced", async () => {
    const home = tempFolder();
    const events = called(home, [
      ["userPromptSubmit", 0, { prompt: "go" }],
      ["postToolUse", 2, { hook_events: [ended("A"), ended("B")] }],
      ["stop", 3],
    ]);
    expect((await nodes(events)).filter(({ kind }) => kind === "tool")).toHaveLength(2);
  });

  test("a version that runs both registrations tells nothing twice", async () => {
    const home = tempFolder();
    const events = called(home, [
      ["userPromptSubmit", 0, { prompt: "go" }],
      ["UserPromptSubmit", 0.01, { prompt: "" }],
      ["postToolUse", 1, ended("A")],
      ["PostToolUse", 1.01, ended("A")],
      ["stop", 2],
      ["Stop", 2.01],
    ]);
    expect((await nodes(events)).map(({ kind }) => kind).sort()).toEqual(["tool", "turn"]);
  });

  test("the drain waits for what is written late: the last answer, then the credits", async () => {
    const world = makeWorld(tempFolder());
    const home = tempFolder();
    const source = tempFolder();
    placeFiles("cli2-tui-turn", source);
    const events = eventsOf("cli2-tui-turn", home);
    for (const event of events) {
      appendLine(`${world.paths.journal}/kiro`, segmentFileOf(event.session, event.ts), JSON.stringify(event));
    }
    world.clock.now = (events.at(-1)?.ts ?? 0) + 20;
    const session = events[0]?.session ?? "";
    const files = [`${session}.jsonl`, `${session}.json`];
    let slept = 0;
    await drain(
      world.deps({
        agents: [KIRO],
        sleep: async (ms) => {
          world.clock.now += ms;
          slept += ms;
          mkdirSync(`${home}/sessions/cli`, { recursive: true });
          const due = slept > 900 ? 2 : slept > 300 ? 1 : 0;
          for (const name of files.splice(0, Math.max(0, due - (2 - files.length)))) {
            appendFileSync(`${home}/sessions/cli/${name}`, await Bun.file(`${source}/sessions/cli/${name}`).text());
          }
        },
      }),
    );
    const spans = world.ask((reader) => reader.spans({})).map(({ span }) => span);
    expect(spans.filter(({ kind }) => kind === "LLM")).toHaveLength(2);
    expect(JSON.stringify(spans.find(({ name }) => name === "kiro turn")?.attributes)).toContain("kiro.credits");
  });
});

describe("CLI 3 and IDE 1", () => {
  const record = (s: number, payload: object, id = `r${s}`) =>
    JSON.stringify({ id, timestamp: new Date(T0 + s * 1000).toISOString(), payload });

  async function tree(lines: readonly string[]): Promise<readonly [string, object]> {
    const home = tempFolder();
    mkdirSync(`${home}/sessions/abcd/s`, { recursive: true });
    writeFileSync(`${home}/sessions/abcd/s/messages.jsonl`, `${lines.join("\n")}\n`);
    const found = await nodes(
      called(home, [
        ["UserPromptSubmit", 0, { prompt: "" }],
        ["Stop", 20],
      ]),
    );
    return [treeText(found), found.find(({ kind }) => kind === "turn")?.metadata ?? {}];
  }

  test("pieces of an answer are one request, results of tools begin the next, credits are the turn's", async () => {
    const [text, metadata] = await tree([
      record(0, { type: "user", content: "do it" }),
      record(0.1, { type: "turn_start", executionId: "e" }),
      record(2, { type: "assistant", operationType: "Reasoning", content: "...", reasoningSignature: "x" }),
      record(3, { type: "assistant", operationType: "Say", content: "First" }),
      record(4, { type: "tool_call", toolName: "execute_pwsh", toolCallId: "t1", args: { command: "ls" } }),
      record(6, { type: "tool_result", toolCallId: "t1", content: "boom", success: false, durationMs: 1500 }),
      record(9, { type: "assistant", operationType: "Say", content: "Sorry.", reasoningModelId: "auto" }),
      record(9.1, { type: "session_metadata", key: "contextUsage", value: { usagePercentage: 6.5 } }),
      record(9.2, {
        type: "usage_summary",
        promptTurnSummaries: [
          { unit: "credit", usage: 0.1 },
          { unit: "credit", usage: 0.2 },
          { unit: "token", usage: 9 },
        ],
      }),
      record(9.3, { type: "turn_end", stopReason: "end_turn", executionId: "e" }),
    ]);
    expect(text).toBe(
      [
        'turn 1 "do it" → "Sorry." +0..+20000 ok',
        "  llm ? finish=- in=user out=text,execute_pwsh +0..+4000 ok",
        '    tool execute_pwsh "{\\"command\\":\\"ls\\"}" → "boom" +4500..+6000 error !tool_error: "boom"',
        "  llm ? finish=- in=tool out=text +6000..+9000 ok",
        "",
      ].join("\n"),
    );
    expect(metadata).toMatchObject({ "kiro.credits": 0.3, "kiro.context_usage_percentage": 6.5 });
  });

  test("a cancelled turn is interrupted", async () => {
    const [text] = await tree([
      record(0, { type: "user", content: "do it" }),
      record(2, { type: "assistant", operationType: "Say", content: "Well" }),
      record(3, { type: "turn_end", stopReason: "cancelled" }),
    ]);
    expect(text).toContain('interrupted !cancelled: "The turn ended: cancelled"');
  });

  test("what is said to a running turn is an event of it, not another turn", async () => {
    const [text] = await tree([
      record(0, { type: "user", content: "do it" }),
      record(1, { type: "user", content: "quickly", source: "steer" }),
      record(2, { type: "assistant", operationType: "Say", content: "Done" }),
    ]);
    expect(text.match(/^turn/gm)).toHaveLength(1);
    expect(text).toContain('*prompt{"prompt":"quickly"}');
  });
});
