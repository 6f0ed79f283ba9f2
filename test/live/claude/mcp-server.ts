/** A calculator over MCP (stdio, JSON-RPC lines): `add` works, `boom` fails. Started by Claude Code. */

import { createInterface } from "node:readline";

const number = { type: "number" };
const TOOLS = [
  {
    name: "add",
    description: "Adds two numbers",
    inputSchema: { type: "object", properties: { a: number, b: number }, required: ["a", "b"] },
  },
  { name: "boom", description: "Always fails", inputSchema: { type: "object", properties: {} } },
];

interface Call {
  readonly id?: number | string;
  readonly method: string;
  readonly params?: {
    readonly protocolVersion?: string;
    readonly name?: string;
    readonly arguments?: { readonly a?: number; readonly b?: number };
  };
}

function resultOf({ method, params }: Call): object {
  if (method === "initialize") {
    return {
      protocolVersion: params?.protocolVersion ?? "2025-06-18",
      capabilities: { tools: {} },
      serverInfo: { name: "calc", version: "1.0.0" },
    };
  }
  if (method === "tools/list") return { tools: TOOLS };
  if (method !== "tools/call") return {};
  if (params?.name === "add") {
    const sum = (params.arguments?.a ?? 0) + (params.arguments?.b ?? 0);
    return { content: [{ type: "text", text: String(sum) }] };
  }
  return { content: [{ type: "text", text: "boom, as asked" }], isError: true };
}

for await (const line of createInterface({ input: process.stdin })) {
  const call = JSON.parse(line) as Call;
  if (call.id === undefined) continue;
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id: call.id, result: resultOf(call) })}\n`);
}
