/** A model server that speaks the OpenAI Responses API over HTTP and plays a script. It writes down what really happened. */

import type { CallOutcome, CallRole, TrueCall, TrueToolResult, TrueUsage } from "../truth.ts";
import type { Script, ScriptedCall, Step } from "./script.ts";

/** Parts of a streamed text. */
const PIECES = 8;

interface Item {
  readonly type: string;
  readonly call_id?: string;
  readonly output?: unknown;
  readonly role?: string;
}

interface ApiRequest {
  readonly model?: string;
  readonly input?: readonly Item[];
}

/** A call with what only the server knows of it. */
type LoggedCall = { -readonly [Key in keyof TrueCall]: TrueCall[Key] } & { readonly thread: string };

export interface ModelServer {
  readonly url: string;
  readonly calls: readonly LoggedCall[];
  readonly toolResults: readonly TrueToolResult[];
  readonly stop: () => Promise<void>;
}

const clock = (): number => performance.timeOrigin + performance.now();

/** Codex says in a header which thread of which session asks, and why. */
function threadOf(request: Request): { thread: string; session: string; source: string } {
  try {
    const said = JSON.parse(request.headers.get("x-codex-turn-metadata") ?? "{}");
    return { thread: String(said.thread_id), session: String(said.session_id), source: String(said.thread_source) };
  } catch {
    return { thread: "", session: "", source: "" };
  }
}

function roleOf(body: ApiRequest, { thread, session, source }: ReturnType<typeof threadOf>): CallRole {
  if (source === "thread_title") return "utility";
  // The instruction to summarise is the last thing that such a request says.
  if (/handoff summary|CONTEXT CHECKPOINT/i.test(JSON.stringify(body.input?.at(-1) ?? ""))) return "compaction";
  return thread !== session && source === "subagent" ? "subagent" : "main";
}

function usageOf(step: Step, index: number): TrueUsage {
  const prompt = step.inputTokens ?? 1000 + 37 * index;
  const reasoning = step.reasoning === undefined ? 0 : 11 + index;
  return {
    prompt,
    completion: 20 + 3 * index + reasoning,
    cacheRead: index === 0 ? 0 : 512 + index,
    cacheWrite: 0,
    reasoning,
  };
}

function callItem(call: ScriptedCall, id: string): object {
  const common = { call_id: `call_${id}`, name: call.name, status: "completed" };
  if (typeof call.input === "string")
    return { type: "custom_tool_call", id: `ctc_${id}`, ...common, input: call.input };
  const namespace = call.namespace === undefined ? {} : { namespace: call.namespace };
  return { type: "function_call", id: `fc_${id}`, ...common, ...namespace, arguments: JSON.stringify(call.input) };
}

function itemsOf(
  step: Step,
  index: number,
): { readonly type: string; readonly text?: string; readonly item: object }[] {
  const items: { type: string; text?: string; item: object }[] = [];
  if (step.reasoning !== undefined) {
    const summary = [{ type: "summary_text", text: step.reasoning }];
    items.push({ type: "reasoning", item: { type: "reasoning", id: `rs_${index}`, summary, encrypted_content: "x" } });
  }
  if (step.search !== undefined) {
    const action = { type: "search", query: step.search };
    items.push({ type: "call", item: { type: "web_search_call", id: `ws_${index}`, status: "completed", action } });
  }
  if (step.text !== undefined) {
    const content = [{ type: "output_text", text: step.text, annotations: [] }];
    const item = { type: "message", id: `msg_${index}`, role: "assistant", content };
    items.push({ type: "message", text: step.text, item });
  }
  for (const [at, call] of (step.calls ?? []).entries())
    items.push({ type: "call", item: callItem(call, `${index}_${at}`) });
  return items;
}

/** Starts it on a port of the system's choice. */
export function startModelServer(plan: Script, note: (text: string) => void): ModelServer {
  const calls: LoggedCall[] = [];
  const results = new Map<string, TrueToolResult>();
  const failing = new Set<string>();
  const steps = new Map<string, number>();
  const subagents: string[] = [];

  function stepOf(role: CallRole, thread: string): Step {
    if (role === "utility") return { text: "A title" };
    if (role === "compaction") return { text: "SUMMARY: the user asked, files were listed.", inputTokens: 9000 };
    if (role === "subagent" && !subagents.includes(thread)) subagents.push(thread);
    const list = role === "subagent" ? (plan.subagents?.[subagents.indexOf(thread)] ?? []) : plan.main;
    const key = role === "subagent" ? thread : "main";
    const at = steps.get(key) ?? 0;
    steps.set(key, at + 1);
    return list[at] ?? { text: "There is no more in the script." };
  }

  function noteResults(body: ApiRequest): void {
    for (const item of body.input ?? []) {
      if (!item.type.endsWith("_output") || item.call_id === undefined || results.has(item.call_id)) continue;
      const length = JSON.stringify(item.output ?? "").length;
      results.set(item.call_id, { id: item.call_id, isError: failing.has(item.call_id), length });
    }
  }

  function finish(call: LoggedCall, outcome: CallOutcome): void {
    if (call.outcome !== "unfinished") return;
    Object.assign(call, { outcome, end: clock() });
    note(`model call ${call.index} ${call.role}: ${outcome} ${call.status}`);
  }

  async function respond(request: Request): Promise<Response> {
    const start = clock();
    const raw = new Uint8Array(await request.arrayBuffer());
    const encoding = request.headers.get("content-encoding");
    const plain = encoding === "zstd" ? Bun.zstdDecompressSync(raw) : encoding === "gzip" ? Bun.gunzipSync(raw) : raw;
    const body = JSON.parse(new TextDecoder().decode(plain)) as ApiRequest;
    const asked = threadOf(request);
    const role = roleOf(body, asked);
    const step = stepOf(role, asked.thread);
    const index = calls.length;
    noteResults(body);
    const call: LoggedCall = {
      index,
      role,
      thread: asked.thread,
      ...(role === "subagent" && { subagent: asked.thread }),
      ...(body.model !== undefined && { model: body.model }),
      start,
      end: start,
      status: step.status ?? 200,
      outcome: "unfinished",
      toolCalls: [
        ...(step.search === undefined ? [] : [{ id: `ws_${index}`, name: "web_search" }]),
        ...(step.calls ?? []).map(({ name, namespace, shown }, at) => ({
          id: `call_${index}_${at}`,
          name: shown ?? `${namespace ?? ""}${name}`,
        })),
      ],
    };
    calls.push(call);
    for (const [at, { fails }] of (step.calls ?? []).entries()) if (fails) failing.add(`call_${index}_${at}`);
    if (step.search !== undefined) results.set(`ws_${index}`, { id: `ws_${index}`, isError: false, length: 0 });
    if (step.firstByteMs !== undefined) await Bun.sleep(step.firstByteMs);
    if (step.status !== undefined) {
      finish(call, "http_error");
      const error = { message: step.error ?? "scripted failure", type: "server_error" };
      return Response.json({ error }, { status: step.status });
    }
    return new Response(stream(step, call, request.signal), { headers: { "content-type": "text/event-stream" } });
  }

  function stream(step: Step, call: LoggedCall, signal: AbortSignal): ReadableStream<Uint8Array> {
    const encoder = new TextEncoder();
    let sequence = 0;
    signal.addEventListener("abort", () => finish(call, "aborted"));
    return new ReadableStream({
      start: async (controller) => {
        const send = (type: string, more: object) =>
          controller.enqueue(
            encoder.encode(
              `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence++, ...more })}\n\n`,
            ),
          );
        try {
          const id = `resp_${call.index}`;
          const { model } = call;
          send("response.created", { response: { id, object: "response", status: "in_progress", model, output: [] } });
          const items = itemsOf(step, call.index);
          const pause = (step.streamMs ?? 0) / (items.length * PIECES || 1);
          for (const [at, { item, text }] of items.entries()) {
            send("response.output_item.added", { output_index: at, item: { ...item, status: "in_progress" } });
            for (let piece = 0; piece < PIECES && (pause > 0 || piece === 0); piece++) {
              if (pause > 0) await Bun.sleep(pause);
              if (signal.aborted) return;
              if (text === undefined) continue;
              const size = Math.ceil(text.length / PIECES);
              const delta = pause > 0 ? text.slice(piece * size, (piece + 1) * size) : text;
              send("response.output_text.delta", {
                item_id: `msg_${call.index}`,
                output_index: at,
                content_index: 0,
                delta,
              });
            }
            if (step.cut) {
              finish(call, "stream_error");
              controller.error(new Error("cut"));
              return;
            }
            send("response.output_item.done", { output_index: at, item });
          }
          const usage = usageOf(step, call.index);
          const sent = {
            input_tokens: usage.prompt,
            input_tokens_details: { cached_tokens: usage.cacheRead },
            output_tokens: usage.completion,
            output_tokens_details: { reasoning_tokens: usage.reasoning },
            total_tokens: usage.prompt + usage.completion,
          };
          const output = items.map(({ item }) => item);
          send("response.completed", {
            response: { id, object: "response", status: "completed", model, usage: sent, output },
          });
          Object.assign(call, { usage });
          finish(call, "ok");
          controller.close();
        } catch {
          finish(call, "aborted");
        }
      },
      cancel: () => finish(call, "aborted"),
    });
  }

  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 120,
    fetch: (request) =>
      request.method === "POST" && new URL(request.url).pathname.endsWith("/responses")
        ? respond(request)
        : new Response("{}", { status: 404 }),
  });
  return {
    url: `http://127.0.0.1:${server.port}/v1`,
    calls,
    get toolResults() {
      return [...results.values()];
    },
    stop: async () => {
      await server.stop(true);
    },
  };
}
