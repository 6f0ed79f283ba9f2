import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Finding, SetupContext } from "../../src/agents/agent.ts";
import { CLAUDE_EVENTS } from "../../src/agents/claude/registration.ts";
import { claudeSetup, eventsFor } from "../../src/agents/claude/setup.ts";
import { pluginHookCommand } from "../../src/plugins/hook-command.ts";
import type { FileChange } from "../../src/setup/change.ts";
import { temporaryHome } from "../support/cli.ts";

let temporary: ReturnType<typeof temporaryHome>;
beforeEach(() => {
  temporary = temporaryHome();
  mkdirSync(`${temporary.home}/.claude`);
  mkdirSync(`${temporary.home}/bin`);
  writeFileSync(`${temporary.home}/bin/harness-tracing`, "");
});
afterEach(() => temporary.remove());

const file = () => `${temporary.home}/.claude/settings.json`;

function context(more: Partial<SetupContext> = {}): SetupContext {
  return {
    home: temporary.home,
    env: {},
    platform: "linux",
    program: `${temporary.home}/bin/harness-tracing`,
    version: async (command) => (command === "claude" ? "2.1.330 (Claude Code)" : undefined),
    ...more,
  };
}

async function registered(more: Partial<SetupContext> = {}): Promise<FileChange> {
  const changes = await claudeSetup.register(context(more));
  if ("reason" in changes) throw new Error(changes.reason);
  const [change] = changes;
  if (!change) throw new Error("no change");
  return change;
}

async function write(more: Partial<SetupContext> = {}): Promise<void> {
  writeFileSync(file(), (await registered(more)).after ?? "");
}

const messages = async (more: Partial<SetupContext> = {}) =>
  (await claudeSetup.check(context(more))).map(({ level, message }: Finding) => `${level}: ${message}`).join("\n");

describe("events by version", () => {
  test("a version that knows them gets every event", () => {
    expect(eventsFor("2.1.330")).toEqual(CLAUDE_EVENTS);
  });

  test("an old or unknown version gets only what every version knows: an unknown name disables all hooks there", () => {
    const old = eventsFor("2.0.76");
    expect(old.length).toBeLessThan(CLAUDE_EVENTS.length);
    expect(old.every(({ since }) => since === undefined)).toBe(true);
    expect(eventsFor(undefined)).toEqual(old);
  });

  test("never an event whose hook replaces behaviour", () => {
    expect(CLAUDE_EVENTS.map(({ event }) => event)).not.toContain("WorktreeCreate");
  });
});

describe("register", () => {
  test("writes one group without a matcher for each event, with its timeout", async () => {
    const { hooks } = JSON.parse((await registered()).after ?? "");
    const command = `{ BUN_OPTIONS= BUN_BE_BUN= '${temporary.home}/bin/harness-tracing' hook claude || true; } >/dev/null 2>&1`;
    expect(hooks).toEqual(
      Object.fromEntries(
        CLAUDE_EVENTS.map(({ event, timeoutSeconds }) => [
          event,
          [{ hooks: [{ type: "command", command, timeout: timeoutSeconds }] }],
        ]),
      ),
    );
  });

  test("follows CLAUDE_CONFIG_DIR", async () => {
    const folder = `${temporary.home}/elsewhere`;
    expect((await registered({ env: { CLAUDE_CONFIG_DIR: `${folder}/` } })).path).toBe(`${folder}/settings.json`);
  });

  test("on Windows the program is started without a shell", async () => {
    const program = "C:\\Users\\Ada L\\harness-tracing.exe";
    const { hooks } = JSON.parse((await registered({ platform: "win32", program })).after ?? "");
    expect(hooks.Stop[0].hooks[0]).toMatchObject({ command: program, args: ["hook", "claude"] });
  });

  test("the second time there is nothing to change", async () => {
    await write();
    expect(await claudeSetup.register(context())).toEqual([]);
  });

  test("finds Claude Code where its own installer puts it", async () => {
    const version = async (command: string) => (command.endsWith("/.local/bin/claude") ? "2.1.197" : undefined);
    expect((await claudeSetup.detect(context({ version }))).version).toBe("2.1.197");
  });

  test.each([
    ["not JSON", "{", "is not valid JSON"],
    ["a wrong shape", '{"hooks": 1}', '"hooks" is not an object'],
  ])("a file that is %s is refused with file, reason and fix", async (_name, text, reason) => {
    writeFileSync(file(), text);
    const refusal = await claudeSetup.register(context());
    expect(refusal).toMatchObject({ file: file(), reason: expect.stringContaining(reason) });
    expect(refusal).toMatchObject({ fix: expect.stringContaining(file()) });
    expect(readFileSync(file(), "utf8")).toBe(text);
  });
});

describe("check", () => {
  test("a complete registration is fine", async () => {
    await write();
    expect(await messages()).toBe(`ok: registered for ${CLAUDE_EVENTS.length} events in ${file()}`);
  });

  test("no file is no registration", async () => {
    expect(await messages()).toBe(`error: not registered in ${file()}`);
  });

  test("missing events are named", async () => {
    await write({ version: async () => undefined });
    const missing = CLAUDE_EVENTS.filter(({ since }) => since !== undefined).map(({ event }) => event);
    expect(missing).not.toEqual([]);
    expect(await messages()).toBe(`warning: events not registered in ${file()}: ${missing.join(", ")}`);
  });

  test("events that the version may not know are named", async () => {
    await write();
    expect(await messages({ version: async () => "2.0.76" })).toContain("may not know");
  });

  test("a program that is gone, another copy, and doubles are named", async () => {
    await write({ program: "/gone/harness-tracing" });
    expect(await messages()).toContain("error: registered program does not exist: /gone/harness-tracing");
    const { hooks } = JSON.parse(readFileSync(file(), "utf8"));
    hooks.Stop.push({ hooks: [{ type: "command", command: `'${temporary.home}/bin/harness-tracing' hook claude` }] });
    writeFileSync(file(), JSON.stringify({ hooks }));
    expect(await messages()).toContain("error: registered more than once: Stop");
  });

  test("what keeps hooks from running is named", async () => {
    await write();
    const settings = JSON.parse(readFileSync(file(), "utf8"));
    const off = { ...settings, disableAllHooks: true, env: { ARIZE_TRACE_ENABLED: "false" } };
    writeFileSync(file(), JSON.stringify(off));
    expect(await messages()).toContain('error: "disableAllHooks"');
    expect(await messages()).toContain("warning: ARIZE_TRACE_ENABLED=false");
  });

  test("the Python toolkit beside us means double traces", async () => {
    await write();
    const settings = JSON.parse(readFileSync(file(), "utf8"));
    settings.hooks.Stop.push({ hooks: [{ type: "command", command: "/x/venv/bin/arize-hook-stop" }] });
    settings.plugins = [{ type: "local", path: "/x/.arize/harness/tracing/claude_code" }];
    writeFileSync(file(), JSON.stringify(settings));
    expect(await messages()).toContain("error: the Python toolkit is still registered");
    expect(await messages()).toContain('warning: a dead "plugins" entry');
  });

  describe("an enabled plugin", () => {
    const NAME = "claude-code-tracing@coding-harness-tracing";

    /** Enables a plugin, as Claude Code does, that runs a command at `Stop`. */
    function enable(name: string, command: string): void {
      const settings = existsSync(file()) ? JSON.parse(readFileSync(file(), "utf8")) : {};
      settings.enabledPlugins = { [name]: true, "other@market": true };
      writeFileSync(file(), JSON.stringify(settings));
      const plugin = `${temporary.home}/.claude/plugins/cache/tracing`;
      mkdirSync(`${plugin}/hooks`, { recursive: true });
      const hook = { hooks: [{ type: "command", command }] };
      writeFileSync(`${plugin}/hooks/hooks.json`, JSON.stringify({ hooks: { Stop: [hook] } }));
      const installed = { version: 2, plugins: { [name]: [{ installPath: plugin }] } };
      writeFileSync(`${temporary.home}/.claude/plugins/installed_plugins.json`, JSON.stringify(installed));
    }

    const ours = pluginHookCommand({ args: ["hook", "claude"], rootVariable: "CLAUDE_PLUGIN_ROOT" });

    test("of ours besides the settings costs time, and is named", async () => {
      await write();
      enable(NAME, ours);
      expect(await messages()).toBe(`warning: the plugin ${NAME} is there too: every hook runs twice`);
    });

    test("of ours alone is a registration", async () => {
      enable(NAME, ours);
      expect(await messages()).toBe(`ok: registered by the plugin ${NAME}`);
    });

    test("of the Python toolkit means double traces, by its programs or by its name", async () => {
      await write();
      enable("tracing@arize", "/x/venv/bin/arize-hook-stop");
      expect(await messages()).toBe(
        "error: the Python toolkit's plugin tracing@arize traces too: every turn is traced twice",
      );
      enable(NAME, '"$CLAUDE_PLUGIN_ROOT/scripts/run-hook" stop');
      expect(await messages()).toContain(`error: the Python toolkit's plugin ${NAME} traces too`);
    });

    test("of somebody else is nobody's business", async () => {
      await write();
      enable("tracing@elsewhere", "/x/trace");
      expect(await messages()).toStartWith("ok: registered for");
    });
  });

  test("a broken file is said to be broken", async () => {
    writeFileSync(file(), "{");
    expect(await messages()).toStartWith(`error: ${file()} is not valid JSON`);
  });
});
