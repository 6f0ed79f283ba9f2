import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import type { SetupContext } from "../../../src/agents/agent.ts";
import { GEMINI_EVENTS } from "../../../src/agents/gemini/registration.ts";
import { geminiSetup } from "../../../src/agents/gemini/setup.ts";
import type { FileChange } from "../../../src/setup/change.ts";
import { applyChanges, undoChanges, withExactUndo } from "../../../src/setup/ledger.ts";
import { temporaryHome } from "../../support/cli.ts";

let temporary: ReturnType<typeof temporaryHome>;
beforeEach(() => {
  temporary = temporaryHome();
  mkdirSync(`${temporary.home}/.gemini`);
  mkdirSync(`${temporary.home}/bin`);
  writeFileSync(`${temporary.home}/bin/harness-tracing`, "");
});
afterEach(() => temporary.remove());

const file = () => `${temporary.home}/.gemini/settings.json`;
const ledger = () => `${temporary.home}/ledger`;

function context(more: Partial<SetupContext> = {}): SetupContext {
  return {
    home: temporary.home,
    env: {},
    platform: "linux",
    program: `${temporary.home}/bin/harness-tracing`,
    version: async (command) => (command === "gemini" ? "0.61.0" : undefined),
    ...more,
  };
}

async function changes(
  of: "register" | "unregister",
  more: Partial<SetupContext> = {},
): Promise<readonly FileChange[]> {
  const result = await geminiSetup[of](context(more));
  if ("reason" in result) throw new Error(result.reason);
  return result;
}

async function install(more: Partial<SetupContext> = {}): Promise<void> {
  applyChanges(await changes("register", more), ledger());
}

async function uninstall(): Promise<void> {
  undoChanges(withExactUndo(await changes("unregister"), ledger()), ledger());
}

const messages = async (more: Partial<SetupContext> = {}) =>
  (await geminiSetup.check(context(more))).map(({ level, message }) => `${level}: ${message}`).join("\n");

/** As a user may have written it: comments, odd spacing, another tool's hook, an empty group. */
const COMMENTED = `{
    // my keys
    "ui": { "theme": "GitHub" , },
    "hooks": {
        /* a linter */ "AfterTool": [ { "matcher": "write_file", "hooks": [ { "type": "command", "command": "lint.sh" } ] } ],
        "AfterModel": []
    },
    "mcpServers": {"a": {"command": "b"}}, // last
}
`;

describe("register", () => {
  test("writes one named group for each event, with a timeout in milliseconds and a guarded command", async () => {
    const [change] = await changes("register");
    const { hooks } = JSON.parse(change?.after ?? "");
    const program = `${temporary.home}/bin/harness-tracing`;
    const command = `{ BUN_OPTIONS= BUN_BE_BUN= HARNESS_AGENT_PID=$PPID '${program}' hook gemini || true; } >/dev/null 2>&1`;
    const hook = (timeout: number) => ({ type: "command", name: "harness-tracing", command, timeout });
    expect(hooks).toEqual(
      Object.fromEntries(GEMINI_EVENTS.map(({ event, timeoutMs }) => [event, [{ hooks: [hook(timeoutMs)] }]])),
    );
    for (const { timeoutMs } of GEMINI_EVENTS) expect(timeoutMs).toBeLessThan(60_000);
  });

  test("follows GEMINI_CLI_HOME", async () => {
    const [change] = await changes("register", { env: { GEMINI_CLI_HOME: `${temporary.home}/other/` } });
    expect(change?.path).toBe(`${temporary.home}/other/.gemini/settings.json`);
  });

  test("on Windows the command is PowerShell's", async () => {
    const [change] = await changes("register", { platform: "win32", program: "C:\\Users\\Ada L\\harness-tracing.exe" });
    const { hooks } = JSON.parse(change?.after ?? "");
    expect(hooks.AfterAgent[0].hooks[0].command).toBe(
      "try { & 'C:\\Users\\Ada L\\harness-tracing.exe' hook gemini *> $null } catch {}; exit 0",
    );
  });

  test("leaves comments, order, spacing and other hooks alone, and changes nothing the second time", async () => {
    writeFileSync(file(), COMMENTED);
    await install();
    const after = readFileSync(file(), "utf8");
    for (const line of ["// my keys", '"theme": "GitHub" , },', "/* a linter */", '"lint.sh"', "// last"]) {
      expect(after).toContain(line);
    }
    expect(await changes("register")).toEqual([]);
    expect(await messages()).toBe(`ok: registered for ${GEMINI_EVENTS.length} events in ${file()}`);
  });

  test("replaces the Python toolkit's hooks", async () => {
    const python = `${temporary.home}/.arize/harness/venv/bin/arize-hook-gemini-after-model`;
    const group = { matcher: "", hooks: [{ type: "command", command: python }] };
    writeFileSync(file(), JSON.stringify({ hooks: { AfterModel: [group], BeforeAgent: [group] } }));
    expect(await messages()).toContain("the Python toolkit is still registered");
    await install();
    expect(readFileSync(file(), "utf8")).not.toContain("arize-hook");
    await uninstall();
    expect(JSON.parse(readFileSync(file(), "utf8"))).toEqual({});
  });

  test.each([
    ["not JSON", "{", "is not valid JSON"],
    ["a list", "[]", "does not hold a JSON object"],
    ["of another shape", '{"hooks": {"AfterTool": {}}}', '"hooks.AfterTool" is not an array'],
  ])("a file that is %s is refused with file, reason and fix, and left alone", async (_name, text, reason) => {
    writeFileSync(file(), text);
    for (const result of [await geminiSetup.register(context()), await geminiSetup.unregister(context())]) {
      expect(result).toMatchObject({ file: file(), reason: expect.stringContaining(reason) });
      expect(result).toMatchObject({ fix: expect.stringContaining(file()) });
    }
    expect(readFileSync(file(), "utf8")).toBe(text);
  });

  test("a write-protected file is refused", async () => {
    writeFileSync(file(), "{}");
    chmodSync(file(), 0o444);
    expect(await geminiSetup.register(context())).toMatchObject({ reason: "it is write-protected" });
  });
});

describe("uninstall brings the file back byte for byte", () => {
  test.each([
    ["with comments", COMMENTED],
    ["of another style", '{\r\n\t"ui": {"theme":"x"}\r\n}'],
    ["that is empty", ""],
    ["with an empty object", "{}"],
    ["with a byte order mark", '\uFEFF{"hooks":{}}\n'],
  ])("a file %s", async (_name, text) => {
    writeFileSync(file(), text);
    await install();
    await install({ program: `${temporary.home}/bin/harness-tracing` });
    expect(readFileSync(file(), "utf8")).toContain("HARNESS_AGENT_PID");
    await uninstall();
    expect(readFileSync(file(), "utf8")).toBe(text);
  });

  test("where there was none, none is left", async () => {
    await install();
    await uninstall();
    expect(existsSync(file())).toBe(false);
  });

  test("but keeps what somebody else wrote since", async () => {
    writeFileSync(file(), COMMENTED);
    await install();
    writeFileSync(file(), readFileSync(file(), "utf8").replace("GitHub", "Ayu"));
    await uninstall();
    expect(readFileSync(file(), "utf8")).toBe(COMMENTED.replace("GitHub", "Ayu"));
  });
});

describe("check", () => {
  const set = (more: object) => {
    const settings = JSON.parse(readFileSync(file(), "utf8"));
    writeFileSync(file(), JSON.stringify({ ...settings, ...more }));
  };

  test("no file is no registration", async () => {
    expect(await messages()).toBe(`error: not registered in ${file()}`);
  });

  test("a program that is gone and missing events are named", async () => {
    await install({ program: "/gone/harness-tracing" });
    expect(await messages()).toContain("error: registered program does not exist: /gone/harness-tracing");
    const { hooks } = JSON.parse(readFileSync(file(), "utf8"));
    const { AfterTool: _gone, ...others } = hooks;
    writeFileSync(file(), JSON.stringify({ hooks: others }));
    expect(await messages()).toContain("events not registered");
  });

  test("switches that keep hooks from running are named, the administrator's too", async () => {
    await install();
    set({ hooksConfig: { enabled: false, disabled: ["harness-tracing"] } });
    expect(await messages()).toContain('error: "hooksConfig.enabled"');
    expect(await messages()).toContain('error: "hooksConfig.disabled"');
    set({ hooksConfig: {} });
    const system = `${temporary.home}/system.json`;
    writeFileSync(system, '{ "hooksConfig": { "enabled": false } /* policy */ }');
    expect(await messages({ env: { GEMINI_CLI_SYSTEM_SETTINGS_PATH: system } })).toContain(`in ${system} keeps every`);
  });

  test("folders that are not trusted are named: no hook runs there", async () => {
    await install();
    const folders = {
      "/a": "DO_NOT_TRUST",
      "/b": "TRUST_FOLDER",
      "/c": "DO_NOT_TRUST",
      "/d": "DO_NOT_TRUST",
      "/e": "DO_NOT_TRUST",
    };
    writeFileSync(`${temporary.home}/.gemini/trustedFolders.json`, JSON.stringify(folders));
    expect(await messages()).toContain("no hook runs in folders that Gemini CLI does not trust: /a, /c, /d and 1 more");
    set({ security: { folderTrust: { enabled: false } } });
    expect(await messages()).toStartWith("ok:");
  });

  test("credentials that hooks will not get from the environment are named", async () => {
    await install();
    const env = { ARIZE_API_KEY: "k", PHOENIX_API_KEY: "" };
    expect(await messages({ env })).toStartWith("ok:");
    expect(await messages({ env: { ...env, GITHUB_SHA: "abc" } })).toContain("do not get ARIZE_API_KEY from");
    set({ security: { environmentVariableRedaction: { enabled: true } } });
    expect(await messages({ env })).toContain("environmentVariableRedaction");
    expect(await messages({ env: {} })).toStartWith("ok:");
  });

  test("a version that does not run hooks by itself is named", async () => {
    await install();
    expect(await messages({ version: async () => "0.22.1" })).toContain(
      "Gemini CLI 0.22.1 does not run hooks by itself",
    );
  });
});
