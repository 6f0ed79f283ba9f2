/** A Chat Completions server that plays a script and writes down what it saw. */

import type { CallOutcome, CallRole, TrueCall, TrueToolResult, TrueUsage } from "../truth.ts";
import type { Answer, Script, Step } from "./script.ts";
import { type ChatRequest, closing, DONE, encode, type NamedTool, pieces, textOf } from "./wire.ts";

const FIRST_BYTE_MS = 80;
const STREAM_MS = 250;
const POLL_MS = 100;

const THREAD = /@thread\((\w+)\)/;

/** What is asked without tools is no part of the conversation: a title, a summary. */
const UTILITY: Answer = { text: "A short title", firstByteMs: 20, streamMs: 20 };

type LoggedCall = { -readonly [key in keyof TrueCall]: TrueCall[key] };

export interface ModelServer {
  readonly url: string;
  readonly calls: readonly TrueCall[];
  readonly toolResults: readonly TrueToolResult[];
  readonly stop: () => Promise<void>;
}

/** Epoch milliseconds with fractions. */
function clock(): number {
  return performance.timeOrigin + performance.now();
}

/** Different figures for each request, so that no span can pass for another's. */
function usageOf(step: Answer, index: number): TrueUsage {
  const reasoning = step.thinking === undefined ? 0 : 16 + index;
  const cacheRead = step.cached ?? 0;
  return {
    prompt: 900 + cacheRead + 101 * index,
    completion: 40 + 3 * index + reasoning,
    cacheRead,
    cacheWrite: 0,
    reasoning,
  };
}

/**
 * @param finishWords the agent's own words for why an answer ended
 * @param note called for each thing worth a line in the run's log
 */
export function startModelServer(
  script: Script,
  finishWords: Readonly<Record<"stop" | "tool_calls", string>>,
  note: (text: string) => void,
): ModelServer {
  const calls: LoggedCall[] = [];
  const results = new Map<string, TrueToolResult>();
  const failing = new Set<string>();
  const steps = new Map<string, number>();

  function threadOf({ messages }: ChatRequest): string {
    // Whoever starts a subagent names its thread in a tool call, the subagent in its prompt.
    const asked = messages.filter(({ role }) => role === "user").map((message) => THREAD.exec(textOf(message))?.[1]);
    return asked.find((name) => name !== undefined) ?? "main";
  }

  function nextStep(thread: string): Step {
    const list = script[thread] ?? [];
    const at = steps.get(thread) ?? 0;
    steps.set(thread, at + 1);
    return list[Math.min(at, list.length - 1)] ?? { text: `No step for ${thread} ${at}.` };
  }

  function noteResults({ messages }: ChatRequest): void {
    for (const message of messages) {
      const id = message.tool_call_id;
      if (message.role !== "tool" || id === undefined || results.has(id)) continue;
      results.set(id, { id, isError: failing.has(id), length: textOf(message).length });
    }
  }

  function finish(call: LoggedCall, outcome: CallOutcome, more: Partial<LoggedCall> = {}): void {
    if (call.outcome !== "unfinished") return;
    Object.assign(call, { outcome, end: clock() }, more);
    note(`model call ${call.index} ${call.role}: ${outcome} ${call.status} ${call.finishReason ?? ""}`);
  }

  async function complete(request: Request): Promise<Response> {
    const start = clock();
    const body = (await request.json()) as ChatRequest;
    const talks = (body.tools?.length ?? 0) > 0;
    const thread = talks ? threadOf(body) : "";
    const role: CallRole = talks ? (thread === "main" ? "main" : "subagent") : "utility";
    const step = talks ? nextStep(thread) : UTILITY;
    const index = calls.length;
    const call: LoggedCall = {
      index,
      role,
      ...(role === "subagent" ? { subagent: thread } : {}),
      model: body.model,
      start,
      end: start,
      status: "status" in step ? step.status : 200,
      outcome: "unfinished",
      toolCalls: [],
    };
    calls.push(call);
    noteResults(body);
    note(`model call ${index} ${role} ${thread}: arrived`);
    request.signal.addEventListener("abort", () => finish(call, "aborted", { error: "the client left" }));
    if ("status" in step) {
      await Bun.sleep(FIRST_BYTE_MS);
      finish(call, "http_error", { error: step.message });
      return Response.json({ error: { message: step.message, type: "test" } }, { status: step.status });
    }
    await Bun.sleep(step.firstByteMs ?? FIRST_BYTE_MS);
    const tools = (step.tools ?? []).map((tool, at): NamedTool => ({ ...tool, id: `call_test_${index}_${at}` }));
    for (const { id, fails, ends } of tools) {
      if (fails) failing.add(id);
      if (ends) results.set(id, { id, isError: false, length: 0 });
    }
    return new Response(answer(call, step, tools), { headers: { "content-type": "text/event-stream" } });
  }

  function answer(call: LoggedCall, step: Answer, tools: readonly NamedTool[]): ReadableStream<Uint8Array> {
    const encoder = new TextEncoder();
    const id = `chatcmpl-test-${call.index}`;
    const usage = usageOf(step, call.index);
    const why = tools.length > 0 ? "tool_calls" : "stop";
    const gone = () => call.outcome !== "unfinished";
    return new ReadableStream({
      async start(controller) {
        const send = (text: string) => {
          if (!gone()) controller.enqueue(encoder.encode(text));
        };
        call.firstByte = clock();
        const list = pieces(step, tools);
        const pause = (step.streamMs ?? STREAM_MS) / Math.max(1, list.length);
        for (const [at, piece] of list.entries()) {
          send(encode(id, call.model ?? "", piece));
          await Bun.sleep(pause);
          if (step.broken === "cut" && at >= list.length / 2) {
            finish(call, "stream_error", { error: "the connection broke" });
            controller.error(new Error("cut"));
            return;
          }
          while (step.broken === "stall" && at >= list.length / 2 && !gone()) await Bun.sleep(POLL_MS);
        }
        for (const piece of closing(why, usage)) send(encode(id, call.model ?? "", piece));
        send(DONE);
        finish(call, "ok", {
          finishReason: finishWords[why],
          usage,
          toolCalls: tools.map((tool) => ({ id: tool.id, name: tool.tool })),
        });
        if (call.outcome !== "aborted") controller.close();
      },
      cancel() {
        finish(call, "aborted", { error: "the client left" });
      },
    });
  }

  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    fetch: (request) => {
      const { pathname } = new URL(request.url);
      if (request.method === "POST" && pathname === "/v1/chat/completions") return complete(request);
      return Response.json({}, { status: 404 });
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}/v1`,
    calls,
    get toolResults() {
      return [...results.values()];
    },
    stop: () => server.stop(true),
  };
}
