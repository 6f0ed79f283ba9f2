import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import type { SetupContext } from "../../src/agents/agent.ts";
import { COPILOT_EVENTS } from "../../src/agents/copilot/registration.ts";
import { copilotSetup } from "../../src/agents/copilot/setup.ts";
import type { FileChange } from "../../src/setup/change.ts";
import { applyChanges, undoChanges, withExactUndo } from "../../src/setup/ledger.ts";
import { temporaryHome } from "../support/cli.ts";

let temporary: ReturnType<typeof temporaryHome>;
beforeEach(() => {
  temporary = temporaryHome();
  mkdirSync(`${temporary.home}/.arize/harness/bin`, { recursive: true });
  writeFileSync(program(), '#!/bin/sh\necho "$@" > "$HOME/called"\necho babble\necho babble >&2\nexit 2\n', {
    mode: 0o755,
  });
  mkdirSync(`${repository()}/.git`, { recursive: true });
  mkdirSync(`${repository()}/src/deep`, { recursive: true });
});
afterEach(() => temporary.remove());

const program = () => `${temporary.home}/.arize/harness/bin/harness-tracing`;
const repository = () => `${temporary.home}/work`;
const userFile = () => `${temporary.home}/.copilot/hooks/harness-tracing.json`;
const repositoryFile = () => `${repository()}/.github/hooks/harness-tracing.json`;

function context(more: Partial<SetupContext> = {}): SetupContext {
  return {
    home: temporary.home,
    env: {},
    platform: "linux",
    program: program(),
    version: async (command) => (command === "copilot" ? "1.0.102\nCommit: 1234abc" : undefined),
    ...more,
  };
}

const inRepository = (): Partial<SetupContext> => ({ scope: "repo", folder: `${repository()}/src/deep` });

async function changes(kind: "register" | "unregister", more: Partial<SetupContext> = {}) {
  const planned = await copilotSetup[kind](context(more));
  if ("reason" in planned) throw new Error(planned.reason);
  return planned;
}

const ledger = () => `${temporary.home}/ledger`;
const install = async (more: Partial<SetupContext> = {}) => applyChanges(await changes("register", more), ledger());
const remove = async (more: Partial<SetupContext> = {}) =>
  undoChanges(withExactUndo(await changes("unregister", more), ledger()), ledger());

const messages = async (more: Partial<SetupContext> = {}) =>
  (await copilotSetup.check(context(more))).map(({ level, message }) => `${level}: ${message}`).join("\n");

type Hooks = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;
const hooksOf = (change: FileChange | undefined) => JSON.parse(change?.after ?? "{}").hooks as Hooks;

/** Runs a command as Copilot does, by a shell of its own. */
async function shell(command: unknown): Promise<{ code: number; output: string }> {
  const child = Bun.spawn(["/bin/sh", "-c", String(command)], {
    env: { HOME: temporary.home, PATH: "/usr/bin:/bin" },
    stdin: Buffer.from("{}"),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, output: out + err };
}

describe("register", () => {
  test("writes one file of our own, with a timeout for the CLI and for VS Code on every event", async () => {
    const [change, ...others] = await changes("register");
    expect(others).toEqual([]);
    expect(change).toMatchObject({ path: userFile(), before: undefined, mode: 0o600 });
    const command = `{ BUN_OPTIONS= BUN_BE_BUN= '${program()}' hook copilot || true; } >/dev/null 2>&1`;
    expect(hooksOf(change)).toEqual(
      Object.fromEntries(
        COPILOT_EVENTS.map(({ event, timeoutSec }) => [
          event,
          [{ type: "command", command, timeoutSec, timeout: timeoutSec }],
        ]),
      ),
    );
    expect(JSON.parse(change?.after ?? "").version).toBe(1);
  });

  test("never an event that decides about tools: a program that is missing would deny every one", () => {
    const events = COPILOT_EVENTS.map(({ event }) => event.toLowerCase());
    for (const event of ["pretooluse", "permissionrequest", "premcptoolcall"]) expect(events).not.toContain(event);
  });

  test("whatever the program does, the registered command says nothing and ends well", async () => {
    const [user] = await changes("register");
    const [shared] = await changes("register", inRepository());
    const commands = [hooksOf(user).Stop?.[0]?.command, hooksOf(shared).Stop?.[0]?.bash];
    for (const command of commands) expect(await shell(command)).toEqual({ code: 0, output: "" });
    expect(readFileSync(`${temporary.home}/called`, "utf8")).toBe("hook copilot\n");
    writeFileSync(program(), "#!/bin/sh\nkill -SEGV $$\n");
    for (const command of commands) expect(await shell(command)).toEqual({ code: 0, output: "" });
    chmodSync(program(), 0o644);
    for (const command of commands) expect(await shell(command)).toEqual({ code: 0, output: "" });
    temporary.remove();
    for (const command of commands) expect(await shell(command)).toEqual({ code: 0, output: "" });
  });

  test("follows COPILOT_HOME, and PowerShell on Windows", async () => {
    const env = { COPILOT_HOME: `${temporary.home}/other/` };
    expect((await changes("register", { env }))[0]?.path).toBe(`${temporary.home}/other/hooks/harness-tracing.json`);
    const [change] = await changes("register", { platform: "win32", program: "C:\\Users\\Ann O'Hara\\h.exe" });
    expect(hooksOf(change).Stop?.[0]?.command).toBe(
      "try { & 'C:\\Users\\Ann O''Hara\\h.exe' hook copilot *> $null } catch {}; exit 0",
    );
  });

  test("twice is once, and an older file of ours is replaced", async () => {
    await install();
    expect(await changes("register")).toEqual([]);
    writeFileSync(userFile(), '{"version":1,"hooks":{}}');
    expect((await changes("register"))[0]?.before).toBe('{"version":1,"hooks":{}}');
  });

  test("a file that cannot be edited is refused with a fix", async () => {
    await install();
    chmodSync(userFile(), 0o444);
    writeFileSync(`${temporary.home}/note`, "");
    const refused = await copilotSetup.register(context({ program: "/elsewhere/harness-tracing" }));
    expect(refused).toMatchObject({ file: userFile(), reason: "it is write-protected" });
  });
});

describe("unregister", () => {
  test("removes the file and the folders that were made for it, and nothing else", async () => {
    mkdirSync(`${temporary.home}/.copilot`);
    writeFileSync(`${temporary.home}/.copilot/settings.json`, "// mine\n{}\n");
    await install();
    expect(existsSync(userFile())).toBe(true);
    await remove();
    expect(existsSync(`${temporary.home}/.copilot/hooks`)).toBe(false);
    expect(readFileSync(`${temporary.home}/.copilot/settings.json`, "utf8")).toBe("// mine\n{}\n");
  });

  test("leaves other tools' hook files alone", async () => {
    mkdirSync(`${temporary.home}/.copilot/hooks`, { recursive: true });
    const other = `${temporary.home}/.copilot/hooks/other.json`;
    writeFileSync(other, '{ "hooks": { "Stop": [] } }');
    await install();
    await remove();
    expect(readFileSync(other, "utf8")).toBe('{ "hooks": { "Stop": [] } }');
    expect(await changes("unregister")).toEqual([]);
  });
});

describe("--scope repo", () => {
  test("writes into the root of the repository at hand, with the program below everybody's own home", async () => {
    await install(inRepository());
    const text = readFileSync(repositoryFile(), "utf8");
    expect(text).not.toContain(temporary.home);
    const hook = JSON.parse(text).hooks.UserPromptSubmit[0];
    expect(hook.bash).toBe(
      '{ BUN_OPTIONS= BUN_BE_BUN= "$HOME/.arize/harness/bin/harness-tracing" hook copilot || true; } >/dev/null 2>&1',
    );
    expect(hook.powershell).toBe(
      'try { & "$env:USERPROFILE\\.arize\\harness\\bin\\harness-tracing.exe" hook copilot *> $null } catch {}; exit 0',
    );
    expect(statSync(repositoryFile()).mode & 0o777).toBe(0o644);
    expect(existsSync(userFile())).toBe(false);
    await remove(inRepository());
    expect(existsSync(`${repository()}/.github`)).toBe(false);
  });

  test("outside of a repository it is refused", async () => {
    const refused = await copilotSetup.register(context({ scope: "repo", folder: temporary.home }));
    expect(refused).toMatchObject({ reason: "it is in no Git repository" });
  });
});

describe("the Python toolkit's hooks of a repository", () => {
  const python = '{ "type": "command", "bash": "/home/dev/.arize/harness/venv/bin/arize-hook-copilot Stop" }';
  const file = () => `${repository()}/.github/hooks/hooks.json`;
  const write = (text: string) => {
    mkdirSync(`${repository()}/.github/hooks`, { recursive: true });
    writeFileSync(file(), text);
  };

  test("are taken out of a file that others share, comments and order kept", async () => {
    write(
      `{\n  // ours\n  "version": 1,\n  "hooks": {\n    "Stop": [\n      ${python},\n      { "type": "command", "bash": "./lint" } // keep\n    ],\n    "PreToolUse": [${python}]\n  }\n}\n`,
    );
    await install({ folder: repository() });
    expect(readFileSync(file(), "utf8")).toBe(
      '{\n  // ours\n  "version": 1,\n  "hooks": {\n    "Stop": [\n      { "type": "command", "bash": "./lint" } // keep\n    ]\n  }\n}\n',
    );
    await remove({ folder: repository() });
    expect(existsSync(userFile())).toBe(false);
    expect(readFileSync(file(), "utf8")).toContain("./lint");
  });

  test("a file of the toolkit alone goes away", async () => {
    write(`{ "version": 1, "hooks": { "Stop": [${python}], "SessionStart": [${python}] } }`);
    expect(await messages({ folder: repository() })).toContain("the Python toolkit is still registered");
    await install(inRepository());
    expect(existsSync(file())).toBe(false);
    expect(existsSync(repositoryFile())).toBe(true);
  });

  test("a file that does not parse is left alone", async () => {
    write(`{ "hooks": ${python}`);
    await install({ folder: repository() });
    expect(readFileSync(file(), "utf8")).toBe(`{ "hooks": ${python}`);
  });
});

describe("check", () => {
  test("fine after an installation", async () => {
    await install();
    expect(await messages()).toBe(`ok: registered in ${userFile()}; VS Code's agent mode uses the same file`);
  });

  test("fine with a registration in the repository alone", async () => {
    await install(inRepository());
    expect(await messages({ folder: repository() })).toBe(`ok: registered in ${repositoryFile()}`);
    expect(await messages()).toBe(`error: not registered in ${userFile()}`);
  });

  test("a file of another version, a program that is gone, and foreign content are told apart", async () => {
    await install({ program: "/elsewhere/harness-tracing" });
    expect(await messages()).toBe("error: registered program does not exist: /elsewhere/harness-tracing");
    writeFileSync(userFile(), readFileSync(userFile(), "utf8").replaceAll("/elsewhere/harness-tracing", program()));
    await install();
    writeFileSync(userFile(), readFileSync(userFile(), "utf8").replaceAll("10", "20"));
    expect(await messages()).toBe(`warning: ${userFile()} is not as this version registers it`);
    writeFileSync(userFile(), "{}");
    expect(await messages()).toBe(`error: ${userFile()} does not register the program`);
  });

  test("registered twice, and switched off", async () => {
    await install();
    await install(inRepository());
    writeFileSync(`${temporary.home}/.copilot/settings.json`, '{ "disableAllHooks": true }');
    const found = await messages({ folder: repository() });
    expect(found).toContain(`warning: registered a second time in ${repositoryFile()}`);
    expect(found).toContain(`warning: "disableAllHooks" in ${temporary.home}/.copilot/settings.json`);
  });
});

describe("detect", () => {
  test("by the program's version, or by its folder; Amazon's program of that name is another one", async () => {
    expect(await copilotSetup.detect(context())).toEqual({ installed: true, version: "1.0.102", files: [userFile()] });
    const amazon = context({ version: async () => "copilot version: v1.34.0" });
    expect((await copilotSetup.detect(amazon)).installed).toBe(false);
    mkdirSync(`${temporary.home}/.copilot`);
    expect(await copilotSetup.detect(amazon)).toEqual({ installed: true, files: [userFile()] });
  });
});
