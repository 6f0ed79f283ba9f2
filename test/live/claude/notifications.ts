/** Turns that Claude Code gave itself: the end of background work is a prompt of its own. */

import { readdirSync, readFileSync } from "node:fs";

interface UserRecord {
  readonly type?: string;
  readonly promptId?: string;
  readonly isSidechain?: boolean;
  readonly message?: { readonly content?: unknown };
}

function promptOf(record: UserRecord): string {
  const content = record.message?.content;
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((block: { text?: unknown }) => (typeof block.text === "string" ? block.text : "")).join("");
}

/**
 * Distinct prompts that are task notifications, in all main transcripts below a `projects` folder.
 * The server cannot tell them: it sees one conversation.
 */
export function notificationTurns(projects: string): number {
  const prompts = new Set<string>();
  for (const folder of readdirSync(projects)) {
    for (const file of readdirSync(`${projects}/${folder}`)) {
      if (!file.endsWith(".jsonl")) continue;
      for (const line of readFileSync(`${projects}/${folder}/${file}`, "utf8").split("\n")) {
        if (!line.includes("<task-notification>")) continue;
        const record = JSON.parse(line) as UserRecord;
        if (record.type !== "user" || record.isSidechain === true || record.promptId === undefined) continue;
        if (promptOf(record).trimStart().startsWith("<task-notification>")) prompts.add(record.promptId);
      }
    }
  }
  return prompts.size;
}
