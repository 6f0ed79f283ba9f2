/** A Gemini API server that plays a script and writes down what it saw. */

import type { CallOutcome, CallRole, TrueCall, TrueToolResult } from "../truth.ts";
import type { Answer, Piece, Script, Step } from "./script.ts";

const FIRST_BYTE_MS = 80;
const STREAM_MS = 120;
/** How often a stalled answer sends another word. */
const WORD_MS = 200;

interface Part {
  readonly text?: string;
  readonly functionResponse?: { readonly id?: string; readonly response?: { readonly error?: unknown } };
}

interface ApiRequest {
  readonly contents?: readonly { readonly role?: string; readonly parts?: readonly Part[] }[];
  readonly tools?: readonly { readonly functionDeclarations?: readonly { readonly name: string }[] }[];
  readonly generationConfig?: {
    readonly responseJsonSchema?: { readonly properties?: Readonly<Record<string, Property>> };
  };
}

interface Property {
  readonly type?: string;
  readonly enum?: readonly string[];
}

/** A call while it runs and afterwards. */
export type LoggedCall = { -readonly [Key in keyof TrueCall]: TrueCall[Key] } & {
  /** Name of the script thread that it played. */
  readonly thread: string;
};

export interface ModelServer {
  readonly url: string;
  readonly calls: readonly LoggedCall[];
  readonly toolResults: readonly TrueToolResult[];
  readonly stop: () => Promise<void>;
}

const clock = (): number => performance.timeOrigin + performance.now();
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

const SUMMARY: Answer = {
  pieces: [{ text: "<state_snapshot><overall_goal>small things</overall_goal></state_snapshot>" }],
};

/** Answers the model router and other helpers in the form that they ask for. */
function utility(body: ApiRequest): Answer {
  const properties = body.generationConfig?.responseJsonSchema?.properties ?? {};
  const values = Object.entries(properties).map(([name, { type, enum: allowed }]) => [
    name,
    allowed?.[0] ?? (type === "number" || type === "integer" ? 10 : type === "boolean" ? false : "none"),
  ]);
  return { pieces: [{ text: JSON.stringify(Object.fromEntries(values)) }] };
}

const textOf = (body: ApiRequest) =>
  (body.contents ?? [])
    .flatMap(({ parts }) => parts ?? [])
    .map(({ text }) => text ?? "")
    .join("\n");

/** What a request is for, told from what only such requests hold. */
function roleOf(body: ApiRequest): CallRole {
  const names = (body.tools ?? []).flatMap((tool) => (tool.functionDeclarations ?? []).map(({ name }) => name));
  if (names.includes("complete_task")) return "subagent";
  if (names.length > 0) return "main";
  return body.generationConfig?.responseJsonSchema ? "utility" : "compaction";
}

function wirePart(piece: Piece, id: string): object {
  if ("thought" in piece) return { text: piece.thought, thought: true };
  if ("text" in piece) return { text: piece.text };
  return { functionCall: { id, name: piece.tool, args: piece.args }, thoughtSignature: "c2lnbmF0dXJl" };
}

/** The report with which a subagent ends never comes back to the model: it is taken as it is. */
function reports(calls: readonly LoggedCall[]): readonly TrueToolResult[] {
  const ended = calls.filter(({ role, outcome }) => role === "subagent" && outcome === "ok");
  const tools = ended.flatMap(({ toolCalls }) => toolCalls.filter(({ name }) => name === "complete_task"));
  return tools.map(({ id }) => ({ id, isError: false, length: 1 }));
}

/** @param note called for each thing worth a line in the run's log */
export function startModelServer(script: Script, note: (text: string) => void): ModelServer {
  const calls: LoggedCall[] = [];
  const results = new Map<string, TrueToolResult>();
  const steps = new Map<string, number>();

  function nextStep(role: CallRole, thread: string, body: ApiRequest): Step {
    if (role === "compaction") return SUMMARY;
    if (role === "utility") return utility(body);
    const list = script[thread] ?? [];
    const at = steps.get(thread) ?? 0;
    steps.set(thread, at + 1);
    return list[Math.min(at, list.length - 1)] ?? { pieces: [{ text: `No step for ${thread} ${at}.` }] };
  }

  function noteResults(body: ApiRequest): void {
    for (const { functionResponse } of (body.contents ?? []).flatMap(({ parts }) => parts ?? [])) {
      const id = functionResponse?.id;
      const call = calls.flatMap(({ toolCalls }) => toolCalls).find((one) => id !== undefined && one.id.endsWith(id));
      if (!call || results.has(call.id)) continue;
      const response = functionResponse?.response ?? {};
      results.set(call.id, {
        id: call.id,
        isError: response.error !== undefined,
        length: JSON.stringify(response).length,
      });
    }
  }

  function finish(call: LoggedCall, outcome: CallOutcome, more: Partial<LoggedCall> = {}): void {
    if (call.outcome !== "unfinished") return;
    Object.assign(call, { outcome, end: clock() }, more);
    note(`model call ${call.index} ${call.role} ${call.thread}: ${outcome} ${call.status}`);
  }

  async function generate(request: Request, model: string, streamed: boolean): Promise<Response> {
    const start = clock();
    const body = (await request.json()) as ApiRequest;
    const role = roleOf(body);
    const thread = role === "subagent" ? (/@thread\((\w+)\)/.exec(textOf(body))?.[1] ?? "main") : "main";
    const step = nextStep(role, thread, body);
    const index = calls.length;
    noteResults(body);
    const call: LoggedCall = {
      index,
      role,
      thread,
      // One subagent plays one thread.
      ...(role === "subagent" && { subagent: thread }),
      model,
      start,
      end: start,
      status: "status" in step ? step.status : 200,
      outcome: "unfinished",
      toolCalls: [],
    };
    calls.push(call);
    note(`model call ${index} ${role} ${thread}: arrived`);
    request.signal.addEventListener("abort", () => finish(call, "aborted", { error: "the client left" }));
    await sleep("status" in step ? FIRST_BYTE_MS : (step.firstByteMs ?? FIRST_BYTE_MS));
    if ("status" in step) {
      const message = step.message ?? "scripted refusal";
      finish(call, "http_error", { error: message });
      const status = step.status === 400 ? "INVALID_ARGUMENT" : "UNAVAILABLE";
      return Response.json({ error: { code: step.status, message, status } }, { status: step.status });
    }
    return answer(call, step, model, streamed);
  }

  function answer(call: LoggedCall, step: Answer, model: string, streamed: boolean): Response {
    const { index } = call;
    // Different figures for each request, so that no span can pass for another's.
    const promptTokenCount = step.usage?.promptTokenCount ?? 1000 + 101 * index;
    const empty = step.pieces.every((piece) => "text" in piece && piece.text === "");
    const candidatesTokenCount = empty ? 0 : (step.usage?.candidatesTokenCount ?? 40 + 3 * index);
    const cached = step.usage?.cachedContentTokenCount ?? 0;
    const thoughts = step.usage?.thoughtsTokenCount ?? 0;
    const complete: Partial<LoggedCall> = {
      usage: {
        prompt: promptTokenCount,
        completion: candidatesTokenCount + thoughts,
        cacheRead: cached,
        cacheWrite: 0,
        reasoning: thoughts,
      },
      toolCalls: step.pieces.flatMap((piece, at) =>
        "tool" in piece ? [{ id: `${piece.tool}__call_${index}_${at}`, name: piece.tool }] : [],
      ),
    };
    // An answer of nothing is asked for again.
    const outcome = empty ? "stream_error" : "ok";
    const chunk = (parts: readonly object[], last: boolean) => ({
      candidates: [{ content: { role: "model", parts }, index: 0, ...(last && { finishReason: "STOP" }) }],
      usageMetadata: {
        promptTokenCount,
        candidatesTokenCount,
        totalTokenCount: promptTokenCount + candidatesTokenCount + thoughts,
        ...(last && cached > 0 && { cachedContentTokenCount: cached }),
        ...(thoughts > 0 && { thoughtsTokenCount: thoughts }),
      },
      modelVersion: model,
      responseId: `response-${index}`,
    });
    const parts = step.pieces.map((piece, at) => wirePart(piece, `call_${index}_${at}`));
    if (!streamed) {
      finish(call, outcome, complete);
      return Response.json(chunk(parts, true));
    }
    const encoder = new TextEncoder();
    const stream = new ReadableStream<Uint8Array>({
      async start(controller) {
        const gone = () => call.outcome !== "unfinished";
        const send = (value: object) => {
          if (!gone()) controller.enqueue(encoder.encode(`data: ${JSON.stringify(value)}\r\n\r\n`));
        };
        call.firstByte = clock();
        const pause = (step.streamMs ?? STREAM_MS) / Math.max(1, parts.length);
        for (const [at, part] of parts.entries()) {
          const last = at === parts.length - 1 && step.stalls === undefined;
          // The last byte ends the answer: whatever is slow is slow before it.
          if (last) await sleep(pause);
          send(chunk([part], last));
          if (!last) await sleep(pause);
        }
        while (step.stalls && !gone()) {
          await sleep(WORD_MS);
          send(chunk([{ text: " and on" }], false));
        }
        finish(call, outcome, complete);
        if (call.outcome !== "aborted") controller.close();
      },
      cancel() {
        finish(call, "aborted", { error: "the client left" });
      },
    });
    return new Response(stream, { headers: { "content-type": "text/event-stream" } });
  }

  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      const { pathname } = new URL(request.url);
      const [, model = "", method = ""] = /\/models\/([^:]+):(\w+)$/.exec(pathname) ?? [];
      if (method === "countTokens") return Response.json({ totalTokens: 1000 });
      if (!method.endsWith("enerateContent")) return Response.json({}, { status: 404 });
      return await generate(request, model, method === "streamGenerateContent");
    },
  });
  return {
    url: `http://127.0.0.1:${server.port ?? 0}`,
    calls,
    get toolResults() {
      return [...results.values(), ...reports(calls)];
    },
    stop: () => server.stop(true),
  };
}
