import { afterEach, expect, test } from "bun:test";
import { type ModelServer, startModelServer } from "./model-server.ts";
import type { Script } from "./script.ts";

let server: ModelServer | undefined;
afterEach(async () => {
  await server?.stop();
});

function start(script: Script): ModelServer {
  server = startModelServer(script, { stop: "stop", tool_calls: "tool-calls" }, () => {});
  return server;
}

interface Asked {
  readonly prompt?: string;
  readonly tools?: readonly unknown[];
  readonly messages?: readonly object[];
  readonly signal?: AbortSignal;
}

function ask({ url }: ModelServer, { prompt = "Hi", tools = [{}], messages = [], signal }: Asked = {}) {
  const body = JSON.stringify({ model: "m", tools, messages: [{ role: "user", content: prompt }, ...messages] });
  return fetch(`${url}/chat/completions`, { method: "POST", body, ...(signal ? { signal } : {}) });
}

/** Everything that was sent, put together. */
function parsed(text: string): { words: string; usage: unknown; finish: unknown; done: boolean } {
  const events = text.split("\n\n").filter((event) => event.startsWith("data: {"));
  const pieces = events.map((event) => JSON.parse(event.slice("data: ".length)));
  return {
    words: pieces.map(({ choices }) => choices[0]?.delta.content ?? "").join(""),
    usage: pieces.at(-1)?.usage,
    finish: pieces.at(-2)?.choices[0]?.finish_reason,
    done: text.endsWith("data: [DONE]\n\n"),
  };
}

test("plays its steps in order, the last one again, and writes down what it sent", async () => {
  const model = start({
    main: [
      { text: "One two", cached: 100, streamMs: 5 },
      { text: "Three", streamMs: 5 },
    ],
  });
  for (const words of ["One two", "Three", "Three"]) {
    expect(parsed(await (await ask(model)).text())).toMatchObject({ words, finish: "stop", done: true });
  }
  const [first, second] = model.calls;
  expect(first).toMatchObject({ role: "main", outcome: "ok", finishReason: "stop", usage: { cacheRead: 100 } });
  expect(first?.usage?.prompt).not.toBe(second?.usage?.prompt);
  expect(first?.end).toBeGreaterThan(first?.start ?? 0);
});

test("a prompt that names a thread plays it, what is asked without tools is no part of the script", async () => {
  const model = start({ main: [{ text: "Main" }], A: [{ text: "Sub" }] });
  expect(parsed(await (await ask(model, { prompt: "@thread(A) go" })).text()).words).toBe("Sub");
  await (await ask(model, { tools: [] })).text();
  expect(parsed(await (await ask(model)).text()).words).toBe("Main");
  expect(model.calls.map(({ role, subagent }) => [role, subagent])).toEqual([
    ["subagent", "A"],
    ["utility", undefined],
    ["main", undefined],
  ]);
});

test("tool calls have ids, and their results are known as the script says they end", async () => {
  const model = start({
    main: [{ tools: [{ tool: "bash", input: { command: "x" }, fails: true }] }, { text: "Done" }],
  });
  await (await ask(model)).text();
  const [call] = model.calls[0]?.toolCalls ?? [];
  expect(call?.name).toBe("bash");
  await (await ask(model, { messages: [{ role: "tool", tool_call_id: call?.id, content: "boom" }] })).text();
  expect(model.toolResults).toEqual([{ id: call?.id ?? "", isError: true, length: 4 }]);
});

test("refusals, broken connections and clients that leave are told apart", async () => {
  const model = start({
    main: [
      { status: 503, message: "busy" },
      { text: "never read to its end", broken: "cut", streamMs: 20 },
      { text: "for ever and ever", broken: "stall", streamMs: 20 },
    ],
  });
  expect((await ask(model)).status).toBe(503);
  await (await ask(model)).text().catch(() => undefined);
  const leaving = new AbortController();
  const stalled = await ask(model, { signal: leaving.signal });
  await stalled.body?.getReader().read();
  leaving.abort();
  for (let i = 0; i < 500 && model.calls[2]?.outcome === "unfinished"; i++) await Bun.sleep(10);
  expect(model.calls.map(({ outcome }) => outcome)).toEqual(["http_error", "stream_error", "aborted"]);
});
