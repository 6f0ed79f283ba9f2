/** Finished nodes as text that a reviewer can read. */

import type { FinishedNode, Usage } from "../../src/trace/node.ts";

function tokens(usage: Usage | undefined): string {
  if (!usage) return "";
  const { prompt, cacheRead, cacheWrite, completion, reasoning } = usage;
  const text = (name: string, value: number | undefined) => (value === undefined ? [] : [`${name}=${value}`]);
  return ` tokens(${[
    ...text("prompt", prompt),
    ...text("cache_read", cacheRead),
    ...text("cache_write", cacheWrite),
    ...text("completion", completion),
    ...text("reasoning", reasoning),
  ].join(" ")})`;
}

function short(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  const line = text.replace(/\s+/g, " ");
  return JSON.stringify(line.length > 70 ? `${line.slice(0, 70)}…` : line);
}

function headline(node: FinishedNode): string {
  switch (node.kind) {
    case "turn":
      return `turn ${node.index ?? "?"} ${short(node.input ?? "")} → ${short(node.output ?? "")}`;
    case "llm":
      return `llm ${node.model ?? "?"}${tokens(node.usage)} finish=${node.finishReason ?? "-"} in=${node.input.map((m) => m.role).join(",")} out=${node.output
        .flatMap((m) => m.parts)
        .map((part) => (part.type === "tool_call" ? part.name : part.type))
        .join(",")}`;
    case "tool":
      return `tool ${node.name}${node.mcpServer ? ` (mcp ${node.mcpServer})` : ""} ${short(node.input)} → ${short(node.output ?? "")}${node.exitCode === undefined ? "" : ` exit=${node.exitCode}`}`;
    case "agent":
      return `agent ${node.name} ${short(node.input ?? "")} → ${short(node.output ?? "")}`;
    case "compaction":
      return `compaction ${node.trigger ?? "?"} → ${short(node.output ?? "")}`;
  }
}

function line(node: FinishedNode, depth: number, zero: number): string {
  const at = (time: number) => `+${Math.round(time - zero)}`;
  const error = node.error ? ` !${node.error.type}: ${short(node.error.message)}` : "";
  const events = node.events.map((event) => ` *${event.name}${JSON.stringify(event.attributes)}`).join("");
  const links = node.links.map((link) => ` ^${"node" in link ? link.node : "traceparent"}`).join("");
  return `${"  ".repeat(depth)}${headline(node)} ${at(node.start)}..${at(node.end)} ${node.outcome}${error}${events}${links}`;
}

/** One tree per trace, in the order in which they began; times are ms since the session's first node. */
export function treeText(nodes: readonly FinishedNode[]): string {
  const zero = Math.min(...nodes.map((node) => node.start));
  const sorted = [...nodes].sort((a, b) => a.start - b.start || a.key.localeCompare(b.key));
  const lines: string[] = [];
  const walk = (node: FinishedNode, depth: number): void => {
    lines.push(line(node, depth, zero));
    for (const child of sorted) if (child.turn === node.turn && child.parent === node.key) walk(child, depth + 1);
  };
  for (const node of sorted) if (node.parent === undefined) walk(node, 0);
  const reached = lines.length;
  for (const node of sorted) {
    const orphan = node.parent !== undefined && !sorted.some((p) => p.turn === node.turn && p.key === node.parent);
    if (orphan) lines.push(`ORPHAN ${line(node, 0, zero)} parent=${node.parent}`);
  }
  if (reached === 0 && nodes.length > 0) lines.push("NO ROOT");
  return `${lines.join("\n")}\n`;
}
