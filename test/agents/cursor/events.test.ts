import { describe, expect, test } from "bun:test";
import { eventsFor } from "../../../src/agents/cursor/registration.ts";
import { transcriptPaths } from "../../../src/agents/cursor/sources.ts";
import { fold, initialFold } from "../../../src/trace/fold.ts";
import type { FinishedNode, LlmNode, ToolNode, TurnNode } from "../../../src/trace/node.ts";
import { protect } from "../../../src/trace/protect.ts";
import { callsOf, journalOf, observed, type RecordedCall, transcriptFacts } from "./recordings.ts";

const LATER_MS = 60_000;

/** Calls of an editor session: gap in ms, event, fields. */
function calls(...rows: readonly (readonly [gap: number, event: string, fields?: Record<string, unknown>])[]) {
  return rows.map(
    ([gap_ms, hook_event_name, fields]): RecordedCall => ({
      gap_ms,
      payload: {
        conversation_id: "c",
        generation_id: "g",
        model: "gpt-5.5-medium",
        model_id: "gpt-5.5",
        cursor_version: "3.9.16",
        workspace_roots: ["/w"],
        hook_event_name,
        ...fields,
      },
    }),
  );
}

function nodesOf(recorded: readonly RecordedCall[], transcript: readonly unknown[] = []): readonly FinishedNode[] {
  const { facts, hints } = observed(journalOf(recorded));
  const newest = Math.max(...facts.map(({ at }) => at));
  const told = transcriptFacts(transcript, hints);
  return fold(initialFold(), [...facts, ...told, { type: "tick", at: newest + LATER_MS }]).nodes;
}

const turns = (nodes: readonly FinishedNode[]) => nodes.filter((node): node is TurnNode => node.kind === "turn");
const llms = (nodes: readonly FinishedNode[]) => nodes.filter((node): node is LlmNode => node.kind === "llm");
const tools = (nodes: readonly FinishedNode[]) => nodes.filter((node): node is ToolNode => node.kind === "tool");

const PROMPT = [0, "beforeSubmitPrompt", { prompt: "hi" }] as const;
const STOP = [10, "stop", { status: "completed" }] as const;

describe("tokens", () => {
  test("of the turn are on its last model call; the caches are part of the input", () => {
    const tokens = { input_tokens: 100, output_tokens: 7, cache_read_tokens: 80, cache_write_tokens: 5 };
    const nodes = nodesOf(
      calls(
        PROMPT,
        [50, "afterAgentResponse", { text: "a" }],
        [50, "afterAgentResponse", { text: "b" }],
        [10, "stop", { status: "completed", ...tokens }],
      ),
    );
    expect(llms(nodes).map(({ usage }) => usage)).toEqual([
      undefined,
      { prompt: 100, completion: 7, cacheRead: 80, cacheWrite: 5 },
    ]);
    expect(llms(nodes)[1]?.metadata).toEqual({ tokens_of: "turn" });
  });

  test("of a turn without any answer are on a call of their own, without an output", () => {
    const nodes = nodesOf(calls(PROMPT, [90, "stop", { status: "aborted", input_tokens: 9, output_tokens: 1 }]));
    expect(llms(nodes)).toMatchObject([{ usage: { prompt: 9, completion: 1 }, output: [] }]);
    expect(turns(nodes)[0]?.outcome).toBe("interrupted");
  });

  test("that are not told, or zero, are absent", () => {
    const nodes = nodesOf(calls(PROMPT, [50, "afterAgentResponse", { text: "a" }], STOP));
    expect(llms(nodes)[0]?.usage).toBeUndefined();
  });
});

describe("model calls", () => {
  test("thoughts and the response that follows are one call; after a tool it is another one", () => {
    const nodes = nodesOf(
      calls(
        PROMPT,
        [30, "afterAgentThought", { text: "hm", duration_ms: 20 }],
        [30, "afterAgentThought", { text: "hm hm" }],
        [10, "postToolUse", { tool_name: "Read", tool_use_id: "t1", tool_input: { path: "/w/a" }, duration: 4 }],
        [30, "afterAgentThought", { text: "ah" }],
        [30, "afterAgentResponse", { text: "done" }],
        STOP,
      ),
    );
    expect(llms(nodes).map(({ output }) => output.flatMap(({ parts }) => parts.map(({ type }) => type)))).toEqual([
      ["reasoning", "reasoning"],
      ["reasoning", "text"],
    ]);
    const [turn] = turns(nodes);
    const [first, second] = llms(nodes);
    expect([first?.start, first?.end]).toEqual([turn?.start, (turn?.start ?? 0) + 60]);
    expect([second?.start, second?.end]).toEqual([(turn?.start ?? 0) + 70, (turn?.start ?? 0) + 130]);
    expect(first?.input).toEqual([{ role: "user", parts: [{ type: "text", text: "hi" }] }]);
    expect(turn?.output).toBe("done");
  });

  test("have the model's canonical name, and none where Cursor picks the model itself", () => {
    const response = (fields: Record<string, unknown>) =>
      llms(nodesOf(calls(PROMPT, [9, "afterAgentResponse", { text: "a", ...fields }], STOP)))[0];
    expect(response({})).toMatchObject({ model: "gpt-5.5", system: "openai" });
    expect(response({ model: "claude-4.6-sonnet", model_id: null })).toMatchObject({ system: "anthropic" });
    expect(response({ model: "default", model_id: "default" })?.model).toBeUndefined();
  });
});

describe("tools", () => {
  const shell = { tool_name: "Shell", tool_use_id: "call_1\nctc_1", tool_input: { command: "ls" } };

  test("have their own duration, and end their children's wait at once", () => {
    const open = calls(PROMPT, [
      500,
      "postToolUse",
      { ...shell, tool_output: '{"output":"x","exitCode":0}', duration: 36.841 },
    ]);
    const { facts } = observed(journalOf(open));
    const { nodes } = fold(initialFold(), facts);
    expect(nodes).toMatchObject([{ kind: "tool", callId: "call_1\nctc_1", output: "x", exitCode: 0, outcome: "ok" }]);
    const [tool] = nodes;
    expect((tool?.end ?? 0) - (tool?.start ?? 0)).toBeCloseTo(36.841, 2);
  });

  test("that failed, were denied, interrupted or ended with an exit code say so", () => {
    const failure = (fields: Record<string, unknown>) =>
      tools(nodesOf(calls(PROMPT, [9, "postToolUseFailure", { ...shell, error_message: "no", ...fields }], STOP)))[0];
    expect(failure({ failure_type: "timeout" })).toMatchObject({
      outcome: "error",
      error: { type: "timeout", message: "no" },
    });
    expect(failure({ failure_type: "permission_denied" })).toMatchObject({ error: { type: "permission_denied" } });
    expect(failure({ is_interrupt: true })).toMatchObject({ outcome: "interrupted" });
    const ended = calls(PROMPT, [9, "postToolUse", { ...shell, tool_output: '{"output":"x","exitCode":2}' }], STOP);
    expect(tools(nodesOf(ended))).toMatchObject([{ outcome: "error", exitCode: 2, error: { type: "exit" } }]);
  });

  test("are the same whether or not the events without ids come too", () => {
    const recorded = callsOf("ide-turn-shell-edit");
    const registered = new Set(eventsFor({ editor: "3.9.16" }).map(({ event }) => event));
    let skipped = 0;
    const only = recorded.flatMap((call): RecordedCall[] => {
      const gap_ms = call.gap_ms + skipped;
      skipped = registered.has(String(call.payload.hook_event_name)) ? 0 : gap_ms;
      return skipped === 0 ? [{ ...call, gap_ms }] : [];
    });
    const told = (calls: readonly RecordedCall[]) =>
      tools(nodesOf(calls)).map(({ name, callId, start, end, input, output }) => [
        name,
        callId,
        start,
        end,
        input,
        output,
      ]);
    expect(told(recorded)).toHaveLength(4);
    expect(told(only)).toEqual(told(recorded));
  });

  test("of older versions, which tell no ids, keep input and result together, parallel calls too", () => {
    const mcp = (tool: string, n: number, duration: number) => ({
      tool_name: tool,
      tool_input: `{"n":${n}}`,
      result_json: `{"of":${n}}`,
      duration,
    });
    const nodes = nodesOf(
      calls(
        PROMPT,
        [300, "afterMCPExecution", mcp("get", 2, 50)],
        [20, "afterMCPExecution", mcp("get", 1, 200)],
        [20, "afterFileEdit", { file_path: "/w/a", edits: [{ old_string: "a", new_string: "b" }] }],
        STOP,
      ),
    );
    expect(tools(nodes).map(({ name, input, output, start, end }) => [name, input, output, end - start])).toEqual([
      ["get", { n: 2 }, { of: 2 }, 50],
      ["get", { n: 1 }, { of: 1 }, 200],
      ["Edit", { file_path: "/w/a" }, { edits: [{ old_string: "a", new_string: "b" }] }, 0],
    ]);
  });

  test("MCP tools have their own name and are not built in", () => {
    const mcp = {
      tool_name: "MCP:get_issue",
      tool_use_id: "m",
      tool_input: '{"number":12}',
      tool_output: '{"title":"x"}',
    };
    const nodes = nodesOf(calls(PROMPT, [9, "postToolUse", mcp], STOP));
    expect(tools(nodes)).toMatchObject([
      { name: "get_issue", builtIn: false, input: { number: 12 }, output: { title: "x" } },
    ]);
  });
});

describe("subagents", () => {
  test("hang below the call that started them, known by the task", () => {
    const stop = {
      subagent_id: "s",
      subagent_type: "explore",
      task: "find it",
      status: "completed",
      duration_ms: 80,
      summary: "there",
    };
    const task = { tool_name: "Task", tool_use_id: "t", tool_input: { prompt: "find it" }, duration: 90 };
    const nodes = nodesOf(calls(PROMPT, [100, "subagentStop", stop], [5, "postToolUse", task], STOP));
    const agent = nodes.find(({ kind }) => kind === "agent");
    expect(agent).toMatchObject({
      name: "explore",
      parent: "tool:t",
      input: "find it",
      output: "there",
      outcome: "ok",
    });
    expect((agent?.end ?? 0) - (agent?.start ?? 0)).toBe(80);
  });

  test("do not become turns by generations of their own", () => {
    const read = {
      generation_id: "other",
      subagent_id: "s",
      tool_name: "Read",
      tool_use_id: "r",
      tool_input: {},
      duration: 1,
    };
    const nodes = nodesOf(
      calls(
        PROMPT,
        [9, "postToolUse", read],
        [9, "subagentStop", { subagent_id: "s", duration_ms: 15, status: "completed" }],
        STOP,
      ),
    );
    expect(turns(nodes)).toHaveLength(1);
    expect(tools(nodes)[0]?.parent).toBe("agent:s");
  });
});

describe("turns", () => {
  test("two registrations of every hook are one trace", () => {
    const recorded = callsOf("ide-turn-shell-edit");
    const twice = recorded.flatMap((call) => [call, { ...call, gap_ms: 0 }]);
    const shape = (nodes: readonly FinishedNode[]) => nodes.map(({ kind, key, start, end }) => [kind, key, start, end]);
    expect(shape(nodesOf(twice))).toEqual(shape(nodesOf(recorded)));
  });

  test("a generation that is prompted again after its end is another turn", () => {
    const nodes = nodesOf(calls(PROMPT, STOP, [5000, "beforeSubmitPrompt", { prompt: "again" }], STOP));
    expect(turns(nodes).map(({ input }) => input)).toEqual(["hi", "again"]);
  });

  test("that were aborted or failed are never ok, and one that never stopped ends with the next", () => {
    expect(turns(nodesOf(calls(PROMPT, [9, "stop", { status: "aborted" }])))[0]?.outcome).toBe("interrupted");
    const failed = nodesOf(calls(PROMPT, [9, "stop", { status: "error", error_message: "overloaded" }]));
    expect(turns(failed)).toMatchObject([{ outcome: "error", error: { message: "overloaded" } }]);
    const superseded = nodesOf(
      calls(
        PROMPT,
        [5000, "beforeSubmitPrompt", { generation_id: "h", prompt: "b" }],
        [9, "stop", { generation_id: "h" }],
      ),
    );
    expect(turns(superseded).map(({ outcome }) => outcome)).toEqual(["interrupted", "ok"]);
  });

  test("a tracer that was installed in the middle of one traces the rest of it", () => {
    const nodes = nodesOf(calls([0, "afterAgentResponse", { text: "so far" }], STOP));
    expect(turns(nodes)).toMatchObject([{ outcome: "ok", output: "so far" }]);
  });

  test("Windows folders lose the slash before the drive, the user's mail address is nowhere", () => {
    const fields = { workspace_roots: ["/c:/Users/dev/acme"], user_email: "dev@acme.example" };
    const nodes = nodesOf(calls([0, "beforeSubmitPrompt", { prompt: "hi", ...fields }], STOP));
    expect(turns(nodes)[0]?.metadata).toMatchObject({ cwd: "c:/Users/dev/acme", entrypoint: "editor" });
    expect(JSON.stringify(nodes)).not.toContain("acme.example");
  });

  test("say nothing that the user wants hidden, in whatever form the same call is told", () => {
    const { facts } = observed(journalOf(callsOf("ide-turn-shell-edit")));
    const log = { prompts: false, toolDetails: false, toolContent: false };
    const hidden = facts.map((fact) => protect(fact, { log, mask: true, maxTextChars: 1000 }));
    for (const text of ["npm test", "sum.js", "fix the failing", "Fixed:", "I should run", "adds numbers"]) {
      expect(JSON.stringify(facts)).toContain(text);
      expect(JSON.stringify(hidden)).not.toContain(text);
    }
  });

  test("hints hold no text of the session", () => {
    const { hints } = observed(journalOf(callsOf("ide-mcp-parallel-subagent-multiresponse")));
    for (const text of ["summarise", "Flaky", "login", "First part"]) expect(JSON.stringify(hints)).not.toContain(text);
  });
});

describe("a compaction", () => {
  test("is inside its turn, with what is known of the context", () => {
    const compact = { trigger: "auto", context_tokens: 170_000, context_window_size: 200_000 };
    const nodes = nodesOf(calls(PROMPT, [50, "preCompact", compact], [50, "afterAgentResponse", { text: "a" }], STOP));
    const one = nodes.find(({ kind }) => kind === "compaction");
    expect(one).toMatchObject({
      parent: "turn",
      outcome: "ok",
      trigger: "auto",
      metadata: { context_tokens: 170_000 },
    });
    expect((one?.start ?? 0) - (turns(nodes)[0]?.start ?? 0)).toBe(50);
  });
});

describe("a run without a terminal", () => {
  const cli = { cursor_version: "2026.09.18-9a7762b", model: "default", model_id: undefined };
  const run = (reason: string) =>
    calls([0, "sessionStart", cli], [500, "sessionEnd", { ...cli, reason, duration_ms: 500 }]);
  const record = (role: string, text: string) => ({ role, message: { content: [{ type: "text", text }] } });

  test("without tools is a turn by its transcript", () => {
    const nodes = nodesOf(run("completed"), [
      record("user", "<timestamp>now</timestamp><user_query>\nsay hi\n</user_query>"),
      record("assistant", "Hi!"),
    ]);
    expect(turns(nodes)).toMatchObject([{ input: "say hi", output: "Hi!", outcome: "ok" }]);
    expect(llms(nodes)).toHaveLength(1);
    expect((turns(nodes)[0]?.end ?? 0) - (turns(nodes)[0]?.start ?? 0)).toBe(500);
  });

  test("of a resumed conversation tells the newest prompt alone", () => {
    const before = [record("user", "<user_query>\nold\n</user_query>"), record("assistant", "old answer")];
    const nodes = nodesOf(run("completed"), [
      ...before,
      record("user", "<user_query>\nnew\n</user_query>"),
      record("assistant", "new answer"),
    ]);
    expect(turns(nodes)).toMatchObject([{ input: "new", output: "new answer" }]);
    expect(llms(nodes)).toHaveLength(1);
  });

  test("that failed is an error; a terminal that was closed without a prompt is nothing", () => {
    expect(turns(nodesOf(run("error")))[0]?.outcome).toBe("error");
    expect(nodesOf(run("user_close"))).toEqual([]);
  });

  test("has its transcript where Cursor's versions put it, and never outside", () => {
    const [nested, flat] = transcriptPaths("/home/dev", "/home/dev/acme_x", "id-1");
    expect(nested).toBe("/home/dev/.cursor/projects/home-dev-acme-x/agent-transcripts/id-1/id-1.jsonl");
    expect(flat).toBe("/home/dev/.cursor/projects/home-dev-acme-x/agent-transcripts/id-1.jsonl");
    expect(transcriptPaths("/h", "/d:/projects/x_y", "i")).toContain(
      "/h/.cursor/projects/d-projects-x-y/agent-transcripts/i/i.jsonl",
    );
    expect(transcriptPaths("/h", "/w", "../../etc/passwd")).toEqual([]);
  });
});
