import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { SetupContext } from "../../src/agents/agent.ts";
import { withoutPython, withoutPythonText } from "../../src/agents/codex/config-file.ts";
import { CODEX_EVENTS } from "../../src/agents/codex/registration.ts";
import { codexSetup } from "../../src/agents/codex/setup.ts";
import { hooksToTrust } from "../../src/agents/codex/trust.ts";
import type { FileChange } from "../../src/setup/change.ts";
import { programOf } from "../../src/setup/command.ts";
import { applyChanges, undoChanges, withExactUndo } from "../../src/setup/ledger.ts";
import { temporaryHome } from "../support/cli.ts";

let temporary: ReturnType<typeof temporaryHome>;
beforeEach(() => {
  temporary = temporaryHome();
  mkdirSync(`${temporary.home}/.codex`);
  mkdirSync(`${temporary.home}/bin`);
  writeFileSync(`${temporary.home}/bin/harness-tracing`, "");
});
afterEach(() => temporary.remove());

const hooksFile = () => `${temporary.home}/.codex/hooks.json`;
const configFile = () => `${temporary.home}/.codex/config.toml`;
const ledger = () => `${temporary.home}/ledger`;

function context(more: Partial<SetupContext> = {}): SetupContext {
  return {
    home: temporary.home,
    env: {},
    platform: "linux",
    program: `${temporary.home}/bin/harness-tracing`,
    version: async (command) => (command === "codex" ? "codex-cli 0.169.0" : undefined),
    ...more,
  };
}

async function changesOf(
  what: "register" | "unregister",
  more: Partial<SetupContext> = {},
): Promise<readonly FileChange[]> {
  const changes = await codexSetup[what](context(more));
  if ("reason" in changes) throw new Error(changes.reason);
  return changes;
}

const install = async () => applyChanges(await changesOf("register"), ledger());
const uninstall = async () => undoChanges(withExactUndo(await changesOf("unregister"), ledger()), ledger());
const textOf = (path: string) => (existsSync(path) ? readFileSync(path, "utf8") : undefined);
const messages = async (more: Partial<SetupContext> = {}) =>
  (await codexSetup.check(context(more))).map(({ level, message }) => `${level}: ${message}`).join("\n");

/** Codex's own way to remember trust: appended to the file, a blank line before each table. */
function approve(enabled = true): void {
  const states = hooksToTrust(textOf(hooksFile()) ?? "", hooksFile()).map(
    ({ key, hash }) =>
      `\n[hooks.state.${JSON.stringify(key)}]\ntrusted_hash = "${hash}"\n${enabled ? "" : "enabled = false\n"}`,
  );
  writeFileSync(configFile(), `${textOf(configFile()) ?? ""}\n[hooks.state]\n${states.join("")}`);
}

describe("register", () => {
  test("writes one group without a matcher for each event, with its timeout, all with one command", async () => {
    const [change] = await changesOf("register");
    const { hooks } = JSON.parse(change?.after ?? "");
    expect(Object.keys(hooks)).toEqual(CODEX_EVENTS.map(({ event }) => event));
    const commands = new Set<string>();
    for (const { event, timeoutSeconds } of CODEX_EVENTS) {
      const [group, ...others] = hooks[event];
      expect(others).toEqual([]);
      expect(group).toEqual({ hooks: [{ type: "command", command: expect.any(String), timeout: timeoutSeconds }] });
      commands.add(group.hooks[0].command);
    }
    expect(commands.size).toBe(1);
    expect(programOf([...commands][0] ?? "")).toBe(`${temporary.home}/bin/harness-tracing`);
  });

  test("the hooks that end something ask for no more time than Codex grants, which it would warn of at every start", () => {
    for (const { event, timeoutSeconds } of CODEX_EVENTS) {
      if (event === "Interrupt" || event === "SessionEnd") expect(timeoutSeconds).toBeLessThanOrEqual(3);
    }
  });

  test("appends behind the user's own hooks, whose trust depends on their position", async () => {
    writeFileSync(hooksFile(), '{ "hooks": { "Stop": [{ "hooks": [{ "type": "command", "command": "mine" }] }] } }\n');
    await install();
    const { hooks } = JSON.parse(textOf(hooksFile()) ?? "");
    expect(hooks.Stop[0]).toEqual({ hooks: [{ type: "command", command: "mine" }] });
    expect(hooks.Stop).toHaveLength(2);
  });

  test("twice is once", async () => {
    await install();
    expect(await changesOf("register")).toEqual([]);
  });

  test("follows CODEX_HOME", async () => {
    const [change] = await changesOf("register", { env: { CODEX_HOME: `${temporary.home}/elsewhere/` } });
    expect(change?.path).toBe(`${temporary.home}/elsewhere/hooks.json`);
  });

  test("a malformed file is refused and left alone", async () => {
    writeFileSync(hooksFile(), "{ hooks: ");
    expect(await codexSetup.register(context())).toMatchObject({ file: hooksFile(), reason: expect.any(String) });
    writeFileSync(hooksFile(), "{}");
    writeFileSync(configFile(), 'notify = ["arize-hook-codex-notify"\n');
    expect(await codexSetup.register(context())).toMatchObject({ file: configFile() });
  });
});

describe("the registered command", () => {
  const SHELLS = ["/bin/sh", "/bin/bash", "/bin/dash", "/usr/bin/zsh", "/usr/bin/fish"].filter(existsSync);

  async function run(shell: string, program: string, script: string | undefined) {
    if (script === undefined) rmSync(program, { force: true });
    else {
      writeFileSync(program, script);
      chmodSync(program, 0o755);
    }
    const { command } = codexSetup.trial(context({ program })).command;
    expect(programOf(command)).toBe(program);
    const env = { PATH: "/usr/bin:/bin", OUT: `${temporary.home}/out` };
    const child = Bun.spawn([shell, "-c", command], { env, stdin: Buffer.from("{}"), stdout: "pipe", stderr: "pipe" });
    return [await child.stdout.text(), await child.stderr.text(), await child.exited];
  }

  test("runs the program in every shell that a user may have, and shields Codex from it", async () => {
    const program = `${temporary.home}/bin/it's here/harness-tracing`;
    mkdirSync(`${temporary.home}/bin/it's here`);
    for (const shell of SHELLS) {
      const spy = '#!/bin/sh\necho "$*" "$HARNESS_AGENT_PID" "$(cat)" > "$OUT"\n';
      expect(await run(shell, program, spy)).toEqual(["", "", 0]);
      expect(textOf(`${temporary.home}/out`)).toMatch(/^hook codex \d+ \{\}\n$/);
      for (const bad of [undefined, "#!/bin/sh\nkill -SEGV $$\n", "#!/bin/sh\necho x; echo y >&2; exit 2\n"]) {
        expect(await run(shell, program, bad)).toEqual(["", "", 0]);
      }
    }
  });
});

describe("uninstall", () => {
  const OWN = '{\n\t"hooks": {\n\t\t"Stop": [ { "hooks": [ {"type":"command","command":"mine"} ] } ]\n\t}\n}';
  const CONFIG = '# mine\nmodel = "gpt-5.5"   # best\nnotify = ["/usr/bin/say", "done"]\n\n[features]\nx = 1\n';

  test("gives every file back byte for byte, approved or not", async () => {
    for (const own of [undefined, OWN, "{}\n"]) {
      for (const config of [undefined, CONFIG, `${CONFIG}\n\n`, "# only a comment"]) {
        rmSync(`${temporary.home}/.codex`, { recursive: true });
        mkdirSync(`${temporary.home}/.codex`);
        if (own !== undefined) writeFileSync(hooksFile(), own);
        if (config !== undefined) writeFileSync(configFile(), config);
        await install();
        await uninstall();
        expect(textOf(hooksFile())).toBe(own as string);
        expect(textOf(configFile())).toBe(config as string);
        if (config === undefined || config.startsWith("# only")) continue;
        await install();
        approve();
        await uninstall();
        expect(textOf(configFile())).toBe(config);
      }
    }
  });

  test("leaves the trust in other hooks", async () => {
    const others = '\n[hooks.state]\n\n[hooks.state."/x/hooks.json:stop:0:0"]\ntrusted_hash = "sha256:1"\n';
    writeFileSync(configFile(), `${CONFIG}${others}`);
    await install();
    const states = hooksToTrust(textOf(hooksFile()) ?? "", hooksFile()).map(
      ({ key, hash }) => `\n[hooks.state.${JSON.stringify(key)}]\ntrusted_hash = "${hash}"\n`,
    );
    writeFileSync(configFile(), `${CONFIG}${others}${states.join("")}`);
    await uninstall();
    expect(textOf(configFile())).toBe(`${CONFIG}${others}`);
  });
});

describe("trust", () => {
  test("hashes are those that Codex itself computed for the same definitions", () => {
    const text = JSON.stringify({
      hooks: { PreModelRequest: [{ hooks: [{ type: "command", command: "/x/harness-tracing hook", timeout: 10 }] }] },
    });
    const [hook] = hooksToTrust(text, "/home/dev/.codex/hooks.json");
    expect(hook?.key).toBe("/home/dev/.codex/hooks.json:pre_model_request:0:0");
    // The recorded hash is of the recorder's command: the definition differs in nothing else.
    const recorded = { async: false, command: "/home/dev/bin/rec PreModelRequest", timeout: 10, type: "command" };
    const hashOf = (definition: object) =>
      `sha256:${new Bun.CryptoHasher("sha256").update(JSON.stringify({ event_name: "pre_model_request", hooks: [definition] })).digest("hex")}`;
    expect(hashOf(recorded)).toBe("sha256:31201d47d0943108eb94d3f9bf8dbcd02bfe75fc6e732a04a4cff89ddf859a0e");
    expect(hook?.hash).toBe(hashOf({ ...recorded, command: "/x/harness-tracing hook" }));
  });

  test("a fresh registration tells exactly what to approve; doctor says that nothing runs before", async () => {
    await install();
    const lines = (await codexSetup.approval?.pending(context())) ?? [];
    expect(lines.join("\n")).toContain(`${temporary.home}/bin/harness-tracing`);
    expect(lines.join("\n")).toContain("--trust-hooks");
    expect(await messages()).toContain(
      `error: Codex skips hooks that you have not trusted, without a word: all 14 hooks`,
    );
  });

  test("once approved all is well, also after the program was replaced and registered again", async () => {
    await install();
    approve();
    writeFileSync(`${temporary.home}/bin/harness-tracing`, "another version");
    await install();
    expect(await codexSetup.approval?.pending(context())).toEqual([]);
    expect(await messages()).toBe(`ok: registered for 14 events in ${hooksFile()}, and trusted by Codex`);
  });

  test("a hook that was switched off, or changed since, is named", async () => {
    await install();
    approve(false);
    expect(await messages()).toContain("warning: switched off in Codex: SessionStart");
    writeFileSync(configFile(), "");
    approve();
    writeFileSync(hooksFile(), (textOf(hooksFile()) ?? "").replace('"timeout": 3', '"timeout": 2'));
    expect(await messages()).toContain("without a word: Interrupt");
  });

  test("Codex itself is asked to write the trust, and what it answers is believed only when it then trusts", async () => {
    await install();
    const { command } = JSON.parse(textOf(hooksFile()) ?? "").hooks.Stop[0].hooks[0];
    const server = `#!${process.execPath}
const listed = { data: [{ hooks: [{ key: "k", command: ${JSON.stringify(command)}, currentHash: "sha256:1", trustStatus: "untrusted" },
  { key: "foreign", command: "mine", currentHash: "sha256:2", trustStatus: "untrusted" }] }] };
const { appendFileSync } = require("node:fs");
for await (const line of console) {
  const { id, method, params } = JSON.parse(line);
  if (method === "config/batchWrite") {
    const [{ keyPath, value }] = params.edits;
    if (process.env.DENY !== "1") {
      listed.data[0].hooks[0].trustStatus = "trusted";
      appendFileSync(${JSON.stringify(configFile())}, "\\n# " + keyPath + " " + JSON.stringify(value) + "\\n");
    }
  }
  if (id !== undefined) console.log(JSON.stringify({ id, result: method === "hooks/list" ? listed : {} }));
}
`;
    const folder = `${temporary.home}/path`;
    mkdirSync(folder);
    writeFileSync(`${folder}/codex`, server);
    chmodSync(`${folder}/codex`, 0o755);
    const env = { PATH: folder, HOME: temporary.home };
    expect(await codexSetup.approval?.grant(context({ env: { ...env, DENY: "1" } }))).toEqual({
      problem: "Codex still does not trust 1 hooks",
    });
    const granted = await codexSetup.approval?.grant(context({ env }));
    expect(granted).toMatchObject({ changes: [{ path: configFile(), before: undefined }] });
    expect(textOf(configFile())).toBe('\n# hooks.state {"k":{"trusted_hash":"sha256:1"}}\n');
  });

  test("without Codex on the PATH nothing is written", async () => {
    await install();
    const granted = await codexSetup.approval?.grant(context({ env: { PATH: "/nowhere" } }));
    expect(granted).toEqual({ problem: "codex is not on the PATH" });
  });
});

describe("the Python toolkit", () => {
  const HOOK = "/home/ada/.arize/harness/venv/bin/arize-hook-codex-notify";

  test("its program goes, and what it wrapped comes back, in every form that its installers wrote", () => {
    const wrapped = JSON.stringify(["say", "done"]);
    const desktop = ["/x/SkyComputerUseClient", "turn-ended"];
    const forms: [string[], string[]][] = [
      [[HOOK], []],
      [
        [HOOK, "--previous-notify", wrapped],
        ["say", "done"],
      ],
      [
        ["say", "done", HOOK],
        ["say", "done"],
      ],
      [
        [HOOK, "say", "done"],
        ["say", "done"],
      ],
      [[...desktop, "--previous-notify", JSON.stringify([HOOK])], desktop],
      [
        [...desktop, "--previous-notify", JSON.stringify([HOOK, "--previous-notify", wrapped])],
        [...desktop, "--previous-notify", wrapped],
      ],
      [
        ["say", "done"],
        ["say", "done"],
      ],
    ];
    for (const [before, after] of forms) expect(withoutPython(before)).toEqual(after);
  });

  test("only its words leave the file; comments, order and everything else stay", () => {
    const before = `# top\nmodel = "x" # m\nnotify = [\n  "say", # mine\n  "done",\n  "${HOOK}",\n] # n\n\n[tui]\na = 1\n`;
    expect(withoutPythonText(before)).toBe(`# top\nmodel = "x" # m\nnotify = ["say", "done"] # n\n\n[tui]\na = 1\n`);
    expect(withoutPythonText(`a = 1\nnotify = ["${HOOK}"]\nb = 2\n`)).toBe("a = 1\nb = 2\n");
    const untouched = 'notify = ["say"]\n';
    expect(withoutPythonText(untouched)).toBe(untouched);
  });

  test("its older hooks leave the file, the user's own stay", () => {
    const own = '[[hooks.Stop]]\n[[hooks.Stop.hooks]]\ntype = "command"\ncommand = "mine"\n';
    const theirs = `\n[[hooks.Stop]]\n\n[[hooks.Stop.hooks]]\ntype = "command"\ncommand = "/x/arize-hook-codex-stop"\n`;
    expect(withoutPythonText(`a = 1\n\n${own}${theirs}\n[tui]\nb = 1\n`)).toBe(`a = 1\n\n${own}\n[tui]\nb = 1\n`);
  });

  test("registering removes it for good, and doctor names it while it is there", async () => {
    writeFileSync(configFile(), `# mine\nnotify = ["say", "${HOOK}"]\n`);
    expect(await messages()).toContain("not registered");
    applyChanges((await changesOf("register")).slice(0, 1), ledger());
    expect(await messages()).toContain("the Python toolkit is still named");
    await install();
    expect(textOf(configFile())).toBe('# mine\nnotify = ["say"]\n');
    await uninstall();
    expect(textOf(configFile())).toBe('# mine\nnotify = ["say"]\n');
  });
});

describe("doctor", () => {
  test("names what keeps hooks from running", async () => {
    await install();
    approve();
    writeFileSync(configFile(), `${textOf(configFile())}\n[features]\nhooks = false\n\n[[hooks.Stop]]\n`);
    const text = await messages();
    expect(text).toContain('error: "hooks = false" below [features]');
    expect(text).toContain("has hooks too (Stop)");
  });

  test("an empty home has nothing registered", async () => {
    expect(await messages()).toBe(`error: not registered in ${hooksFile()}`);
  });
});
