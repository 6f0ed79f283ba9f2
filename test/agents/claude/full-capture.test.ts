import { expect, test } from "bun:test";
import { claude } from "../../../src/agents/claude/agent.ts";
import type { Fact } from "../../../src/trace/facts.ts";
import type { Message } from "../../../src/trace/node.ts";
import { linesOf, OPEN, transcriptsOf } from "../../support/recording.ts";

type LlmStart = Extract<Fact, { type: "llm.start" }>;

function requestsOf(scenario: string, role: Readonly<Record<string, string>>): LlmStart[] {
  const requests: LlmStart[] = [];
  for (const path of transcriptsOf(scenario).values()) {
    let cursor = claude.history.initial({ id: "main", path, role });
    for (const record of linesOf<unknown>(path)) {
      const read = claude.history.read(cursor, record, OPEN);
      cursor = read.cursor;
      requests.push(...read.facts.filter((fact) => fact.type === "llm.start"));
    }
  }
  return requests;
}

const roles = (messages: readonly Message[] | undefined) => (messages ?? []).map((message) => message.role).join(" ");

test("by default a request carries what is new in it", () => {
  const requests = requestsOf("parallel", {});
  expect(requests.map((request) => roles(request.input))).toEqual(["user", "tool", "tool tool tool"]);
  expect(requests.map((request) => request.tools)).toEqual([undefined, undefined, undefined]);
});

test("with full capture every request carries system prompt, tools and the whole history", () => {
  const requests = requestsOf("parallel", { capture: "full" });
  expect(requests.map((request) => roles(request.input))).toEqual([
    "system user system",
    "system user system assistant tool",
    "system user system assistant tool assistant user",
  ]);
  expect(requests.map((request) => request.tools?.map((tool) => tool.name).includes("Bash"))).toEqual([
    true,
    true,
    true,
  ]);
  const answer = requests[1]?.input?.[3]?.parts[0];
  expect(answer).toMatchObject({ type: "tool_call", name: "Read", id: "toolu_parallel_001_0" });
});

test("with full capture a resumed process finds the conversation again", () => {
  const requests = requestsOf("resume", { capture: "full" });
  const sizes = requests.map((request) => request.input?.length);
  expect(sizes[1]).toBeGreaterThan(sizes[0] ?? 0);
  expect(roles(requests[3]?.input)).toBe("system user system assistant user assistant tool assistant user");
});
