import { describe, expect, test } from "bun:test";
import { observe } from "../../../src/agents/gemini/events.ts";
import type { JournalEvent } from "../../../src/journal/event.ts";

const SESSION = "0b1c7a52-0000-4000-8000-000000000001";

function event(name: string, fields: object = {}, env: Record<string, string> = {}): JournalEvent {
  const payload = {
    session_id: SESSION,
    hook_event_name: name,
    transcript_path: "/g/chats/s.jsonl",
    cwd: "/p",
    ...fields,
  };
  return { v: 1, ts: 1000, agent: "gemini", event: name, session: SESSION, env, payload };
}

describe("a hook call of Gemini CLI", () => {
  test("leads to the transcript and names the agent's process", () => {
    expect(observe(event("SessionStart", { source: "startup" }, { HARNESS_AGENT_PID: "42" })).hints).toEqual({
      transcript: "/g/chats/s.jsonl",
      pid: "42",
    });
  });

  test("about a finished tool has its text, its error and the exit code of a command", () => {
    const failed = { llmContent: "gone", error: { message: "File not found: x", type: "file_not_found" } };
    expect(
      observe(event("AfterTool", { tool_name: "read_file", tool_input: {}, tool_response: failed })).facts,
    ).toEqual([
      expect.objectContaining({
        type: "tool.end",
        outcome: "error",
        error: { type: "file_not_found", message: "File not found: x" },
      }),
    ]);
    const shell = {
      llmContent: [{ text: "Output: oops\nExit Code: 3\nProcess Group PGID: 1" }],
      returnDisplay: [[{}]],
    };
    const [end] = observe(event("AfterTool", { tool_name: "run_shell_command", tool_response: shell })).facts;
    expect(end).toMatchObject({ outcome: "ok", exitCode: 3 });
    expect(JSON.stringify(end)).not.toContain("returnDisplay");
  });

  test("about a finished subagent names it, and says that its file lives", () => {
    const display = { isSubagentProgress: true, recentActivity: [{ id: "a1-b2#0-0" }] };
    const fields = {
      tool_name: "invoke_agent",
      tool_input: {},
      tool_response: { llmContent: "done", returnDisplay: display },
    };
    const observed = observe(event("AfterTool", fields));
    expect(observed.hints).toMatchObject({ "agent:a1-b2": "1" });
    expect(observed.facts).toContainEqual(
      expect.objectContaining({ type: "agent.end", agentId: "a1-b2", output: "done" }),
    );
  });

  test("about an answer does not repeat it: streamed answers come garbled", () => {
    const fields = { prompt: "hi", prompt_response: "Hello  from Hello from" };
    expect(observe(event("AfterAgent", fields)).facts).toEqual([
      { type: "turn.end", at: 1000, turn: "", source: "claimed", outcome: "ok", complete: true, live: true },
    ]);
  });

  test("about a dialog says what it is about, as far as it is known", () => {
    const dialog = (details: object) =>
      observe(event("Notification", { notification_type: "ToolPermission", details })).facts[0];
    expect(dialog({ type: "exec", command: "ls" })).toMatchObject({
      name: "run_shell_command",
      input: { command: "ls" },
    });
    expect(dialog({ type: "mcp", serverName: "lab", toolName: "add" })).toMatchObject({ name: "mcp_lab_add" });
    expect(dialog({ type: "edit" })).toMatchObject({ type: "tool.permission", name: "" });
  });

  test("of a shape that is not known is skipped with a reason", () => {
    expect(observe(event("BeforeTool", { tool_name: 7 })).skipped).toContain("tool_name");
    expect(observe({ ...event("BeforeTool"), payload: {} }).skipped).toContain("session_id");
  });
});
