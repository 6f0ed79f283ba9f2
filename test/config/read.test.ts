import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig } from "../../src/config/read.ts";

const folder = mkdtempSync(join(tmpdir(), "config-read-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function written(text: string, extension = "json"): string {
  const base = join(folder, `config-${files++}`);
  writeFileSync(`${base}.${extension}`, text);
  return `${base}.json`;
}

const PYTHON_TOOLKIT = {
  harnesses: {
    "claude-code": {
      project_name: "claude-code",
      target: "arize",
      endpoint: "otlp.arize.com:443",
      api_key: "k",
      space_id: "s",
      user_id: "ada",
      attributes: { team: "payments", size: 3 },
    },
    codex: { project_name: "codex", target: "phoenix", endpoint: "http://localhost:6006", api_key: "" },
  },
  user_id: "ada",
  attributes: { environment: "prod" },
  logging: { prompts: true, tool_details: true, tool_content: false },
};

describe("config.json", () => {
  test("a missing file is an empty one, without a problem", () => {
    expect(readConfig(join(folder, "absent.json"))).toMatchObject({ values: {}, unreadable: false, problems: [] });
  });

  test("an empty file and one with a byte order mark are read", () => {
    expect(readConfig(written(" \n"))).toMatchObject({ values: {}, unreadable: false, problems: [] });
    expect(readConfig(written('\ufeff{"user_id":"ada"}')).values.user_id).toBe("ada");
  });

  test("a file of the Python toolkit works unchanged", () => {
    const { values, problems } = readConfig(written(JSON.stringify(PYTHON_TOOLKIT)));
    expect(problems).toEqual([]);
    expect(values).toEqual(PYTHON_TOOLKIT as typeof values);
  });

  test("unknown keys pass", () => {
    const { values, problems } = readConfig(
      written('{"future":{"a":[1]},"harnesses":{"x":{"target":"local","extra":1}}}'),
    );
    expect(problems).toEqual([]);
    expect(values).toEqual({ future: { a: [1] }, harnesses: { x: { target: "local", extra: 1 } } } as typeof values);
  });

  test("null means not set", () => {
    const { values, problems } = readConfig(
      written('{"user_id":null,"harnesses":{"codex":{"api_key":null,"target":"local"}}}'),
    );
    expect(problems).toEqual([]);
    expect(values).toEqual({ harnesses: { codex: { target: "local" } } });
  });

  test("a wrong field is named, and the rest of the file works", () => {
    const path = written(
      JSON.stringify({
        user_id: ["ada"],
        harnesses: { "claude-code": { target: "phoenix", endpoint: { host: "x" }, attributes: { a: [1], b: "x" } } },
        capture: { messages: "all", mask: true, max_text_chars: "many" },
        store: { retention_days: -1, max_mb: 5 },
        sinks: ["x", { target: "otlp" }],
      }),
    );
    const { values, problems } = readConfig(path);
    expect(problems.map(({ field }) => field).sort()).toEqual([
      "capture.max_text_chars",
      "capture.messages",
      "harnesses.claude-code.attributes.a",
      "harnesses.claude-code.endpoint",
      "sinks.0",
      "store.retention_days",
      "user_id",
    ]);
    expect(problems.every(({ file, message, fix }) => file === path && message && fix)).toBe(true);
    expect(values).toEqual({
      harnesses: { "claude-code": { target: "phoenix", attributes: { b: "x" } } },
      capture: { mask: true },
      store: { max_mb: 5 },
      sinks: [{}, { target: "otlp" }],
    });
  });

  test("a secret of the wrong type is not repeated in the problem", () => {
    const path = written('{"harnesses":{"codex":{"api_key":["123456789012"],"headers":"authorization=hush-hush"}}}');
    const { problems } = readConfig(path);
    expect(problems).toHaveLength(2);
    expect(JSON.stringify(problems)).not.toMatch(/123456789012|hush/);
  });

  test("a privacy switch with a wrong value counts as off; words for yes and no are understood", () => {
    expect(
      readConfig(written('{"logging":{"prompts":"never","tool_details":"no","tool_content":"yes"}}')).values.logging,
    ).toEqual({
      prompts: false,
      tool_details: false,
      tool_content: true,
    });
    expect(readConfig(written('{"logging":false}')).values.logging).toEqual({
      prompts: false,
      tool_details: false,
      tool_content: false,
    });
  });

  test("a file that does not parse gives nothing but a problem that names it and quotes nothing of it", () => {
    const path = written('{"harnesses": {"codex": {"api_key": "hush-hush", }');
    const { values, unreadable, problems } = readConfig(path);
    expect(values).toEqual({});
    expect(unreadable).toBe(true);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ file: path });
    expect(JSON.stringify(problems)).not.toContain("hush-hush");
  });

  test("digits where a text belongs are a text, and null is an empty file, as for the Python toolkit", () => {
    const { values, problems } = readConfig(written('{"user_id":42,"harnesses":{"codex":{"space_id":7}}}'));
    expect(problems).toEqual([]);
    expect(values).toEqual({ user_id: "42", harnesses: { codex: { space_id: "7" } } });
    expect(readConfig(written("null"))).toMatchObject({ values: {}, unreadable: false });
  });

  test("an array at the top is a problem", () => {
    expect(readConfig(written("[1]"))).toMatchObject({ values: {}, unreadable: true });
  });

  test("a path that is a folder is a problem, not a crash", () => {
    expect(readConfig(folder)).toMatchObject({ values: {}, unreadable: true });
  });
});

describe("config.yaml of an old toolkit", () => {
  const YAML =
    "user_id: ada\nharnesses:\n  codex:\n    target: phoenix\n    endpoint: http://localhost:6006\n    api_key:\nlogging:\n  prompts: false\n";

  test("is read where no JSON exists", () => {
    const { path, values, problems } = readConfig(written(YAML, "yaml"));
    expect(path).toEndWith(".yaml");
    expect(problems).toEqual([]);
    expect(values).toEqual({
      user_id: "ada",
      harnesses: { codex: { target: "phoenix", endpoint: "http://localhost:6006" } },
      logging: { prompts: false },
    });
  });

  test("is not looked at once there is a JSON file", () => {
    const path = written(YAML, "yaml");
    writeFileSync(path, '{"user_id":"grace"}');
    expect(readConfig(path).values).toEqual({ user_id: "grace" });
  });
});
