import { describe, expect, test } from "bun:test";
import { PassThrough } from "node:stream";
import { ask, askSecret, confirm, select, type Terminal } from "../../src/cli/prompt.ts";

/** A terminal whose user types the given lines, each when a question has been asked. */
function typing(...lines: readonly string[]): { readonly terminal: Terminal; readonly shown: () => string } {
  const input = new PassThrough();
  const output = new PassThrough();
  const left = [...lines];
  let shown = "";
  output.on("data", (chunk: Buffer) => {
    shown += chunk.toString();
    if (!/[:\]] $/.test(Bun.stripANSI(shown)) || left.length === 0) return;
    const line = left.shift() ?? "";
    setTimeout(() => input.write(line), 0);
  });
  return { terminal: { input, output }, shown: () => Bun.stripANSI(shown) };
}

describe("ask", () => {
  test("an answer is taken without its blanks, an empty one means the default", async () => {
    expect(await ask(typing(" http://x \n").terminal, "Endpoint", "http://d")).toBe("http://x");
    const { terminal, shown } = typing("\n");
    expect(await ask(terminal, "Endpoint", "http://d")).toBe("http://d");
    expect(shown()).toContain("Endpoint [http://d]: ");
  });

  test("Ctrl-C stops with nothing changed", async () => {
    const stopped = ask(typing("\u0003").terminal, "Endpoint");
    expect(stopped).rejects.toThrow("stopped, nothing was changed");
  });
});

test("a secret is not shown while it is typed", async () => {
  const { terminal, shown } = typing("s3cret\n");
  expect(await askSecret(terminal, "API key")).toBe("s3cret");
  expect(shown()).toContain("API key (not shown): ");
  expect(shown()).not.toContain("s3cret");
});

describe("confirm", () => {
  test("yes, no and the default", async () => {
    expect(await confirm(typing("y\n").terminal, "Go?", false)).toBe(true);
    expect(await confirm(typing("NO\n").terminal, "Go?", true)).toBe(false);
    expect(await confirm(typing("\n").terminal, "Go?", true)).toBe(true);
  });

  test("anything else is asked again", async () => {
    const { terminal, shown } = typing("maybe\n", "yes\n");
    expect(await confirm(terminal, "Go?", false)).toBe(true);
    expect(shown().split("Go? [y/N]").length).toBeGreaterThan(2);
  });
});

describe("select", () => {
  const choices = [
    ["local", "here"],
    ["otlp", "there"],
  ] as const;

  test("by number, by name, and the first by default", async () => {
    expect(await select(typing("2\n").terminal, "Where?", choices)).toBe("otlp");
    expect(await select(typing("otlp\n").terminal, "Where?", choices)).toBe("otlp");
    expect(await select(typing("\n").terminal, "Where?", choices)).toBe("local");
  });

  test("what is not there is asked again", async () => {
    expect(await select(typing("7\n", "2\n").terminal, "Where?", choices)).toBe("otlp");
  });
});
