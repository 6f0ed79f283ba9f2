import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { pathsIn } from "../../src/paths.ts";
import { cli, temporaryHome } from "../support/cli.ts";

let temporary: ReturnType<typeof temporaryHome>;
beforeEach(() => {
  temporary = temporaryHome();
});
afterEach(() => temporary.remove());

const paths = () => pathsIn(temporary.home);
const run = (argv: readonly string[], stdin?: string) =>
  cli(temporary.home, ["config", ...argv], stdin === undefined ? {} : { stdin });
const text = () => readFileSync(paths().config, "utf8");
function write(content: string): void {
  mkdirSync(paths().root, { recursive: true });
  writeFileSync(paths().config, content, { mode: 0o644 });
}

test("path names the file", async () => {
  expect((await run(["path"])).out).toBe(`${paths().config}\n`);
});

describe("set", () => {
  test("makes the file, private, with the value as JSON where it is JSON", async () => {
    expect(await run(["set", "logging.prompts", "false"])).toEqual({ code: 0, out: "", err: "" });
    expect(JSON.parse(text())).toEqual({ logging: { prompts: false } });
    expect(statSync(paths().config).mode & 0o777).toBe(0o600);
    expect(statSync(paths().root).mode & 0o777).toBe(0o700);
  });

  test("keeps unknown keys, order and formatting", async () => {
    write('{\n    "future": [1, 2],\n    "user_id": "ada"\n}\n');
    await run(["set", "user_id", "grace"]);
    expect(text()).toBe('{\n    "future": [1, 2],\n    "user_id": "grace"\n}\n');
    expect(statSync(paths().config).mode & 0o777).toBe(0o600);
  });

  test("a value of - comes from stdin, as text", async () => {
    await run(["set", "harnesses.claude-code.api_key", "-"], "12345\n");
    expect(JSON.parse(text()).harnesses["claude-code"].api_key).toBe("12345");
  });

  test("list elements have numbers, a dot inside a key has a backslash", async () => {
    write('{"sinks": [{"target": "otlp"}]}');
    await run(["set", "sinks.0.endpoint", "http://127.0.0.1:1"]);
    await run(["set", "attributes.team\\.name", "payments"]);
    expect(JSON.parse(text())).toEqual({
      sinks: [{ target: "otlp", endpoint: "http://127.0.0.1:1" }],
      attributes: { "team.name": "payments" },
    });
  });

  test("a value that nothing would read is refused and nothing is written", async () => {
    const { code, err } = await run(["set", "store.max_mb", "lots"]);
    expect(code).toBe(1);
    expect(err).toContain("store.max_mb");
    expect(err).toContain("nothing was changed");
    expect(existsSync(paths().config)).toBe(false);
  });

  test.each(["{broken", '{"user_id": "ada"} // comment'])(
    "a file that is not JSON is left alone: %p",
    async (broken) => {
      write(broken);
      const { code, err } = await run(["set", "user_id", "x"]);
      expect(code).toBe(1);
      expect(err).toContain("is not valid JSON");
      expect(text()).toBe(broken);
    },
  );

  test("flush: sync leaves the mark that hooks look for, and takes it away again", async () => {
    await run(["set", "flush", "sync"]);
    expect(existsSync(paths().flushSync)).toBe(true);
    await run(["unset", "flush"]);
    expect(existsSync(paths().flushSync)).toBe(false);
  });
});

describe("get and unset", () => {
  test("get without a key hides secrets, with their full key it shows them", async () => {
    write('{"harnesses": {"claude-code": {"api_key": "k-1", "headers": {"x-team": "t"}}}}');
    expect(JSON.parse((await run(["get"])).out)).toEqual({
      harnesses: { "claude-code": { api_key: "***", headers: { "x-team": "***" } } },
    });
    expect((await run(["get", "harnesses.claude-code"])).out).not.toContain("k-1");
    expect((await run(["get", "harnesses.claude-code.api_key"])).out).toBe("k-1\n");
  });

  test("get of what is not set prints nothing and ends with 1", async () => {
    expect(await run(["get", "user_id"])).toEqual({ code: 1, out: "", err: "" });
  });

  test("unset takes the key out and leaves the rest", async () => {
    write('{\n  "user_id": "ada",\n  "flush": "sync"\n}\n');
    await run(["unset", "flush"]);
    expect(text()).toBe('{\n  "user_id": "ada"\n}\n');
  });

  test("unset of what is not there writes nothing", async () => {
    expect((await run(["unset", "a.b.c"])).code).toBe(0);
    expect(existsSync(paths().config)).toBe(false);
  });
});
