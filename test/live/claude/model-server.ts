/** A Messages API server that plays a script and writes down what it saw. */

import type { CallOutcome, CallRole, TrueCall, TrueToolResult } from "../truth.ts";
import {
  type ApiRequest,
  blockEvents,
  closingEvents,
  encodeEvent,
  errorBody,
  type NamedBlock,
  openingEvents,
  plainAnswer,
  stopOf,
  textOf,
  type WireUsage,
} from "./messages-api.ts";
import type { Answer, Script, Step } from "./script.ts";

const FIRST_BYTE_MS = 80;
const STREAM_MS = 120;
/** How often a stalled answer shows that it is alive. */
const PING_MS = 100;
const AGENT_HEADER = "x-claude-code-agent-id";

/** A call while it runs and afterwards. */
export type LoggedCall = { -readonly [Key in keyof TrueCall]: TrueCall[Key] } & {
  /** Name of the script thread that it played. */
  readonly thread: string;
};

export interface ModelServer {
  readonly port: number;
  readonly url: string;
  readonly calls: readonly LoggedCall[];
  readonly toolResults: readonly TrueToolResult[];
  /** Requests to paths that it does not serve, `METHOD /path`. */
  readonly strays: readonly string[];
  readonly stop: () => Promise<void>;
}

const clock = (): number => performance.timeOrigin + performance.now();
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

const SUMMARY: Answer = {
  blocks: [{ text: "<analysis>Short.</analysis>\n<summary>\nThe user asked small things; all are done.\n</summary>" }],
};
const UTILITY: Answer = { blocks: [{ text: "The page greets its reader." }] };

/** What a request is for, told from what only such requests hold. */
function roleOf(body: ApiRequest, agentId: string | undefined): CallRole {
  const last = body.messages.findLast((message) => message.role === "user");
  if (last !== undefined && textOf(last.content).includes("create a detailed summary of the conversation")) {
    return "compaction";
  }
  if ((body.tools ?? []).length === 0) return "utility";
  return agentId === undefined ? "main" : "subagent";
}

function wireUsage(step: Answer, index: number): WireUsage {
  // Different figures for each request, so that no span can pass for another's.
  return {
    input_tokens: step.usage?.input_tokens ?? 11 + index,
    cache_creation_input_tokens: step.usage?.cache_creation_input_tokens ?? 300 + 7 * index,
    cache_read_input_tokens: step.usage?.cache_read_input_tokens ?? 12_000 + 101 * index,
    output_tokens: step.usage?.output_tokens ?? 40 + 3 * index,
    thinking_tokens: step.usage?.thinking_tokens ?? 0,
  };
}

/** @param note called for each thing worth a line in the run's log */
export function startModelServer(script: Script, note: (text: string) => void): ModelServer {
  const calls: LoggedCall[] = [];
  const results = new Map<string, TrueToolResult>();
  const strays: string[] = [];
  const threads = new Map<string, string>();
  const steps = new Map<string, number>();

  function threadOf(body: ApiRequest, owner: string): string {
    const known = threads.get(owner);
    if (known !== undefined) return known;
    // A subagent's first message holds its prompt; it may be summarised away later, hence the memory.
    const named = body.messages.map((message) => /@thread\((\w+)\)/.exec(textOf(message.content))?.[1]).find(Boolean);
    threads.set(owner, named ?? "main");
    return named ?? "main";
  }

  function nextStep(role: CallRole, thread: string): Step {
    if (role === "compaction") return SUMMARY;
    if (role === "utility") return UTILITY;
    const list = script[thread] ?? [];
    const at = steps.get(thread) ?? 0;
    steps.set(thread, at + 1);
    return list[Math.min(at, list.length - 1)] ?? { blocks: [{ text: `No step for ${thread} ${at}.` }] };
  }

  function noteResults(body: ApiRequest): void {
    for (const message of body.messages) {
      if (typeof message.content === "string") continue;
      for (const block of message.content) {
        if (block.type !== "tool_result" || block.tool_use_id === undefined || results.has(block.tool_use_id)) continue;
        const length = textOf(block.content ?? "").length;
        results.set(block.tool_use_id, { id: block.tool_use_id, isError: block.is_error === true, length });
      }
    }
  }

  function finish(call: LoggedCall, outcome: CallOutcome, more: Partial<LoggedCall> = {}): void {
    if (call.outcome !== "unfinished") return;
    Object.assign(call, { outcome, end: clock() }, more);
    note(`model call ${call.index} ${call.role} ${call.thread}: ${outcome} ${call.status} ${call.finishReason ?? ""}`);
  }

  async function messages(request: Request): Promise<Response> {
    const start = clock();
    const body = (await request.json()) as ApiRequest;
    const agentId = request.headers.get(AGENT_HEADER) ?? undefined;
    const role = roleOf(body, agentId);
    const thread = threadOf(body, agentId ?? request.headers.get("x-claude-code-session-id") ?? "main");
    const step = nextStep(role, thread);
    const index = calls.length;
    const requestId = `req_test_${String(index).padStart(4, "0")}`;
    const call: LoggedCall = {
      index,
      role,
      thread,
      ...(agentId === undefined ? {} : { subagent: agentId }),
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
    await sleep(step.firstByteMs ?? FIRST_BYTE_MS);
    const headers = { "request-id": requestId };
    if ("status" in step) {
      const refusal = errorBody(step.status, step.message, requestId);
      finish(call, "http_error", { error: step.message ?? `status ${step.status}` });
      return Response.json(refusal, { status: step.status, headers });
    }
    const blocks: readonly NamedBlock[] = step.blocks.map((block, at) =>
      "tool" in block ? { ...block, id: `toolu_test_${String(index).padStart(4, "0")}_${at}` } : block,
    );
    const usage = wireUsage(step, index);
    const prompt = usage.input_tokens + usage.cache_creation_input_tokens + usage.cache_read_input_tokens;
    const complete: Partial<LoggedCall> = {
      finishReason: stopOf(step),
      usage: {
        prompt,
        completion: usage.output_tokens,
        cacheRead: usage.cache_read_input_tokens,
        cacheWrite: usage.cache_creation_input_tokens,
        reasoning: usage.thinking_tokens,
      },
      toolCalls: blocks.flatMap((block) => ("tool" in block && block.id ? [{ id: block.id, name: block.tool }] : [])),
    };
    const id = `msg_test_${String(index).padStart(4, "0")}`;
    if (body.stream !== true) {
      await sleep(step.streamMs ?? STREAM_MS);
      finish(call, "ok", complete);
      return Response.json(plainAnswer(id, body.model, blocks, stopOf(step), usage), { headers });
    }

    const encoder = new TextEncoder();
    const stream = new ReadableStream<Uint8Array>({
      async start(controller) {
        const gone = () => call.outcome !== "unfinished";
        const send = (events: Parameters<typeof encodeEvent>[0][]) => {
          if (!gone()) controller.enqueue(encoder.encode(events.map(encodeEvent).join("")));
        };
        call.firstByte = clock();
        send([...openingEvents(id, body.model, usage)]);
        const pause = (step.streamMs ?? STREAM_MS) / Math.max(1, blocks.length);
        for (const [at, block] of blocks.entries()) {
          const events = [...blockEvents(block, at)];
          const last = events.splice(-1);
          send(events.splice(0, 2));
          await sleep(pause);
          send(events);
          if (step.broken === "stall" && at === blocks.length - 1) {
            note(`model call ${index} stalls`);
            while (!gone()) {
              await sleep(PING_MS);
              send([{ event: "ping", data: { type: "ping" } }]);
            }
          }
          send(last);
        }
        if (step.broken === "error") {
          send([{ event: "error", data: errorBody(529, undefined, requestId) }]);
          finish(call, "stream_error", { error: "an error event broke the stream" });
        } else {
          send([...closingEvents(stopOf(step), usage)]);
          finish(call, "ok", complete);
        }
        if (call.outcome !== "aborted") controller.close();
      },
      cancel() {
        finish(call, "aborted", { error: "the client left" });
      },
    });
    return new Response(stream, { headers: { ...headers, "content-type": "text/event-stream" } });
  }

  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      const { pathname } = new URL(request.url);
      if (request.method === "POST" && pathname === "/v1/messages") return await messages(request);
      if (request.method === "POST" && pathname === "/v1/messages/count_tokens") {
        return Response.json({ input_tokens: 1000 });
      }
      if (pathname === "/page") {
        return new Response("<html><body><h1>Hello, reader</h1></body></html>", {
          headers: { "content-type": "text/html" },
        });
      }
      strays.push(`${request.method} ${pathname}`);
      return Response.json({}, { status: 404 });
    },
  });
  const port = server.port ?? 0;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    calls,
    get toolResults() {
      return [...results.values()];
    },
    strays,
    stop: () => server.stop(true),
  };
}
