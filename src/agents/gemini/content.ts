/** Texts, tools and results as Gemini CLI writes them. */

import * as v from "valibot";
import type { Part, Usage } from "../../trace/node.ts";
import { ContentPart, type MessageRecord, type Tokens } from "./wire.ts";

/** Tools that ship with Gemini CLI, of every version known. */
const BUILT_IN: ReadonlySet<string> = new Set([
  "activate_skill",
  "ask_user",
  "complete_task",
  "enter_plan_mode",
  "exit_plan_mode",
  "get_internal_docs",
  "glob",
  "google_web_search",
  "grep_search",
  "invoke_agent",
  "list_background_processes",
  "list_directory",
  "read_background_output",
  "read_file",
  "read_many_files",
  "replace",
  "run_shell_command",
  "save_memory",
  "search_file_content",
  "update_topic",
  "web_fetch",
  "write_file",
  "write_todos",
]);

/** Subagents that ship with Gemini CLI. */
const BUILT_IN_AGENTS: ReadonlySet<string> = new Set([
  "browser_agent",
  "cli_help",
  "codebase_investigator",
  "generalist",
]);

/** The tool that runs commands: a command that fails is a call that worked. */
export const SHELL = "run_shell_command";

const EXIT_CODE = /^Exit Code: (-?\d+)$/m;

/** Every prompt that a user typed is none of these: Gemini CLI itself puts them into the conversation. */
const CONTEXT_TEXT =
  /^(Here is the user's editor context|Here is a summary of changes in the user's editor context|I ran the following shell command:)/;

/** Prompts with which Gemini CLI makes the model go on within a turn. */
const CONTINUATION_TEXT = /^(System: )?(Please continue\.|Potential loop detected\.)/;

/** Head of the text that opens every conversation sent to a model. */
const SESSION_CONTEXT = "<session_context>";

/** Begins the summary that replaces a compressed conversation. */
const SNAPSHOT = "<state_snapshot>";

/** Is it a tool that ships with Gemini CLI? */
export function isBuiltIn(tool: string): boolean {
  return BUILT_IN.has(tool);
}

/** Is it a subagent that ships with Gemini CLI? */
export function isBuiltInAgent(name: string): boolean {
  return BUILT_IN_AGENTS.has(name);
}

/** Content in any of its forms as parts. */
export function partsOf(content: unknown): readonly ContentPart[] {
  const list = Array.isArray(content) ? content : content === undefined || content === null ? [] : [content];
  return list.flatMap((one: unknown) => {
    if (typeof one === "string") return [{ text: one }];
    const parsed = v.safeParse(ContentPart, one);
    return parsed.success ? [parsed.output] : [];
  });
}

/** All text of a content, thoughts left out. */
export function textOf(content: unknown): string {
  return partsOf(content)
    .flatMap(({ text, thought }) => (text !== undefined && !thought ? [text] : []))
    .join("");
}

/** Text and media of a content, as parts of a message. */
export function messageParts(content: unknown): readonly Part[] {
  return partsOf(content).flatMap(({ text, thought, inlineData, fileData }): Part[] => {
    if (text !== undefined) return text === "" ? [] : [{ type: thought ? "reasoning" : "text", text }];
    const media = inlineData ?? fileData;
    return media ? [{ type: "media", ...(media.mimeType !== undefined && { mime: media.mimeType }) }] : [];
  });
}

/** What a model answered besides its tool calls: its thoughts, then its text. */
export function answerParts(record: MessageRecord): readonly Part[] {
  const thoughts = (record.thoughts ?? []).flatMap(({ subject, description }): Part[] => {
    const text = [subject, description].filter((part) => part !== undefined && part !== "").join("\n\n");
    return text === "" ? [] : [{ type: "reasoning", text }];
  });
  return [...thoughts, ...messageParts(record.content)];
}

/** Is it something that Gemini CLI put into the conversation without asking the model? */
export function isContext(text: string): boolean {
  return CONTEXT_TEXT.test(text);
}

/** Does it only make the model go on with its turn? */
export function isContinuation(text: string): boolean {
  return CONTINUATION_TEXT.test(text);
}

/** Does it begin a whole conversation, written down anew? */
export function isConversationHead(content: unknown): boolean {
  return textOf(content).startsWith(SESSION_CONTEXT);
}

/** Is it the summary of a compressed conversation? */
export function isSnapshot(content: unknown): boolean {
  return textOf(content).includes(SNAPSHOT);
}

/** Result of a call as the model gets it. */
export function resultOf(result: unknown): { readonly output?: unknown; readonly error?: string } {
  const response = partsOf(result).find((part) => part.functionResponse)?.functionResponse?.response;
  if (response === undefined || response === null) return {};
  const { output, error } = Object(response) as { output?: unknown; error?: unknown };
  if (typeof error === "string") return { output: error, error };
  return { output: output ?? response };
}

/** Exit code of a shell command, which its output names when it is not 0. */
export function exitCodeOf(tool: string, output: unknown): number | undefined {
  const code = tool === SHELL && typeof output === "string" ? EXIT_CODE.exec(output)?.[1] : undefined;
  return code === undefined ? undefined : Number(code);
}

/**
 * Tokens in the neutral counting: `input` includes what was cached and excludes tool-use prompts, `output` excludes
 * thoughts. Gemini CLI writes 0 for what it was not told, so that 0 of a detail says nothing.
 */
export function usageOf({ input, output, cached, thoughts, tool }: Tokens): Usage | undefined {
  const prompt = (input ?? 0) + (tool ?? 0);
  const completion = (output ?? 0) + (thoughts ?? 0);
  if (prompt === 0 && completion === 0) return undefined;
  return {
    prompt,
    completion,
    ...(cached ? { cacheRead: cached } : {}),
    ...(thoughts ? { reasoning: thoughts } : {}),
  };
}
