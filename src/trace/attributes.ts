/**
 * Names of span attributes that OpenInference does not have. Everything else comes from the constants of
 * `@arizeai/openinference-semantic-conventions`. The `tool.*` names of a call's well-known inputs are those of the
 * Python toolkit, so that existing datasets and dashboards keep working.
 */

/** Shell command line of a tool call. */
export const TOOL_COMMAND = "tool.command";
/** File that a tool call reads or changes. */
export const TOOL_FILE_PATH = "tool.file_path";
/** What a tool call searches for. */
export const TOOL_QUERY = "tool.query";
/** URL that a tool call fetches. */
export const TOOL_URL = "tool.url";
/** Exit code of a shell command (integer). */
export const TOOL_EXIT_CODE = "tool.exit_code";
/** Name of the MCP server that serves the tool. */
export const MCP_SERVER_NAME = "mcp.server.name";
/** Why a span is linked to another one. On links only. */
export const LINK_REASON = "link.reason";
/** OpenTelemetry's names for an error. On `exception` events only. */
export const EXCEPTION_TYPE = "exception.type";
export const EXCEPTION_MESSAGE = "exception.message";

/** Every span attribute of our own. */
export const OWN_ATTRIBUTES: readonly string[] = [
  TOOL_COMMAND,
  TOOL_FILE_PATH,
  TOOL_QUERY,
  TOOL_URL,
  TOOL_EXIT_CODE,
  MCP_SERVER_NAME,
];
