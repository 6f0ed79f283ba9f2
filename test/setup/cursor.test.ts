import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import type { SetupContext } from "../../src/agents/agent.ts";
import { eventsFor, replyTo } from "../../src/agents/cursor/registration.ts";
import { cursorSetup } from "../../src/agents/cursor/setup.ts";
import { programOf } from "../../src/setup/command.ts";
import { applyChanges, undoChanges, withExactUndo } from "../../src/setup/ledger.ts";
import { temporaryHome } from "../support/cli.ts";

let temporary: ReturnType<typeof temporaryHome>;
beforeEach(() => {
  temporary = temporaryHome();
  mkdirSync(`${temporary.home}/.arize/harness/bin`, { recursive: true });
  mkdirSync(`${temporary.home}/.cursor`);
  writeFileSync(program(), '#!/bin/sh\necho "$@" > "$HOME/called"\ncat >> "$HOME/called"\necho babble\nexit 2\n', {
    mode: 0o755,
  });
  mkdirSync(`${repository()}/.git`, { recursive: true });
  mkdirSync(`${repository()}/src/deep`, { recursive: true });
});
afterEach(() => temporary.remove());

const program = () => `${temporary.home}/.arize/harness/bin/harness-tracing`;
const repository = () => `${temporary.home}/work`;
const userFile = () => `${temporary.home}/.cursor/hooks.json`;
const repositoryFile = () => `${repository()}/.cursor/hooks.json`;

const VERSIONS: Readonly<Record<string, string>> = {
  cursor: "3.9.16\n4f3b1d7c\nx64",
  "cursor-agent": "2026.09.10-fd3934a",
};

function context(more: Partial<SetupContext> = {}): SetupContext {
  return {
    home: temporary.home,
    env: {},
    platform: "linux",
    program: program(),
    version: async (command) => VERSIONS[command],
    ...more,
  };
}

const inRepository = (): Partial<SetupContext> => ({ scope: "repo", folder: `${repository()}/src/deep` });

async function changes(kind: "register" | "unregister", more: Partial<SetupContext> = {}) {
  const planned = await cursorSetup[kind](context(more));
  if ("reason" in planned) throw new Error(planned.reason);
  return planned;
}

const ledger = () => `${temporary.home}/ledger`;
const install = async (more: Partial<SetupContext> = {}) => applyChanges(await changes("register", more), ledger());
const remove = async (more: Partial<SetupContext> = {}) =>
  undoChanges(withExactUndo(await changes("unregister", more), ledger()), ledger());
const messages = async (more: Partial<SetupContext> = {}) =>
  (await cursorSetup.check(context(more))).map(({ level, message }) => `${level}: ${message}`).join("\n");

interface Entry {
  readonly command: string;
  readonly timeout?: number;
}
const hooksIn = (file: string) =>
  (JSON.parse(readFileSync(file, "utf8")) as { hooks: Readonly<Record<string, readonly Entry[]>> }).hooks;

/** Runs a command as Cursor does, by a shell of its own. */
async function shell(command: string): Promise<{ code: number; out: string; err: string }> {
  const child = Bun.spawn(["/bin/sh", "-c", command], {
    env: { HOME: temporary.home, PATH: "/usr/bin:/bin" },
    stdin: Buffer.from("{}"),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { code, out, err };
}

const FOREIGN = `{
  // ours, please keep
  "version": 1,
  "hooks": {
    "stop": [{ "command": "./notify.sh", "loop_limit": null }],
    "preToolUse": [
      { "command": "./guard.sh", "matcher": "Shell" }, // a gate
    ],
  },
  "extra": true
}
`;

describe("registering for the user", () => {
  test("writes a new file that is the user's alone, with an explicit timeout for every event", async () => {
    await install();
    expect(statSync(userFile()).mode & 0o777).toBe(0o600);
    const { version } = JSON.parse(readFileSync(userFile(), "utf8"));
    expect(version).toBe(1);
    const hooks = hooksIn(userFile());
    const events = eventsFor({ editor: "3.9.16", cli: "2026.09.10-fd3934a" });
    expect(Object.keys(hooks)).toEqual(events.map(({ event }) => event));
    for (const { event, timeoutSeconds } of events) {
      expect(hooks[event]).toHaveLength(1);
      expect(hooks[event]?.[0]?.timeout).toBe(timeoutSeconds);
      expect(programOf(hooks[event]?.[0]?.command ?? "")).toBe(program());
      // A command that holds an address voids the file.
      expect(hooks[event]?.[0]?.command).not.toContain("://");
    }
    expect(await messages()).toBe(`ok: registered for ${events.length} events in ${userFile()}`);
  });

  test("every registered command prints the event's reply and nothing else, whatever the program does", async () => {
    await install();
    for (const [event, entries] of Object.entries(hooksIn(userFile()))) {
      const ran = await shell(entries[0]?.command ?? "");
      expect(ran).toEqual({ code: 0, out: `${replyTo(event)}\n`, err: "" });
      expect(readFileSync(`${temporary.home}/called`, "utf8")).toBe(`hook cursor ${event}\n{}`);
    }
  });

  test("keeps comments, order and other hooks; twice is once; removal restores every byte", async () => {
    writeFileSync(userFile(), FOREIGN);
    await install();
    const once = readFileSync(userFile(), "utf8");
    expect(once).toContain("// a gate");
    expect(once.indexOf("./notify.sh")).toBeLessThan(once.indexOf("hook cursor stop"));
    expect(await changes("register")).toEqual([]);
    await remove();
    expect(readFileSync(userFile(), "utf8")).toBe(FOREIGN);
  });

  test("removal takes a file of ours away, and of one that others changed since only our part", async () => {
    await install();
    await remove();
    expect(existsSync(userFile())).toBe(false);
    await install();
    const ours = readFileSync(userFile(), "utf8");
    writeFileSync(userFile(), ours.replace('"hooks": {', '"hooks": {\n    "sessionEnd2": [{ "command": "x" }],'));
    await remove();
    expect(JSON.parse(readFileSync(userFile(), "utf8"))).toEqual({
      version: 1,
      hooks: { sessionEnd2: [{ command: "x" }] },
    });
  });

  test.each([
    ["{ not json", "is not valid JSON"],
    ["[]", "does not hold a JSON object"],
    ['{"version": 2, "hooks": {}}', 'has a "version" that is not 1'],
    ['{"hooks": []}', '"hooks" is not an object'],
    ['{"hooks": {"stop": {}}}', '"hooks.stop" is not an array'],
    ['{"hooks": {"stop": ["x"]}}', '"hooks.stop" holds something that is no object'],
    ['{"hooks": {}, "hooks": {}}', 'has "hooks" more than once'],
  ])("leaves %p alone and says why", async (text, reason) => {
    writeFileSync(userFile(), text);
    for (const kind of ["register", "unregister"] as const) {
      expect(await cursorSetup[kind](context())).toMatchObject({
        file: userFile(),
        reason: expect.stringContaining(reason),
      });
    }
    expect(await messages()).toContain(`error: ${userFile()} ${reason}`);
    expect(readFileSync(userFile(), "utf8")).toBe(text);
  });

  test("replaces the Python toolkit's hooks, for good", async () => {
    const python = { command: "/home/ada/.arize/harness/venv/bin/arize-hook-cursor" };
    writeFileSync(userFile(), JSON.stringify({ version: 1, hooks: { stop: [python, { command: "./x.sh" }] } }));
    expect(await messages()).toContain("the Python toolkit is still registered");
    await install();
    expect(readFileSync(userFile(), "utf8")).not.toContain("arize-hook");
    await remove();
    expect(JSON.parse(readFileSync(userFile(), "utf8"))).toEqual({
      version: 1,
      hooks: { stop: [{ command: "./x.sh" }] },
    });
  });

  test("after an update of Cursor, doctor says which events are missing, and install adds them in place", async () => {
    await install({ version: async () => undefined });
    expect(hooksIn(userFile())).not.toHaveProperty("postToolUse");
    const said = await messages();
    expect(said).toContain("events not registered");
    expect(said).toContain("may not know");
    await install();
    expect(Object.keys(hooksIn(userFile())).sort()).toEqual(
      eventsFor({ editor: "3.9.16", cli: "2026.09.10" })
        .map(({ event }) => event)
        .sort(),
    );
  });
});

describe("versions", () => {
  const detect = (version: SetupContext["version"], more: Partial<SetupContext> = {}) =>
    cursorSetup.detect(context({ version, ...more }));

  test("of the editor and of the command line program are told apart from other programs of those names", async () => {
    expect(await detect(async () => undefined)).toEqual({ installed: true, files: [userFile()] });
    expect(await detect(async (command) => VERSIONS[command])).toMatchObject({ version: "3.9.16" });
    expect(await detect(async (name) => (name === "agent" ? "2026.09.10-fd3934a" : undefined))).toMatchObject({
      version: "2026.09.10-fd3934a",
    });
    const other = await detect(async (name) =>
      name === "agent" || name === "cursor" ? "agent version 1.2.3" : undefined,
    );
    expect(other.version).toBeUndefined();
  });

  test("an editor whose version cannot be found out keeps newer events out, and doctor says so", async () => {
    mkdirSync(`${temporary.home}/.config/Cursor`, { recursive: true });
    const version = async (name: string) => (name === "cursor" ? undefined : VERSIONS[name]);
    await install({ version });
    expect(hooksIn(userFile())).not.toHaveProperty("sessionStart");
    expect(await messages({ version })).toContain("the editor's version is not known");
  });
});

describe("registering in a repository", () => {
  test("names the program by each member's home folder, and only events that every version takes", async () => {
    await install(inRepository());
    expect(existsSync(userFile())).toBe(false);
    const hooks = hooksIn(repositoryFile());
    expect(Object.keys(hooks)).toEqual(eventsFor({}).map(({ event }) => event));
    expect(readFileSync(repositoryFile(), "utf8")).not.toContain(temporary.home);
    const ran = await shell(hooks.beforeSubmitPrompt?.[0]?.command ?? "");
    expect(ran).toEqual({ code: 0, out: '{"continue":true}\n', err: "" });
    expect(readFileSync(`${temporary.home}/called`, "utf8")).toStartWith("hook cursor beforeSubmitPrompt");
    expect(await messages(inRepository())).toBe(`ok: registered in ${repositoryFile()}`);
    await remove(inRepository());
    expect(existsSync(repositoryFile())).toBe(false);
  });

  test("outside a repository is refused; beside the user's own registration, doctor warns", async () => {
    expect(await cursorSetup.register(context({ scope: "repo", folder: temporary.home }))).toMatchObject({
      reason: "it is in no Git repository",
    });
    await install();
    await install(inRepository());
    expect(await messages(inRepository())).toContain("registered a second time");
  });
});

test("on Windows the command means the same in cmd and in PowerShell, and no POSIX shell is needed", async () => {
  const windows = { platform: "win32", program: "C:\\Users\\ada\\harness-tracing.exe" } as const;
  await install(windows);
  expect(hooksIn(userFile()).stop?.[0]?.command).toBe("C:\\Users\\ada\\harness-tracing.exe hook cursor stop");
  await install({ ...windows, program: "C:\\Users\\Ada L\\harness-tracing.exe" });
  const command = hooksIn(userFile()).stop?.[0]?.command ?? "";
  expect(command).toStartWith("powershell.exe -NoProfile -NonInteractive -EncodedCommand ");
  expect(command).not.toMatch(/["'&|<>^%]/);
  expect(programOf(command)).toBe("C:\\Users\\Ada L\\harness-tracing.exe");
  await remove(windows);
  expect(existsSync(userFile())).toBe(false);
});
