import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Fact } from "../../src/trace/facts.ts";
import type { Message, Part } from "../../src/trace/node.ts";
import { type Policy, protect } from "../../src/trace/protect.ts";

const OPEN: Policy = {
  log: { prompts: true, toolDetails: true, toolContent: true },
  mask: true,
  maxTextChars: 100_000,
};
const CLOSED: Policy = { ...OPEN, log: { prompts: false, toolDetails: false, toolContent: false } };

type Class = "prompts" | "details" | "content";

let canaries = 0;
/** A text that names the classes which must all be shown for it to survive. */
const canary = (...classes: readonly Class[]) => `canary ${canaries++} [${classes.join("+")}]`;

const AT = { at: 1, turn: "t" } as const;
const SUB = "agent-1";

const structured = (...classes: readonly Class[]) => ({
  text: canary(...classes),
  list: [canary(...classes), { deep: [[canary(...classes)]], [`/path/of ${canary(...classes)}`]: 1 }],
  number: 5,
});
const metadata = () => ({ note: canary(), deep: { list: [canary()] } });
const error = () => ({ type: canary(), message: canary("content") });

function parts(...classes: readonly Class[]): readonly Part[] {
  return [
    { type: "text", text: canary(...classes) },
    { type: "text", text: canary(...classes, "content"), content: "tool_content" },
    { type: "reasoning", text: canary("prompts") },
    { type: "tool_call", id: "c", name: "Bash", input: structured("details"), builtIn: true },
    {
      type: "tool_call",
      id: "c",
      name: canary("details"),
      input: { [canary("details")]: canary("details") },
      builtIn: false,
    },
    { type: "tool_call", id: "c", name: canary("details"), input: canary("details") },
    { type: "media", mime: "image/png" },
  ];
}

const conversation = (user: readonly Class[], assistant: readonly Class[]): readonly Message[] => [
  { role: "system", parts: parts("prompts") },
  { role: "user", parts: parts(...user) },
  { role: "assistant", parts: parts(...assistant) },
  { role: "tool", toolCallId: "c", parts: parts("content") },
];

/** Facts of every type with a canary in every text that is content. A new type does not compile without its row. */
const FACTS: Readonly<Record<Fact["type"], readonly Fact[]>> = {
  session: [{ type: "session", at: 1, metadata: metadata() }],
  "session.start": [{ type: "session.start", at: 1, reason: canary() }],
  "session.end": [{ type: "session.end", at: 1, reason: canary() }],
  "session.idle": [{ type: "session.idle", at: 1, reason: canary() }],
  "turn.start": [
    { type: "turn.start", ...AT, prompt: canary("prompts"), metadata: metadata() },
    { type: "turn.start", ...AT, prompt: canary("prompts", "content"), answers: { callId: "c" } },
  ],
  "turn.end": [
    {
      type: "turn.end",
      ...AT,
      source: "claimed",
      outcome: "error",
      output: canary("prompts"),
      error: error(),
      metadata: metadata(),
    },
  ],
  "turn.note": [
    { type: "turn.note", ...AT, metadata: metadata(), event: { name: "n", attributes: { a: canary(), b: 5 } } },
    {
      type: "turn.note",
      ...AT,
      event: { name: "n", attributes: { a: canary("prompts"), b: true }, content: "prompts" },
    },
    { type: "turn.note", ...AT, event: { name: "n", attributes: { a: canary("details") }, content: "tool_details" } },
    { type: "turn.note", ...AT, event: { name: "n", attributes: { a: canary("content") }, content: "tool_content" } },
  ],
  "llm.start": [
    {
      type: "llm.start",
      ...AT,
      thread: "",
      call: "l",
      parameters: { note: canary() },
      input: conversation(["prompts"], ["prompts"]),
      tools: [
        { name: "Bash", schema: structured("details"), builtIn: true },
        { name: canary("details"), schema: structured("details") },
      ],
      metadata: metadata(),
    },
    {
      type: "llm.start",
      ...AT,
      thread: SUB,
      call: "l",
      input: conversation(["prompts", "details"], ["prompts", "content"]),
    },
  ],
  "llm.retry": [{ type: "llm.retry", ...AT, thread: "", call: "l", error: error() }],
  "llm.output": [
    { type: "llm.output", ...AT, thread: "", call: "l", index: 0, parts: parts("prompts"), metadata: metadata() },
    { type: "llm.output", ...AT, thread: SUB, call: "l", index: 0, parts: parts("prompts", "content") },
  ],
  "llm.end": [
    { type: "llm.end", ...AT, thread: "", call: "l", outcome: "error", error: error(), metadata: metadata() },
  ],
  "tool.start": [
    { type: "tool.start", ...AT, thread: "", callId: "c", name: "Bash", input: structured("details"), builtIn: true },
    {
      type: "tool.start",
      ...AT,
      thread: "",
      callId: "c",
      name: canary("details"),
      mcpServer: canary("details"),
      input: { [canary("details")]: canary("details") },
      builtIn: false,
    },
  ],
  "tool.permission": [
    { type: "tool.permission", ...AT, thread: "", name: "Bash", input: structured("details"), builtIn: true },
    { type: "tool.permission", ...AT, thread: "", name: canary("details"), input: structured("details") },
  ],
  "tool.end": [
    {
      type: "tool.end",
      ...AT,
      thread: "",
      callId: "c",
      outcome: "error",
      output: { ...structured("content"), [canary("content")]: 1 },
      error: error(),
      metadata: metadata(),
    },
  ],
  "tool.result": [
    { type: "tool.result", ...AT, thread: "", callId: "c", outcome: "ok", output: canary("content"), error: error() },
  ],
  "agent.start": [
    {
      type: "agent.start",
      ...AT,
      agentId: SUB,
      name: canary("details"),
      input: canary("prompts", "details"),
      metadata: { description: canary("details") },
    },
    { type: "agent.start", ...AT, agentId: SUB, name: "Explore", builtIn: true },
  ],
  "agent.link": [{ type: "agent.link", ...AT, agentId: SUB, callId: "c" }],
  "agent.end": [
    {
      type: "agent.end",
      ...AT,
      agentId: SUB,
      source: "claimed",
      outcome: "error",
      output: canary("prompts", "content"),
      error: error(),
    },
  ],
  "compaction.start": [
    { type: "compaction.start", ...AT, thread: "", trigger: canary(), input: canary("prompts"), metadata: metadata() },
  ],
  "compaction.end": [
    { type: "compaction.end", ...AT, thread: "", trigger: canary(), output: canary("prompts"), metadata: metadata() },
  ],
  tick: [{ type: "tick", at: 1 }],
};

const ALL = Object.values(FACTS).flat();
const CANARY = /canary \d+ \[([a-z+]*)\]/g;
const canariesIn = (value: unknown) => [...JSON.stringify(value).matchAll(CANARY)];

describe("content classes", () => {
  for (const prompts of [true, false]) {
    for (const toolDetails of [true, false]) {
      for (const toolContent of [true, false]) {
        const on = { prompts, details: toolDetails, content: toolContent };
        const label = Object.entries(on).map(([name, shown]) => `${name} ${shown ? "on" : "off"}`);
        test(`${label.join(", ")}: exactly the texts of shown classes survive, in every fact`, () => {
          for (const fact of ALL) {
            const expected = canariesIn(fact).filter(([, classes = ""]) =>
              classes.split("+").every((name) => name === "" || on[name as Class]),
            );
            const result = protect(fact, { ...OPEN, log: { prompts, toolDetails, toolContent } });
            expect(
              canariesIn(result)
                .map(([text]) => text)
                .sort(),
            ).toEqual(expected.map(([text]) => text).sort());
          }
        });
      }
    }
  }

  test("with everything shown, a fact without secrets and of ordinary size is unchanged", () => {
    for (const fact of ALL) expect(protect(fact, OPEN)).toEqual(fact);
  });

  test("ids, names of built-in tools, numbers and outcomes stay", () => {
    const fact = {
      type: "tool.start",
      ...AT,
      thread: "",
      callId: "toolu_1",
      name: "Bash",
      input: {},
      builtIn: true,
    } as const;
    expect(protect(fact, CLOSED)).toEqual(fact);
  });

  test("a fact without optional fields gets none", () => {
    const fact = { type: "turn.end", ...AT, source: "recorded", outcome: "ok" } as const;
    expect(Object.keys(protect(fact, CLOSED)).sort()).toEqual(Object.keys(fact).sort());
  });
});

const promptOf = (prompt: string, policy: Policy) => {
  const fact = protect({ type: "turn.start", ...AT, prompt }, policy);
  return fact.type === "turn.start" ? fact.prompt : undefined;
};

describe("markers", () => {
  test("say the length of the text as it was captured, in characters", () => {
    expect(promptOf("hello", CLOSED)).toBe("<redacted (5 chars)>");
    expect(promptOf("", CLOSED)).toBe("<redacted (0 chars)>");
    expect(promptOf("😀é", CLOSED)).toBe("<redacted (2 chars)>");
    const secret = "DB_PASSWORD=hunter2";
    expect(promptOf(secret, CLOSED)).toBe(`<redacted (${secret.length} chars)>`);
    expect(promptOf("x".repeat(1000), { ...CLOSED, maxTextChars: 100 })).toBe("<redacted (1000 chars)>");
  });

  test("built-in tools keep their fields, other tools become one marker of their JSON", () => {
    const input = { command: "ls", timeout: 5, nested: { list: ["ab", true, null] } };
    const inputOf = (builtIn: boolean) => {
      const fact = protect({ type: "tool.start", ...AT, thread: "", callId: "c", name: "n", input, builtIn }, CLOSED);
      return fact.type === "tool.start" ? fact.input : undefined;
    };
    expect(inputOf(true)).toEqual({
      command: "<redacted (2 chars)>",
      timeout: "<redacted>",
      nested: { list: ["<redacted (2 chars)>", "<redacted>", "<redacted>"] },
    });
    expect(inputOf(false)).toBe(`<redacted (${JSON.stringify(input).length} chars)>`);
  });
});

describe("masking and cutting", () => {
  test("credentials are masked in every class, by form and by key", () => {
    const token = `ghp_${"a1B2".repeat(9)}`;
    const fact: Fact = {
      type: "tool.start",
      ...AT,
      thread: "",
      callId: "c",
      name: "Bash",
      builtIn: true,
      input: { command: `echo ${token}`, env: { DB_PASSWORD: "hunter2" } },
    };
    expect(protect(fact, OPEN)).toMatchObject({
      input: { command: "echo <masked github-token>", env: { DB_PASSWORD: "<masked password>" } },
    });
    expect(protect(fact, { ...OPEN, mask: false })).toEqual(fact);
  });

  test("a secret across the cut is masked before it is cut", () => {
    const text = `${"x ".repeat(45)}DB_PASSWORD=hunter2hunter2`;
    expect(promptOf(text, { ...OPEN, maxTextChars: 110 })).not.toContain("hunter");
  });

  test("a long text is cut with a visible mark of how much is missing", () => {
    expect(promptOf("ab".repeat(100), { ...OPEN, maxTextChars: 150 })).toBe(`${"ab".repeat(75)}…<cut, 50 more chars>`);
  });

  test("a cut never splits a character", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme", minLength: 101, maxLength: 300 }),
        fc.integer({ min: 100, max: 140 }),
        (text, max) => {
          expect(promptOf(text, { ...OPEN, mask: false, maxTextChars: max })?.isWellFormed()).toBe(true);
        },
      ),
    );
  });

  test("of too many messages the newest stay, and a message says how many do not", () => {
    const input: readonly Message[] = Array.from({ length: 1500 }, (_, index) => ({
      role: "user",
      parts: [{ type: "text", text: `message ${index}` }],
    }));
    const fact = protect({ type: "llm.start", ...AT, thread: "", call: "l", input }, OPEN);
    const kept = fact.type === "llm.start" ? (fact.input ?? []) : [];
    expect(kept).toHaveLength(1001);
    expect(kept[0]?.parts).toEqual([{ type: "text", text: "…<cut, 500 earlier messages>" }]);
    expect(kept.at(-1)).toEqual(input.at(-1) as Message);
  });

  test("a whole history is bounded by its size too; the newest message always stays", () => {
    const input: readonly Message[] = Array.from({ length: 50 }, () => ({
      role: "user",
      parts: [{ type: "text", text: "y".repeat(1000) }],
    }));
    const fact = protect({ type: "llm.start", ...AT, thread: "", call: "l", input }, { ...OPEN, maxTextChars: 1000 });
    expect(fact.type === "llm.start" && fact.input?.length).toBe(11);
    const huge = protect(
      {
        type: "llm.start",
        ...AT,
        thread: "",
        call: "l",
        input: [
          {
            role: "user",
            parts: Array.from({ length: 30 }, () => ({ type: "text", text: "z".repeat(1000) }) as const),
          },
        ],
      },
      { ...OPEN, maxTextChars: 1000 },
    );
    expect(huge.type === "llm.start" && huge.input?.length).toBe(1);
  });

  test("media carry a type and nothing else", () => {
    const smuggled = { type: "media", mime: "image/png", data: "AAAA" } as unknown as Part;
    const odd: Part = { type: "media", mime: "data:image/png;base64,AAAA" };
    const fact = protect({ type: "llm.output", ...AT, thread: "", call: "l", index: 0, parts: [smuggled, odd] }, OPEN);
    expect(fact.type === "llm.output" && fact.parts).toEqual([{ type: "media", mime: "image/png" }, { type: "media" }]);
  });

  test("deep and wide values are bounded", () => {
    let deep: unknown = "bottom";
    for (let level = 0; level < 5000; level++) deep = [deep];
    const result = JSON.stringify(
      protect({ type: "session", at: 1, metadata: { deep, wide: Array(100_000).fill("w") } }, OPEN),
    );
    expect(result).not.toContain("bottom");
    expect(result).toContain("…<cut");
    expect(result.length).toBeLessThan(200_000);
  });

  test("a value nested deeper than any stack is no error, whatever is shown", () => {
    let output: unknown = "bottom";
    for (let level = 0; level < 200_000; level++) output = [output];
    for (const policy of [OPEN, CLOSED]) {
      const fact = protect({ type: "tool.result", ...AT, thread: "", callId: "c", outcome: "ok", output }, policy);
      expect(JSON.stringify(fact)).not.toContain("bottom");
    }
  });

  test("a key named __proto__ stays a key", () => {
    const input = JSON.parse('{"__proto__": {"polluted": true}}');
    const fact = protect({ type: "tool.start", ...AT, thread: "", callId: "c", name: "n", input, builtIn: true }, OPEN);
    expect(JSON.stringify(fact)).toContain('{"__proto__":{"polluted":true}}');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe("properties", () => {
  const policy = fc.record({
    log: fc.record({ prompts: fc.boolean(), toolDetails: fc.boolean(), toolContent: fc.boolean() }),
    mask: fc.boolean(),
    maxTextChars: fc.integer({ min: 100, max: 1000 }),
  });

  test("any JSON input passes, equal inputs of a call and of its permission request stay equal, nothing is changed in place", () => {
    fc.assert(
      fc.property(policy, fc.jsonValue(), fc.boolean(), (chosen, input, builtIn) => {
        const before = JSON.stringify(input);
        const shared = { ...AT, thread: "", name: "n", input, builtIn };
        const start = protect({ type: "tool.start", callId: "c", ...shared }, chosen);
        const asked = protect({ type: "tool.permission", ...shared }, chosen);
        const of = (fact: Fact) =>
          fact.type === "tool.start" || fact.type === "tool.permission" ? [fact.name, fact.input] : [];
        expect(JSON.stringify(of(start))).toBe(JSON.stringify(of(asked)));
        expect(JSON.stringify(input)).toBe(before);
      }),
    );
  });

  test("the end of a turn and the answer that it repeats stay equal", () => {
    fc.assert(
      fc.property(policy, fc.string({ maxLength: 2000 }), (chosen, text) => {
        const end = protect({ type: "turn.end", ...AT, source: "claimed", outcome: "ok", output: text }, chosen);
        const part = { type: "text", text } as const;
        const said = protect({ type: "llm.output", ...AT, thread: "", call: "l", index: 0, parts: [part] }, chosen);
        const answer = said.type === "llm.output" ? said.parts[0] : undefined;
        expect(end.type === "turn.end" && end.output).toBe(answer?.type === "text" && answer.text);
      }),
    );
  });
});
