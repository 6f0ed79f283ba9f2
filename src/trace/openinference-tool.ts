/** Attributes of a tool call, its well-known inputs among them, for filters, datasets and dashboards. */

import { TOOL_DESCRIPTION, TOOL_ID, TOOL_NAME, TOOL_PARAMETERS } from "@arizeai/openinference-semantic-conventions";
import { MCP_SERVER_NAME, TOOL_COMMAND, TOOL_EXIT_CODE, TOOL_FILE_PATH, TOOL_QUERY, TOOL_URL } from "./attributes.ts";
import type { ToolNode } from "./node.ts";
import { type Entry, inputOutputEntries, jsonOf, known } from "./openinference-values.ts";

/**
 * Which fields of a tool's input give which attribute; the first field with a value wins. Names as the agents' own tools
 * use them: `Bash.command`, `exec_command.cmd`, `Read.file_path`, `NotebookEdit.notebook_path`, `grep.pattern` …
 */
export const INPUT_FIELDS: readonly (readonly [attribute: string, fields: readonly string[]])[] = [
  [TOOL_COMMAND, ["command", "cmd", "script"]],
  [
    TOOL_FILE_PATH,
    ["file_path", "filePath", "notebook_path", "absolute_path", "target_file", "path", "filename", "file"],
  ],
  [TOOL_QUERY, ["query", "pattern", "search_term", "regex", "q"]],
  [TOOL_URL, ["url", "uri"]],
  [TOOL_DESCRIPTION, ["description"]],
];

function textOfField(value: unknown): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : value;
  // Codex sends a command as its argument list.
  if (Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === "string"))
    return value.join(" ");
  return undefined;
}

/** The attributes that apply to this input, in the table's order. */
function* inputFieldEntries(input: unknown): Generator<Entry> {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return;
  const record = input as Readonly<Record<string, unknown>>;
  for (const [attribute, fields] of INPUT_FIELDS) {
    const text = fields.map((field) => textOfField(record[field])).find((found) => found !== undefined);
    if (text !== undefined) yield [attribute, text];
  }
}

/** `tool.*`, input and output, MCP server. */
export function* toolEntries(node: ToolNode): Generator<Entry> {
  yield [TOOL_NAME, node.name];
  yield* known(TOOL_ID, node.callId);
  yield* inputOutputEntries(node.input, node.output);
  yield* known(TOOL_PARAMETERS, node.input === null ? undefined : jsonOf(node.input));
  yield* inputFieldEntries(node.input);
  yield* known(TOOL_EXIT_CODE, node.exitCode);
  yield* known(MCP_SERVER_NAME, node.mcpServer);
}
