import { expect, test } from "bun:test";
import { join } from "node:path";
import { TARGETS } from "../../build/targets.ts";

test("programs are named by system, processor and variant", () => {
  for (const { name, extension, runtime } of TARGETS) {
    expect(name).toMatch(/^(linux|darwin|windows)-(x64|arm64)(-musl)?(-baseline)?$/);
    expect(extension).toBe(name.startsWith("windows") ? ".exe" : "");
    // Bun says baseline before musl.
    expect([...runtime.split("-")].sort()).toEqual(["bun", ...name.split("-")].sort());
  }
  expect(new Set(TARGETS.map((target) => target.name)).size).toBe(TARGETS.length);
});

test("an unknown target is refused with the known ones", async () => {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "../../build/build.ts"), "--target", "amiga-m68k"], {
    stdout: "ignore",
    stderr: "pipe",
  });
  const stderr = await new Response(child.stderr).text();
  expect(await child.exited).toBe(2);
  for (const { name } of TARGETS) expect(stderr).toContain(name);
});
