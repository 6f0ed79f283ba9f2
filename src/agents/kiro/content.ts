/** Texts, tools and credits as Kiro writes them. */

import * as v from "valibot";
import type { Outcome, Part } from "../../trace/node.ts";
import { type Block, ToolResultBlock, ToolUseBlock } from "./wire.ts";

/** Tools that ship with Kiro's CLI and IDE, of every version known. */
const BUILT_IN: ReadonlySet<string> = new Set([
  "aws",
  "code",
  "delete_file",
  "execute_bash",
  "execute_cmd",
  "execute_pwsh",
  "file_search",
  "fs_read",
  "fs_write",
  "glob",
  "grep",
  "grep_search",
  "introspect",
  "knowledge",
  "list_directory",
  "read",
  "read_code",
  "read_file",
  "read_files",
  "report_issue",
  "shell",
  "str_replace",
  "subagent",
  "thinking",
  "todo",
  "todo_list",
  "use_aws",
  "use_subagent",
  "web_fetch",
  "web_search",
  "write",
]);

/** `@server/tool`. */
const MCP_TOOL = /^@([^/]+)\/./;

/** What Kiro adds to a tool's input for the person who watches. */
const PURPOSE = "__tool_use_purpose";

export function isBuiltIn(name: string): boolean {
  return BUILT_IN.has(name);
}

export function mcpServerOf(name: string): string | undefined {
  return MCP_TOOL.exec(name)?.[1];
}

/** A tool's input without Kiro's own addition, which hooks show and session files do not always. */
export function inputOf(input: unknown): unknown {
  if (typeof input !== "object" || input === null || !(PURPOSE in input)) return input;
  const { [PURPOSE]: _purpose, ...rest } = input as Record<string, unknown>;
  return rest;
}

/** A model's name; `auto` is a wish, not a model. */
export function modelOf(id: string | null | undefined): string | undefined {
  return id && id !== "auto" ? id : undefined;
}

/** All text of content: a string, `{kind: "text", data}` blocks, `{Text}` and `{Json}` items, or parts that hold text. */
export function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (Array.isArray(content))
    return content
      .map(textOf)
      .filter((text) => text !== "")
      .join("\n");
  if (typeof content !== "object" || content === null) return "";
  const { kind, data, text, Text, Json, stdout, stderr } = content as Record<string, unknown>;
  if (typeof Text === "string") return Text;
  if (typeof text === "string") return text;
  if (Json !== undefined) return textOf(Json);
  if (kind === "text" && typeof data === "string") return data;
  if (kind === "json") return textOf(data);
  if (kind !== undefined && data !== undefined) return "";
  const streams = [stdout, stderr].filter((stream) => typeof stream === "string" && stream !== "");
  return stdout !== undefined || stderr !== undefined ? streams.join("\n") : JSON.stringify(content);
}

/** `exit_status` of a shell's result, wherever it lies. */
export function exitCodeOf(content: unknown): number | undefined {
  if (Array.isArray(content)) return content.map(exitCodeOf).find((code) => code !== undefined);
  if (typeof content !== "object" || content === null) return undefined;
  const { exit_status, Json, data, items, result } = content as Record<string, unknown>;
  if (exit_status !== undefined) {
    const code = /-?\d+/.exec(String(exit_status))?.[0];
    return code === undefined ? undefined : Number(code);
  }
  return [Json, data, items, result].map(exitCodeOf).find((code) => code !== undefined);
}

/** What a tool answered, as its hook shows it: `{items}` of the terminal's engine, `{success, result}` of the classic one. */
export function responseOf(response: unknown): {
  readonly outcome: Outcome;
  readonly output: string;
  readonly exitCode?: number;
} {
  const { items, result, success } = Object(response);
  const exitCode = exitCodeOf(response);
  const failed = success === false || (exitCode !== undefined && exitCode !== 0);
  const output = textOf(items ?? result ?? (typeof response === "string" ? response : []));
  return { outcome: failed ? "error" : "ok", output, ...(exitCode !== undefined && { exitCode }) };
}

/** Parts of an answer of CLI 2. */
export function answerParts(blocks: readonly Block[]): readonly Part[] {
  return blocks.flatMap((block): Part[] => {
    if (block.kind === "text") return typeof block.data === "string" ? [{ type: "text", text: block.data }] : [];
    if (block.kind !== "toolUse") return [];
    const use = v.safeParse(ToolUseBlock, block.data);
    if (!use.success) return [];
    const { toolUseId: id, name, input } = use.output;
    return [{ type: "tool_call", id, name, input: inputOf(input) ?? {}, builtIn: isBuiltIn(name) }];
  });
}

/** Results of tools in a message of CLI 2. */
export function resultsOf(blocks: readonly Block[]): readonly v.InferOutput<typeof ToolResultBlock>[] {
  return blocks.flatMap((block) => {
    const result = v.safeParse(ToolResultBlock, block.kind === "toolResult" ? block.data : undefined);
    return result.success ? [result.output] : [];
  });
}

/** Sum of what was metered in credits, without the noise of binary fractions; undefined when nothing was. */
export function credits(
  metered: readonly { readonly unit?: string | null | undefined; readonly value: number | null | undefined }[],
): number | undefined {
  const values = metered.flatMap(({ unit, value }) => (unit === "credit" && typeof value === "number" ? [value] : []));
  if (values.length === 0) return undefined;
  return Number(values.reduce((sum, value) => sum + value, 0).toPrecision(12));
}
