import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { extensionFor } from "../../src/agents/omp/setup.ts";
import { pluginFor } from "../../src/agents/opencode/setup.ts";
import { isOurPlugin, pluginProgram } from "../../src/setup/plugin/text.ts";

type Handler = (...args: unknown[]) => unknown;

const KEYS = { opencode: Symbol.for("harness-tracing.opencode"), omp: Symbol.for("harness-tracing.omp") };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "harness-tracing-plugin-"));
  forget();
});
afterEach(() => {
  forget();
  rmSync(folder, { recursive: true, force: true });
});

/** As in a process that has not loaded a plugin yet. */
function forget(): void {
  const known = globalThis as unknown as Record<symbol, { child?: { kill: () => void } } | undefined>;
  for (const key of Object.values(KEYS)) {
    known[key]?.child?.kill();
    delete known[key];
  }
}

async function load<Module>(text: string): Promise<Module> {
  const file = join(folder, `plugin-${Math.random()}.mjs`);
  writeFileSync(file, text);
  return (await import(file)) as Module;
}

async function opencodeHooks(program: string): Promise<Readonly<Record<string, Handler>>> {
  const { HarnessTracing } = await load<{ HarnessTracing: () => Promise<Record<string, Handler>> }>(pluginFor(program));
  return await HarnessTracing();
}

async function ompHandlers(program: string): Promise<ReadonlyMap<string, Handler>> {
  const handlers = new Map<string, Handler>();
  const extension = await load<{ default: (api: object) => void }>(extensionFor(program));
  extension.default({ logger: {}, on: (name: string, handler: Handler) => handlers.set(name, handler) });
  return handlers;
}

/** Things that no agent should ever pass. */
const ODD = [undefined, null, 1, "x", {}, [], { event: null }, { event: { type: "message.updated" } }];

test("whatever OpenCode passes, every hook resolves to nothing at once", async () => {
  for (const [name, hook] of Object.entries(await opencodeHooks(join(folder, "missing")))) {
    for (const input of ODD) {
      for (const output of ODD) expect([name, await hook(input, output)]).toEqual([name, undefined]);
    }
  }
});

test("whatever Oh My Pi passes, every handler returns nothing at once", async () => {
  for (const [name, handler] of await ompHandlers(join(folder, "missing"))) {
    for (const event of ODD) {
      for (const context of ODD) expect([name, handler(event, context)]).toEqual([name, undefined]);
    }
  }
});

test("no handler is registered that could block a tool", async () => {
  expect([...(await ompHandlers("/x")).keys()]).not.toContain("tool_call");
  expect(Object.keys(await opencodeHooks("/x"))).not.toContain("permission.ask");
});

const idle = { event: { type: "session.status", properties: { sessionID: "s", status: { type: "idle" } } } };

test("a program that is not there is not started again for every event", async () => {
  const hooks = await opencodeHooks(join(folder, "missing"));
  for (let i = 0; i < 50; i++) await hooks.event?.(idle);
  expect(existsSync(join(folder, "missing"))).toBe(false);
});

test("one that reads nothing costs a bounded number of bytes, and no time", async () => {
  const program = join(folder, "hanging");
  writeFileSync(program, "#!/bin/sh\nexec sleep 600\n");
  chmodSync(program, 0o755);
  const hooks = await opencodeHooks(program);
  const text = "x".repeat(1024 * 1024);
  const part = { id: "prt_1", messageID: "m", sessionID: "s", type: "text", text, time: { end: 1 } };
  for (let i = 0; i < 64; i++) await hooks.event?.({ event: { type: "message.part.updated", properties: { part } } });
  const known = globalThis as unknown as Record<symbol, { child: { stdin: { writableLength: number } } }>;
  expect(known[KEYS.opencode]?.child.stdin.writableLength).toBeLessThan(40 * 1024 * 1024);
});

test("two instances in one process share one child", async () => {
  const program = join(folder, "collector");
  writeFileSync(program, `#!/bin/sh\necho started >> '${folder}/starts'\nexec cat > /dev/null\n`);
  chmodSync(program, 0o755);
  for (let i = 0; i < 3; i++) await (await opencodeHooks(program)).event?.(idle);
  const starts = `${folder}/starts`;
  for (let i = 0; i < 200 && !existsSync(starts); i++) await Bun.sleep(10);
  expect(readFileSync(starts, "utf8")).toBe("started\n");
});

test("a plugin file says whose it is and which program it starts, whatever the program is called", () => {
  for (const program of ["/a/b", 'C:\\Program Files\\"x"\\h.exe', "/o'neil/$&/`x`"]) {
    const text = pluginFor(program);
    expect(isOurPlugin(text)).toBe(true);
    expect(pluginProgram(text)).toBe(program);
  }
  expect(isOurPlugin("export default {}")).toBe(false);
});
