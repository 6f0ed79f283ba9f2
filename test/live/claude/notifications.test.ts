import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { notificationTurns } from "./notifications.ts";

const NOTICE = "<task-notification>\n<task-id>b1</task-id>\n</task-notification>";

const prompt = (promptId: string, content: unknown, more: object = {}) =>
  JSON.stringify({ type: "user", promptId, message: { role: "user", content }, ...more });

test("each prompt that is a task notification is a turn, told by its prompt id", () => {
  const projects = mkdtempSync(`${tmpdir()}/live-notifications-`);
  const folder = `${projects}/-home-dev-project`;
  mkdirSync(`${folder}/s1/subagents`, { recursive: true });
  const lines = [
    prompt("p1", "Count in the background"),
    prompt("p2", NOTICE),
    // The same turn again, as blocks.
    prompt("p2", [{ type: "text", text: `\n${NOTICE}` }]),
    prompt("p3", [{ type: "text", text: NOTICE }]),
    // Talk about notifications, a subagent's thread, and a record that is no prompt are none.
    prompt("p4", `What does ${NOTICE} mean?`),
    prompt("p5", NOTICE, { isSidechain: true }),
    JSON.stringify({ type: "queue-operation", content: NOTICE }),
  ];
  writeFileSync(`${folder}/s1.jsonl`, `${lines.join("\n")}\n`);
  writeFileSync(`${folder}/s1/subagents/agent-a1.jsonl`, `${prompt("p6", NOTICE)}\n`);
  expect(notificationTurns(projects)).toBe(2);
  rmSync(projects, { recursive: true });
});
