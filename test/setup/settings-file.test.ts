import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { getNodeValue } from "jsonc-parser";
import { type WantedHook, withHooks, withoutHooks } from "../../src/agents/claude/settings-file.ts";
import { parseJsonc } from "../../src/setup/jsonc.ts";
import { settingsTexts } from "./documents.ts";

const COMMAND = "'/home/ada/.arize/harness/bin/harness-tracing' hook claude >/dev/null 2>&1 || true";

const WANTED: readonly WantedHook[] = ["SessionStart", "Stop", "PreToolUse"].map((event) => ({
  event,
  hook: { type: "command", command: COMMAND, timeout: 10 },
}));

function register(text: string): string {
  const result = withHooks(text, WANTED);
  if (typeof result !== "string") throw new Error(result.reason);
  return result;
}

function unregister(text: string): string {
  const result = withoutHooks(text);
  if (typeof result !== "string") throw new Error(result.reason);
  return result;
}

function contentOf(text: string): unknown {
  const parsed = parseJsonc(text.replace("\uFEFF", ""));
  if ("error" in parsed) throw new Error(parsed.error);
  return getNodeValue(parsed.root);
}

function withoutEmptyHooks(value: unknown): unknown {
  const { hooks, ...rest } = value as { hooks?: Record<string, unknown[]> };
  const kept = Object.entries(hooks ?? {}).filter(([, groups]) => groups.length > 0);
  return kept.length > 0 ? { ...rest, hooks: Object.fromEntries(kept) } : rest;
}

describe("on random documents", () => {
  test("registering adds every wanted hook and keeps everything else's value", () => {
    fc.assert(
      fc.property(settingsTexts, (text) => {
        const after = contentOf(register(text)) as { hooks: Record<string, { hooks: unknown[] }[]> };
        for (const { event, hook } of WANTED) {
          expect(after.hooks[event]?.filter((group) => Bun.deepEquals(group, { hooks: [hook] }))).toHaveLength(1);
        }
        for (const groups of Object.values(after.hooks)) {
          for (const [index, group] of groups.entries()) {
            if (Bun.deepEquals(group.hooks[0], WANTED[0]?.hook)) groups.splice(index, 1);
          }
        }
        expect(withoutEmptyHooks(after)).toEqual(withoutEmptyHooks(contentOf(text)));
      }),
      { numRuns: 500 },
    );
  });

  test("registering twice changes nothing the second time", () => {
    fc.assert(
      fc.property(settingsTexts, (text) => {
        const once = register(text);
        expect(register(once)).toBe(once);
      }),
      { numRuns: 500 },
    );
  });

  test("removing what was added gives back the document, byte for byte unless it held empty containers", () => {
    fc.assert(
      fc.property(settingsTexts, (text) => {
        const back = unregister(register(text));
        // An empty container that was there before is not told from one that we emptied.
        if (/\{\s*\}|\[\s*\]/.test(text))
          expect(withoutEmptyHooks(contentOf(back))).toEqual(withoutEmptyHooks(contentOf(text)));
        else expect(back).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });

  test("registering only inserts: every visible character of the document is still there, in order", () => {
    fc.assert(
      fc.property(settingsTexts, (text) => {
        const after = register(text);
        let at = -1;
        for (const character of text.replaceAll(/\s/g, "")) {
          at = after.indexOf(character, at + 1);
          expect(at).not.toBe(-1);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe("style", () => {
  test("a missing or blank file becomes an indented object with a last newline", () => {
    for (const text of ["", "\n", "  \n"]) {
      const after = register(text);
      expect(after.startsWith('{\n  "hooks": {\n    "SessionStart": [\n')).toBe(true);
      expect(after.endsWith("\n}\n")).toBe(true);
    }
  });

  test("tabs, CRLF, byte order mark and a missing last newline are kept", () => {
    const text = '\uFEFF{\r\n\t"model": "opus"\r\n}';
    const after = register(text);
    expect(after.startsWith('\uFEFF{\r\n\t"model": "opus",\r\n\t"hooks": {\r\n\t\t"SessionStart"')).toBe(true);
    expect(after.endsWith("\r\n\t}\r\n}")).toBe(true);
    expect(after.replaceAll("\r\n", "").includes("\n")).toBe(false);
    expect(unregister(after)).toBe(text);
  });

  test("a comment behind the last property stays on its line", () => {
    const text = '{\n  "model": "opus" // the big one\n  // more to come\n}\n';
    const after = register(text);
    expect(after.startsWith('{\n  "model": "opus", // the big one\n  // more to come\n  "hooks"')).toBe(true);
    expect(unregister(after)).toBe(text);
  });

  test("a file on one line stays on one line", () => {
    const after = register('{"model":"opus"}');
    expect(after).not.toContain("\n");
    expect(after).toStartWith('{"model":"opus","hooks":{');
  });

  test("trailing commas stay as they are", () => {
    const text = '{\n  "model": "opus",\n}\n';
    expect(unregister(register(text))).toBe(text);
  });
});

describe("foreign and older registrations", () => {
  const foreign = '{"type": "command", "command": "notify-send done"}';

  test("hooks of other tools in the same event and in the same group stay", () => {
    const text = `{\n  "hooks": {\n    "Stop": [\n      { "hooks": [${foreign}] }\n    ]\n  }\n}\n`;
    const after = register(text);
    expect(after).toContain(`{ "hooks": [${foreign}] }`);
    expect(unregister(after)).toBe(text);
    const shared = text.replace(foreign, `${foreign}, {"type": "command", "command": "${COMMAND}"}`);
    expect(unregister(shared)).toBe(text);
  });

  test("hooks of the Python toolkit and its dead plugins entry are replaced", () => {
    const python = '{"type": "command", "command": "/home/ada/.arize/harness/venv/bin/arize-hook-claude-stop"}';
    const text = `{
  "hooks": {
    "Stop": [{ "hooks": [${python}, ${foreign}] }],
    "Notification": [{ "hooks": [${python}] }]
  },
  "plugins": [{ "type": "local", "path": "/home/ada/.arize/harness/tracing/claude_code" }]
}
`;
    const after = register(text);
    expect(after).not.toContain("arize-hook-");
    expect(after).not.toContain("plugins");
    expect(after).toContain("notify-send");
    expect(contentOf(unregister(after))).toEqual({ hooks: { Stop: [{ hooks: [JSON.parse(foreign)] }] } });
  });

  test("a plugins entry of somebody else stays", () => {
    const text = '{\n  "plugins": [{ "type": "local", "path": "/opt/mine" }]\n}\n';
    expect(unregister(register(text))).toBe(text);
  });

  test("our own registration with another path, timeout or matcher, and doubles, become one as it should be", () => {
    const old = (command: string, timeout: number, matcher = "") =>
      `{ ${matcher}"hooks": [{ "type": "command", "command": "${command}", "timeout": ${timeout} }] }`;
    const groups = [
      old("'/old/bin/harness-tracing' hook claude", 5),
      old(COMMAND, 10),
      old(COMMAND, 10),
      old(COMMAND, 3),
      old(COMMAND, 10, '"matcher": "Bash", '),
    ];
    const after = register(`{ "hooks": { "Stop": [\n${groups.join(",\n")}\n] } }`);
    const { hooks } = contentOf(after) as { hooks: Record<string, unknown> };
    expect(hooks.Stop).toEqual([{ hooks: [{ type: "command", command: COMMAND, timeout: 10 }] }]);
  });

  test("an event that is no longer wanted is taken out", () => {
    const everything = register("{}");
    const fewer = withHooks(everything, WANTED.slice(0, 1));
    expect(Object.keys((contentOf(String(fewer)) as { hooks: object }).hooks)).toEqual(["SessionStart"]);
  });
});

describe("refusals", () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ["broken JSON", '{"model": }', "is not valid JSON (ValueExpected at line 1, column 11)"],
    ["a list", "[]", "does not hold a JSON object"],
    ["hooks that are a list", '{"hooks": []}', '"hooks" is not an object'],
    ["an event that is an object", '{"hooks": {"Stop": {}}}', '"hooks.Stop" is not an array'],
    ["a group that is a text", '{"hooks": {"Stop": ["x"]}}', '"hooks.Stop" holds something that is not an object'],
    [
      "hooks of a group that are an object",
      '{"hooks": {"Stop": [{"hooks": {}}]}}',
      '"hooks.Stop" has a "hooks" that is not an array',
    ],
    ["hooks twice", '{"hooks": {}, "hooks": {}}', 'has "hooks" more than once'],
    ["an event twice", '{"hooks": {"Stop": [], "Stop": []}}', '"hooks" has "Stop" more than once'],
  ];
  for (const [name, text, reason] of cases) {
    test(`${name}: refused, not overwritten`, () => {
      expect(withHooks(text, WANTED)).toEqual({ reason });
      expect(withoutHooks(text)).toEqual({ reason });
    });
  }
});
