import { expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Agent } from "../../src/agents/agent.ts";
import { AGENTS } from "../../src/agents/registry.ts";
import { guardOf } from "../../src/trace/protect.ts";
import { linesOf, OPEN } from "../support/recording.ts";

const RECORDED = join(import.meta.dir, "../recorded");

/** Files of a recording that are not the agent's own history. */
const NOT_HISTORY = /(hooks|model_requests|requests|model|notify|events|payloads|truth)\.jsonl$/;

/** Texts shorter than this may be in a cursor by chance (characters). */
const TELLING = 12;

const CLOSED = guardOf({
  log: { prompts: false, toolDetails: false, toolContent: false },
  mask: true,
  maxTextChars: 100_000,
});

function histories(agent: string): string[] {
  const folder = join(RECORDED, agent);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".jsonl") && !NOT_HISTORY.test(name))
    .map((name) => join(folder, name));
}

/** Every sentence below a value. */
function textsIn(value: unknown): string[] {
  if (typeof value === "string") return value.length >= TELLING && value.includes(" ") ? [value] : [];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

const CONTENT = ["prompt", "input", "output", "parts"] as const;

/** What the facts of a file say in words, and what the reader remembers of it when content is switched off. */
function readBoth(agent: Agent, path: string): { texts: Set<string>; memory: string[] } {
  const source = { id: "main", path, role: {} };
  const texts = new Set<string>();
  const memory: string[] = [];
  let open = agent.history.initial(source);
  let closed = agent.history.initial(source);
  for (const record of linesOf<unknown>(path)) {
    const read = agent.history.read(open, record, OPEN);
    open = read.cursor;
    for (const fact of read.facts) {
      const fields = new Map<string, unknown>(Object.entries(fact));
      for (const text of CONTENT.flatMap((field) => textsIn(fields.get(field)))) texts.add(text);
    }
    closed = agent.history.read(closed, record, CLOSED).cursor;
    memory.push(JSON.stringify(closed));
  }
  return { texts, memory };
}

/** Agents whose recordings say anything in words to a reader that is told no more than where the file is. */
const covered: string[] = [];

for (const entry of AGENTS) {
  const name = existsSync(join(RECORDED, entry.name)) ? entry.name : entry.key;
  const agent = await entry.load();
  const read = histories(name).map((path) => ({ path: path.slice(RECORDED.length), ...readBoth(agent, path) }));
  if (!read.some(({ texts }) => texts.size > 0)) continue;
  covered.push(entry.name);
  test(`${entry.title}: with content switched off, the reader remembers no sentence of any recording`, () => {
    const leaks = read.flatMap(({ path, texts, memory }) =>
      [...texts]
        .filter((text) => memory.some((json) => json.includes(JSON.stringify(text).slice(1, -1))))
        .map((text) => `${path}: ${text.slice(0, TELLING)}`),
    );
    expect(leaks).toEqual([]);
  });
}

test("the readers with a conversation to remember are among them", () => {
  expect(covered).toEqual(expect.arrayContaining(["claude", "codex", "gemini", "copilot"]));
});
