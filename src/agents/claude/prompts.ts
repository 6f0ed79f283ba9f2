/** What the user records of a transcript that hold no tool result stand for. */

import { textOf } from "./content.ts";
import type { UserRecord } from "./wire.ts";

function tagged(text: string, tag: string): string | undefined {
  const start = text.indexOf(`<${tag}>`);
  const end = text.indexOf(`</${tag}>`);
  return start < 0 || end < start ? undefined : text.slice(start + tag.length + 2, end);
}

/** The tool call that a task notification is about; undefined for other prompts. */
export function notifiedCall(prompt: string): string | undefined {
  return prompt.trimStart().startsWith("<task-notification>") ? tagged(prompt, "tool-use-id") : undefined;
}

/** The command of a `!` line. */
export function bashInput(record: UserRecord): string | undefined {
  const text = textOf(record.message.content);
  return text.startsWith("<bash-input>") ? tagged(text, "bash-input") : undefined;
}

/** A slash command as it was typed; other prompts as they are. */
export function typedPrompt(text: string): string {
  const command = tagged(text, "command-name");
  if (command === undefined) return text;
  return `${command} ${tagged(text, "command-args") ?? ""}`.trim();
}

/** Markers that Claude Code writes as user text when a turn is cut short. */
export function isInterruption(record: UserRecord): boolean {
  return textOf(record.message.content).startsWith("[Request interrupted by user");
}

/** The notice that the answer before it was cut off by a broken stream. */
export function isCutNotice(record: UserRecord): boolean {
  return record.isMeta === true && textOf(record.message.content).startsWith("Your response above was cut off");
}

const LOCAL = ["<local-command-", "<command-name>", "<bash-input>", "<bash-stdout>", "<bash-stderr>"];

/**
 * Does this record open a turn? Newer versions say so (`turnOrigin`, since 2.1.330 at the latest; `promptSource` since
 * 2.1.197 at the latest); of older ones it is any plain user text that is not the trace of a local command.
 */
export function opensTurn(record: UserRecord): boolean {
  if (record.isMeta || record.isCompactSummary || isInterruption(record)) return false;
  if (record.turnOrigin !== undefined || record.promptSource !== undefined) return true;
  const text = textOf(record.message.content).trimStart();
  return text !== "" && !LOCAL.some((prefix) => text.startsWith(prefix));
}
