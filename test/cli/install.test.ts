import { afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { pathsIn } from "../../src/paths.ts";
import { type CliOptions, program, temporaryHome } from "../support/cli.ts";
import { builtProgram } from "../support/program.ts";

let binary = "";
beforeAll(async () => {
  binary = await builtProgram();
}, 120_000);

let temporary: ReturnType<typeof temporaryHome>;
beforeEach(() => {
  temporary = temporaryHome();
  mkdirSync(`${temporary.home}/.claude`);
  mkdirSync(`${temporary.home}/fakes`);
  writeFileSync(`${temporary.home}/fakes/claude`, '#!/bin/sh\necho "2.1.330 (Claude Code)"\n', { mode: 0o755 });
});
afterEach(() => temporary.remove());

const home = () => temporary.home;
const paths = () => pathsIn(home());
const settings = () => `${home()}/.claude/settings.json`;
const installed = () => `${paths().bin}/harness-tracing`;

const run = (line: string, options: Pick<CliOptions, "env" | "stdin"> = {}) =>
  program(binary, home(), line.split(" "), {
    ...options,
    env: { PATH: `${home()}/fakes:/usr/bin:/bin`, ...options.env },
  });

const readConfig = () => JSON.parse(readFileSync(paths().config, "utf8"));

describe("install", () => {
  test("without a terminal and without an account: local, nothing asked, everything in place", async () => {
    const { code, out, err } = await run("install claude");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("a test hook of Claude Code was recorded");
    expect(out).not.toContain("\u001b");
    expect(readConfig()).toEqual({ harnesses: { "claude-code": { project_name: "claude-code", target: "local" } } });
    for (const [path, mode] of [
      [paths().root, 0o700],
      [paths().bin, 0o700],
      [installed(), 0o755],
      [paths().config, 0o600],
      [settings(), 0o600],
    ] as const) {
      expect(`${path} ${(statSync(path).mode & 0o777).toString(8)}`).toBe(`${path} ${mode.toString(8)}`);
    }
    expect((await run("sessions --json")).out).toBe("[]\n");
  });

  test("twice is once", async () => {
    await run("install claude");
    const before = [settings(), paths().config, installed()].map((path) => statSync(path).ino);
    const { code, out } = await run("install claude");
    expect(code).toBe(0);
    expect(out).toContain("Configuration and registration are as they should be.");
    expect([settings(), paths().config, installed()].map((path) => statSync(path).ino)).toEqual(before);
  });

  test("from the installed copy itself", async () => {
    await run("install claude");
    const again = await program(installed(), home(), ["install", "claude"], {
      env: { PATH: `${home()}/fakes:/usr/bin:/bin` },
    });
    expect(again.code).toBe(0);
  });

  test("a target that cannot be reached is a warning with the reason", async () => {
    const { code, err } = await run("install claude --target otlp --endpoint http://127.0.0.1:9 --yes");
    expect(code).toBe(0);
    expect(err).toContain("otlp at http://127.0.0.1:9/v1/traces did not take a test request: no answer");
    expect(readConfig().harnesses["claude-code"]).toMatchObject({ target: "otlp", endpoint: "http://127.0.0.1:9" });
  });

  test("a target that answers is told so, with the key it got", async () => {
    const seen: (string | null)[] = [];
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request) => {
        seen.push(request.headers.get("authorization"));
        return new Response("");
      },
    });
    try {
      const endpoint = `http://127.0.0.1:${server.port}`;
      const { code, out, err } = await run(
        `install claude --target phoenix --endpoint ${endpoint} --api-key-stdin --user-id ada --no-log-prompts`,
        { stdin: "phx-secret\n" },
      );
      expect({ code, err }).toEqual({ code: 0, err: "" });
      expect(out).toContain("took a test request");
      expect(out).not.toContain("phx-secret");
      expect(seen).toEqual(["Bearer phx-secret"]);
      expect(readConfig()).toEqual({
        harnesses: {
          "claude-code": {
            project_name: "claude-code",
            target: "phoenix",
            endpoint,
            api_key: "phx-secret",
            user_id: "ada",
          },
        },
        logging: { prompts: false },
      });
    } finally {
      await server.stop(true);
    }
  });

  test("the environment's account is written down, since agents strip environments", async () => {
    await run("install claude", { env: { PHOENIX_ENDPOINT: "http://127.0.0.1:9", PHOENIX_API_KEY: "k" } });
    expect(readConfig().harnesses["claude-code"]).toEqual({
      project_name: "claude-code",
      target: "phoenix",
      endpoint: "http://127.0.0.1:9",
      api_key: "k",
    });
  });

  test("an existing configuration is kept as it is, byte for byte", async () => {
    mkdirSync(paths().root, { recursive: true });
    const text = '{"harnesses":{"claude-code":{"project_name":"p","target":"local","future":1}},"x":[1]}';
    writeFileSync(paths().config, text);
    expect((await run("install claude")).code).toBe(0);
    expect(readFileSync(paths().config, "utf8")).toBe(text);
  });

  test("a new target replaces the old one as a whole: no key stays behind for another host", async () => {
    mkdirSync(paths().root, { recursive: true });
    const old = { target: "phoenix", endpoint: "http://old", api_key: "old", headers: { a: "b" }, user_id: "ada" };
    writeFileSync(paths().config, JSON.stringify({ harnesses: { "claude-code": old } }));
    await run("install claude --target otlp --endpoint http://127.0.0.1:9");
    expect(readConfig().harnesses["claude-code"]).toEqual({
      target: "otlp",
      endpoint: "http://127.0.0.1:9",
      user_id: "ada",
      project_name: "claude-code",
    });
  });

  test("settings that do not parse: refused with the fix, nothing at all is written", async () => {
    writeFileSync(settings(), '{"model": ');
    const { code, err } = await run("install claude");
    expect(code).toBe(1);
    expect(err).toContain(`${settings()}: it is not valid JSON`);
    expect(err).toContain("Nothing was changed. To fix: correct");
    expect(readFileSync(settings(), "utf8")).toBe('{"model": ');
    expect(existsSync(paths().root)).toBe(false);
  });

  test("write-protected settings are respected", async () => {
    writeFileSync(settings(), "{}");
    chmodSync(settings(), 0o444);
    const { code, err } = await run("install claude");
    expect(code).toBe(1);
    expect(err).toContain(`chmod u+w ${settings()}`);
    expect(readFileSync(settings(), "utf8")).toBe("{}");
  });

  test("settings behind a symbolic link are edited there", async () => {
    writeFileSync(`${home()}/dotfiles.json`, '{\n  "model": "opus"\n}\n');
    symlinkSync(`${home()}/dotfiles.json`, settings());
    await run("install claude");
    expect(readFileSync(`${home()}/dotfiles.json`, "utf8")).toContain("harness-tracing");
    await run("uninstall claude");
    expect(readFileSync(`${home()}/dotfiles.json`, "utf8")).toBe('{\n  "model": "opus"\n}\n');
  });

  test("a dry run shows the changes and writes nothing", async () => {
    const { code, out } = await run("install claude --dry-run");
    expect(code).toBe(0);
    expect(out).toContain("+++ ~/.claude/settings.json");
    expect(out).toContain("Nothing was written (dry run).");
    expect(existsSync(settings())).toBe(false);
    expect(existsSync(paths().root)).toBe(false);
  });

  test("in CI hooks are told to wait for deliveries", async () => {
    await run("install claude", { env: { CI: "true" } });
    expect(readConfig().flush).toBe("sync");
    expect(existsSync(paths().flushSync)).toBe(true);
  });

  test("--all installs what is there, and says when nothing is", async () => {
    expect((await run("install --all")).code).toBe(0);
    const other = temporaryHome();
    try {
      const none = await program(binary, other.home, ["install", "--all"]);
      expect(none.code).toBe(1);
      expect(none.err).toContain("no agent was found on this machine");
    } finally {
      other.remove();
    }
  });
});

describe("uninstall", () => {
  const ORIGINAL = '\uFEFF{\r\n\t"hooks": { },\r\n\t// mine\r\n\t"model": "opus",\r\n}';

  test("gives the settings back byte for byte and leaves nothing behind", async () => {
    writeFileSync(settings(), ORIGINAL);
    await run("install claude");
    expect(readFileSync(settings(), "utf8")).not.toBe(ORIGINAL);
    const { code, err } = await run("uninstall --yes");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(readFileSync(settings(), "utf8")).toBe(ORIGINAL);
    expect(existsSync(`${home()}/.arize`)).toBe(false);
  });

  test("after somebody's edit only our entries go", async () => {
    writeFileSync(settings(), '{\n  "model": "opus"\n}\n');
    await run("install claude");
    writeFileSync(settings(), readFileSync(settings(), "utf8").replace('"opus"', '"sonnet"'));
    await run("uninstall claude");
    expect(readFileSync(settings(), "utf8")).toBe('{\n  "model": "sonnet"\n}\n');
    expect(existsSync(installed())).toBe(true);
  });

  test("a settings file and a folder that install made go again", async () => {
    rmSync(`${home()}/.claude`, { recursive: true });
    await run("install claude");
    expect(existsSync(settings())).toBe(true);
    await run("uninstall claude");
    expect(existsSync(`${home()}/.claude`)).toBe(false);
  });

  test("finds what was registered below another configuration folder", async () => {
    const [a, b] = [`${home()}/a`, `${home()}/b`];
    await run("install claude", { env: { CLAUDE_CONFIG_DIR: a } });
    await run("install claude", { env: { CLAUDE_CONFIG_DIR: b } });
    writeFileSync(`${b}/settings.json`, `${readFileSync(`${b}/settings.json`, "utf8")}\n`);
    const { code, err } = await run("uninstall --yes");
    expect(code).toBe(0);
    expect(existsSync(a)).toBe(false);
    expect(err).toBe(`Left alone, since it was changed: ${b}/settings.json may still name harness-tracing\n`);
  });

  test("--keep-data keeps configuration and traces", async () => {
    await run("install claude");
    await run("uninstall --keep-data --yes");
    expect(existsSync(paths().config)).toBe(true);
    expect(existsSync(paths().state)).toBe(true);
    expect(existsSync(paths().bin)).toBe(false);
  });

  test("what the Python toolkit had registered is not brought back", async () => {
    const python = { hooks: [{ type: "command", command: "/x/venv/bin/arize-hook-stop" }] };
    writeFileSync(settings(), JSON.stringify({ hooks: { Stop: [python] }, model: "opus" }, undefined, 2));
    await run("install claude");
    await run("uninstall claude");
    expect(JSON.parse(readFileSync(settings(), "utf8"))).toEqual({ model: "opus" });
  });

  test("a dry run removes nothing", async () => {
    await run("install claude");
    const before = readFileSync(settings(), "utf8");
    expect((await run("uninstall --dry-run")).out).toContain("Nothing was removed (dry run).");
    expect(readFileSync(settings(), "utf8")).toBe(before);
    expect(existsSync(installed())).toBe(true);
  });

  test("where nothing is installed it says so", async () => {
    expect(await run("uninstall --yes")).toEqual({ code: 0, out: "Nothing is installed.\n", err: "" });
  });
});

describe("status and doctor", () => {
  test("after an installation everything is fine", async () => {
    await run("install claude");
    const status = JSON.parse((await run("status --json")).out);
    const [claude] = status.agents;
    expect(claude).toMatchObject({ agent: "claude-code", registered: true, version: "2.1.330", sessions: 0 });
    const doctor = await run("doctor");
    expect(doctor.out).toEndWith("Everything is fine.\n");
    expect(doctor.code).toBe(0);
  });

  test("each problem comes with what fixes it, and the exit code is 1", async () => {
    await run("install claude");
    const text = JSON.parse(readFileSync(settings(), "utf8"));
    delete text.hooks.Stop;
    writeFileSync(settings(), JSON.stringify({ ...text, disableAllHooks: true }));
    chmodSync(paths().config, 0o644);
    rmSync(installed());
    mkdirSync(`${paths().root}/venv`);
    const { code, out } = await run("doctor");
    expect(code).toBe(1);
    for (const message of [
      "~/.arize/harness/bin/harness-tracing is missing",
      "events not registered",
      '"disableAllHooks"',
      "registered program does not exist",
      "~/.arize/harness/config.json can be read by others (mode 644)",
    ]) {
      expect(out).toContain(message);
    }
    const findings = JSON.parse((await run("doctor --json")).out).sections.flatMap(
      (section: { findings: { level: string; fix?: string }[] }) => section.findings,
    );
    for (const finding of findings) {
      if (finding.level === "error") expect(finding.fix).toBeString();
    }
  });

  test("neither writes anything", async () => {
    await run("status");
    await run("doctor");
    expect(existsSync(`${home()}/.arize`)).toBe(false);
  });
});

describe("demo", () => {
  test("plays the session through the hooks, prints its tree, and the second time shows it again", async () => {
    const first = await run("demo");
    expect({ code: first.code, err: first.err }).toEqual({ code: 0, err: "" });
    const tree = (text: string) => text.slice(text.indexOf("AGENT claude-code turn"), text.indexOf("Next:"));
    const shape = tree(first.out)
      .split("\n")
      .map((line) => /^[│├└─ ]*(AGENT|LLM|TOOL) [\w. -]*?\w(?= {2})/.exec(line)?.[0])
      .filter((line) => line !== undefined);
    expect(shape).toEqual([
      "AGENT claude-code turn",
      "├─ LLM claude-opus-5-5",
      "│  ├─ TOOL Agent",
      "│  │  └─ AGENT general-purpose",
      "│  │     ├─ LLM claude-opus-5-5",
      "│  │     │  └─ TOOL Bash",
      "│  │     └─ LLM claude-opus-5-5",
      "│  └─ TOOL Agent",
      "│     └─ AGENT Explore",
      "│        ├─ LLM claude-opus-5-5",
      "│        │  └─ TOOL Bash",
      "│        └─ LLM claude-opus-5-5",
      "└─ LLM claude-opus-5-5",
    ]);
    expect(first.out).toContain("1 turn · 6 model calls · 4 tool calls · 41,337 tokens in, 238 out · 1 error");
    const second = await run("demo");
    expect(second.out).toContain("in the store already");
    expect(tree(second.out)).toBe(tree(first.out));
  }, 60_000);

  test("goes to no destination, even when one is configured", async () => {
    let requests = 0;
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: () => {
        requests++;
        return new Response("");
      },
    });
    try {
      const { code } = await run("demo", { env: { PHOENIX_ENDPOINT: `http://127.0.0.1:${server.port}` } });
      expect({ code, requests }).toEqual({ code: 0, requests: 0 });
    } finally {
      await server.stop(true);
    }
  }, 60_000);
});

test("flush on an empty home has nothing to do", async () => {
  expect(await run("flush --wait 0")).toEqual({
    code: 0,
    out: "Everything is processed and delivered.\n",
    err: "",
  });
});

test("a reader that goes away is no failure", async () => {
  const child = Bun.spawn(["/bin/sh", "-c", `"$0" help install | head -n 1`, binary], {
    env: { HOME: home(), PATH: "/usr/bin:/bin" },
    stdout: "pipe",
    stderr: "pipe",
  });
  expect(await child.stdout.text()).toBe("Install tracing for an agent\n");
  expect(await child.stderr.text()).toBe("");
});
