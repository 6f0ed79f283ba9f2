import { expect, test } from "bun:test";
import { basename, join } from "node:path";

/** The hot path as it is now, with room for eight more agents' routes, in bytes. */
const MOST_EAGER_BYTES = 24 * 1024;

test("a hook loads the hot path alone: a few kilobytes, no package, no other part of the program, only node:fs", async () => {
  const built = await Bun.build({
    entrypoints: [join(import.meta.dir, "../../src/main.ts")],
    target: "bun",
    format: "esm",
    splitting: true,
    minify: true,
  });
  const chunks = new Map(built.outputs.map((output) => [basename(output.path), output]));
  const outside = new Set<string>();
  const loaded = new Set<string>();
  const load = async (name: string): Promise<number> => {
    const chunk = chunks.get(name);
    if (chunk === undefined) outside.add(name);
    if (chunk === undefined || loaded.has(name)) return 0;
    loaded.add(name);
    const imports = new Bun.Transpiler().scanImports(await chunk.text());
    let bytes = chunk.size;
    for (const { kind, path } of imports) {
      if (kind === "import-statement") bytes += await load(path.replace("./", ""));
    }
    return bytes;
  };
  const entry = built.outputs.find((output) => output.kind === "entry-point");
  expect(await load(basename(entry?.path ?? ""))).toBeLessThan(MOST_EAGER_BYTES);
  expect(chunks.size).toBeGreaterThan(loaded.size);
  expect([...outside]).toEqual(["fs"]);
});
