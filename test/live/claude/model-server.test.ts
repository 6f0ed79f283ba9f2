import { afterEach, describe, expect, test } from "bun:test";
import { type ModelServer, startModelServer } from "./model-server.ts";
import { bash, type Script, say } from "./script.ts";

let server: ModelServer | undefined;

afterEach(async () => {
  await server?.stop();
});

function start(script: Script): ModelServer {
  server = startModelServer(script, () => undefined);
  return server;
}

function ask(model: ModelServer, body: object = {}, init: RequestInit = {}): Promise<Response> {
  const request = {
    model: "model-1",
    stream: true,
    tools: [{ name: "Bash" }],
    messages: [{ role: "user", content: "Hi" }],
    ...body,
  };
  return fetch(`${model.url}/v1/messages`, { method: "POST", body: JSON.stringify(request), ...init });
}

const quick = { firstByteMs: 5, streamMs: 10 };

/** Data of the stream's events, by type. */
async function eventsOf(response: Response): Promise<ReadonlyMap<string, readonly Record<string, unknown>[]>> {
  const events = (await response.text())
    .split("\n")
    .filter((line) => line.startsWith("data: "))
    .map((line) => JSON.parse(line.slice("data: ".length)) as Record<string, unknown>);
  return Map.groupBy(events, (event) => String(event.type));
}

describe("the model server", () => {
  test("streams an answer and writes down usage, tool calls and times", async () => {
    const model = start({ main: [bash("ls", quick)] });
    const events = await eventsOf(await ask(model));
    const json = events
      .get("content_block_delta")
      ?.map((event) => (event.delta as { partial_json: string }).partial_json);
    expect(JSON.parse(json?.join("") ?? "")).toEqual({ command: "ls", description: "Run it" });
    const [call] = model.calls;
    expect(call).toMatchObject({ role: "main", outcome: "ok", finishReason: "tool_use", status: 200 });
    expect(call?.toolCalls).toEqual([{ id: "toolu_test_0000_0", name: "Bash" }]);
    expect(events.get("message_delta")?.[0]?.usage).toMatchObject({ output_tokens: call?.usage?.completion });
    expect(call?.firstByte).toBeGreaterThan(call?.start ?? Number.NaN);
    expect(call?.end).toBeGreaterThan(call?.firstByte ?? Number.NaN);
  });

  test("gives every request figures of its own, and repeats the last step", async () => {
    const model = start({ main: [say("One", quick), say("Two", quick)] });
    for (let count = 0; count < 3; count += 1) await (await ask(model)).text();
    expect(new Set(model.calls.map((call) => call.usage?.prompt)).size).toBe(3);
  });

  test("plays a thread of its own for a subagent, and remembers it when its prompt is gone", async () => {
    const model = start({ main: [say("Main", quick)], worker: [say("One", quick), say("Two", quick)] });
    const headers = { "x-claude-code-agent-id": "a1" };
    await (await ask(model, { messages: [{ role: "user", content: "@thread(worker) Go" }] }, { headers })).text();
    const second = await (await ask(model, {}, { headers })).text();
    expect(second).toContain('"Tw"');
    expect(model.calls.map((call) => [call.role, call.subagent, call.thread])).toEqual([
      ["subagent", "a1", "worker"],
      ["subagent", "a1", "worker"],
    ]);
  });

  test("tells compactions and requests without tools apart from the conversation", async () => {
    const model = start({ main: [say("Main", quick)] });
    const content = "Your task is to create a detailed summary of the conversation so far.";
    await (await ask(model, { messages: [{ role: "user", content }] })).text();
    await (await ask(model, { tools: [] })).text();
    expect(model.calls.map((call) => call.role)).toEqual(["compaction", "utility"]);
  });

  test("refuses, breaks a stream, and sees a client that leaves", async () => {
    const model = start({
      main: [
        { status: 529, firstByteMs: 5 },
        { ...say("Partial", quick), broken: "error" },
        { ...say("Endless", quick), broken: "stall" },
      ],
    });
    expect((await ask(model)).status).toBe(529);
    expect((await eventsOf(await ask(model))).has("error")).toBe(true);
    const leaving = new AbortController();
    const response = await ask(model, {}, { signal: leaving.signal });
    await response.body?.getReader().read();
    leaving.abort();
    while (model.calls[2]?.outcome === "unfinished") await Bun.sleep(5);
    expect(model.calls.map((call) => [call.outcome, call.finishReason, call.toolCalls.length])).toEqual([
      ["http_error", undefined, 0],
      ["stream_error", undefined, 0],
      ["aborted", undefined, 0],
    ]);
  });

  test("notes the results of tools as the agent reports them, once", async () => {
    const model = start({ main: [say("Main", quick)] });
    const result = (id: string, text: string, failed: boolean) => ({
      type: "tool_result",
      tool_use_id: id,
      content: [{ type: "text", text }],
      is_error: failed,
    });
    const messages = [{ role: "user", content: [result("t1", "four", false), result("t2", "no", true)] }];
    await (await ask(model, { messages })).text();
    await (await ask(model, { messages })).text();
    expect(model.toolResults).toEqual([
      { id: "t1", isError: false, length: 4 },
      { id: "t2", isError: true, length: 2 },
    ]);
  });
});
