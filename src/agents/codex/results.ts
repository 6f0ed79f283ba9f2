/** What became of a tool call, from its output text and from the item that Codex keeps of it. */

import type { ToolResultFact } from "../../trace/facts.ts";
import type { NodeError, Outcome } from "../../trace/node.ts";
import { textOf } from "./content.ts";
import type { Item } from "./wire.ts";

/** `Chunk ID: …\nWall time: …\nProcess exited with code 7\n…Output:\n<text>` of a command, likewise of a patch. */
const EXIT_CODE = /^(?:.*\n){0,3}?(?:Process exited with code|Exit code:) (-?\d+)$/m;
const RUNNING = /^(?:.*\n){0,3}?Process running with session ID (\S+)$/m;
const WALL_TIME = /^(?:.*\n){0,2}?Wall time:? ([\d.]+) seconds$/m;
const OUTPUT = /^(?:(?:Chunk ID|Wall time|Process |Exit code|Original token count|Total output lines).*\n)+Output:\n?/;

/** How a text begins that says that the tool did not do what it was asked. */
const FAILURES: readonly (readonly [pattern: RegExp, type: string])[] = [
  [/^Command blocked by \w+ hook/, "blocked"],
  [/^(?:exec command|patch|MCP tool call|user) ?rejected|rejected by user|denied by /i, "denied"],
  [/^Script (?:failed|error|terminated)/i, "tool_error"],
  [
    /^(?:unsupported call|apply_patch verification failed|failed to |unable to |tool call error|error:|invalid )/i,
    "tool_error",
  ],
  [/ is unavailable in \w+ mode$/, "tool_error"],
];
const ABORTED = /^(?:Wall time: [\d.]+ seconds\n)?aborted by user/;

/** The part of a result that its text or its item tells. */
export type Verdict = Pick<ToolResultFact, "outcome" | "error" | "exitCode" | "output" | "ranMs">;

/** True while the command of this output still runs. */
export function isRunning(text: string): boolean {
  return RUNNING.test(text);
}

/** What an output text says of its call. */
export function verdictOf(text: string): Verdict {
  if (ABORTED.test(text)) {
    return { outcome: "interrupted", output: text, error: { type: "interrupted", message: "Aborted by the user" } };
  }
  const exitCode = Number(EXIT_CODE.exec(text)?.[1] ?? Number.NaN);
  const seconds = Number(WALL_TIME.exec(text)?.[1] ?? Number.NaN);
  const output = text.replace(OUTPUT, "");
  const ran = Number.isNaN(seconds) ? {} : { ranMs: seconds * 1000 };
  if (!Number.isNaN(exitCode)) {
    const failed = exitCode !== 0;
    return {
      outcome: failed ? "error" : "ok",
      exitCode,
      output,
      ...ran,
      ...(failed && { error: exitError(exitCode, output) }),
    };
  }
  const type = FAILURES.find(([pattern]) => pattern.test(text))?.[1];
  return type ? { outcome: "error", output, error: { type, message: output } } : { outcome: "ok", output, ...ran };
}

function exitError(exitCode: number, output: string): NodeError {
  return { type: "exit", message: output.trim() === "" ? `Exit code ${exitCode}` : output };
}

const ITEM_OUTCOMES: Readonly<Record<string, Outcome>> = { completed: "ok", failed: "error", declined: "error" };

/** What an item says of its call; undefined for items that are no tool calls. */
export function verdictOfItem(item: Item): Verdict | undefined {
  const outcome = ITEM_OUTCOMES[item.status ?? "completed"] ?? "ok";
  const ranMs = item.duration ? item.duration.secs * 1000 + item.duration.nanos / 1e6 : undefined;
  const ran = { ...(ranMs !== undefined && { ranMs }) };
  const declined: NodeError | undefined =
    item.status === "declined" ? { type: "denied", message: "The call was declined" } : undefined;
  switch (item.type) {
    case "CommandExecution": {
      const output = item.aggregated_output ?? "";
      const exitCode = item.exit_code ?? undefined;
      const error = declined ?? (outcome === "error" ? exitError(exitCode ?? -1, output) : undefined);
      return {
        outcome,
        output,
        ...(exitCode !== undefined && { exitCode }),
        ...(declined ? {} : ran),
        ...(error && { error }),
      };
    }
    case "FileChange": {
      const output = [item.stdout, item.stderr].filter(Boolean).join("\n");
      const error = declined ?? (outcome === "error" ? { type: "tool_error", message: output } : undefined);
      return { outcome, output, ...(error ? { error } : { ranMs: 0 }) };
    }
    case "McpToolCall": {
      const { content, error: failure } = (item.result ?? {}) as { content?: unknown; error?: unknown };
      const output = content === undefined ? textOf(failure ?? item.result) : textOf(content);
      const error = declined ?? (outcome === "error" ? { type: "tool_error", message: output } : undefined);
      return { outcome, output, ...(declined ? {} : ran), ...(error && { error }) };
    }
    case "ImageView":
      return { outcome, output: "[image]", ranMs: 0 };
    case "CollabAgentToolCall":
    case "DynamicToolCall":
      return {
        outcome,
        ...ran,
        ...(outcome === "error" && { error: { type: "tool_error", message: "The call failed" } }),
      };
    default:
      return undefined;
  }
}

/** Name and input of a call that only its item tells, as hooks have them. */
export function callOfItem(item: Item): { readonly name: string; readonly input: unknown } {
  switch (item.type) {
    case "CommandExecution": {
      const { command } = item;
      return { name: "Bash", input: { command: Array.isArray(command) ? command.at(-1) : command } };
    }
    case "FileChange":
      return { name: "apply_patch", input: item.changes };
    case "McpToolCall":
      // Codex's own resource tools are served by a server of its own.
      if (item.server === "codex") return { name: item.tool ?? "tool", input: item.arguments };
      return { name: `mcp__${item.server}__${item.tool}`, input: item.arguments };
    case "ImageView":
      return { name: "view_image", input: { path: item.path } };
    default:
      return { name: item.tool ?? item.type, input: item.arguments ?? (item.prompt ? { message: item.prompt } : {}) };
  }
}
