import { afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fingerprint } from "../../src/hook/fingerprint.ts";
import { bucketOf, sessionNameOf } from "../../src/journal/names.ts";
import { listSegments } from "../../src/journal/segments.ts";
import { pathsIn } from "../../src/paths.ts";
import {
  callHook,
  claudePayload,
  type Home,
  type HookResult,
  journaled,
  lossReasons,
  makeHome,
  SILENT,
} from "../support/hook.ts";
import { builtProgram } from "../support/program.ts";

const SESSION = "0b1c7a52-0000-4000-8000-000000000001";
const BUILD_TIMEOUT_MS = 120_000;

let home: Home;

beforeAll(async () => {
  await builtProgram();
}, BUILD_TIMEOUT_MS);
beforeEach(() => {
  home = makeHome();
});
afterEach(() => {
  home.remove();
});

function hook(
  stdin: string | Uint8Array | "ignore",
  env: Readonly<Record<string, string>> = {},
  args?: readonly string[],
): Promise<HookResult> {
  return callHook({ stdin, env: { HOME: home.folder, ...env }, ...(args === undefined ? {} : { args }) });
}

describe("what is journaled", () => {
  test("a payload becomes one line with its event, session, start time and the payload as sent", async () => {
    const before = Date.now();
    const payload = claudePayload({
      tool_input: { command: "echo 'ä\u2028\"\\n'", n: 0.1 },
    });
    expect(await hook(JSON.stringify(payload))).toEqual(SILENT);
    const { events, corrupt } = journaled(home);
    expect(corrupt).toBe(0);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({ v: 1, agent: "claude-code", event: "PreToolUse", session: SESSION, payload });
    expect(events[0]?.ts).toBeGreaterThanOrEqual(before - 1);
    expect(events[0]?.ts).toBeLessThanOrEqual(Date.now());
  });

  test("the payload's text is embedded as it came, but for raw line breaks", async () => {
    const text = `{ "b": 1.50, "a": 1e3, "session_id": "${SESSION}",\r\n "hook_event_name":\n"Stop2", "x": "\\u00e4\\n", "hook_event_name": "PreToolUse" }`;
    expect(await hook(text)).toEqual(SILENT);
    const [segment] = listSegments(home.paths);
    expect(readFileSync(segment?.path ?? "", "utf8")).toContain(`"payload":${text.replaceAll("\n", " ")}}`);
    expect(journaled(home).events).toHaveLength(1);
  });

  test("folders are 0700 and the journal and the salt 0600", async () => {
    await hook(JSON.stringify(claudePayload()), { ARIZE_API_KEY: "k" });
    const folder = join(home.paths.journal, "claude-code");
    expect(statSync(home.paths.journal).mode & 0o777).toBe(0o700);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const file of readdirSync(folder)) expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600);
    expect(statSync(home.paths.salt).mode & 0o777).toBe(0o600);
  });

  test("every folder that the first hook has to create is 0700", async () => {
    const fresh = join(home.folder, "fresh");
    mkdirSync(fresh);
    expect(await hook(JSON.stringify(claudePayload()), { HOME: fresh })).toEqual(SILENT);
    for (const path of [join(fresh, ".arize"), pathsIn(fresh).root, pathsIn(fresh).state, pathsIn(fresh).journal]) {
      expect(statSync(path).mode & 0o777).toBe(0o700);
    }
  });

  test("a UTF-8 byte order mark is dropped", async () => {
    expect(await hook(`\ufeff${JSON.stringify(claudePayload())}`)).toEqual(SILENT);
    expect(journaled(home).events).toHaveLength(1);
  });

  test("bytes that are no UTF-8 are replaced, the event is kept", async () => {
    const [head, tail] = JSON.stringify(claudePayload({ prompt: "<>" })).split("<>") as [string, string];
    expect(await hook(Buffer.concat([Buffer.from(head), Buffer.from([0xff, 0xc3]), Buffer.from(tail)]))).toEqual(
      SILENT,
    );
    expect(journaled(home).events[0]?.payload).toMatchObject({ prompt: "\ufffd\ufffd" });
  });

  test("a payload of 20 MB is journaled whole", async () => {
    const text = "0123456789abcdef".repeat((20 * 1024 * 1024) / 16);
    expect(await hook(JSON.stringify(claudePayload({ tool_response: text })))).toEqual(SILENT);
    const { events } = journaled(home);
    expect((events[0]?.payload as { tool_response?: string } | undefined)?.tool_response === text).toBe(true);
  });

  test("a session id that is no file name is hashed, and kept in the event", async () => {
    const session = "../../etc/passwd \u0000 ✓";
    expect(await hook(JSON.stringify(claudePayload({ session_id: session })))).toEqual(SILENT);
    expect(journaled(home).events[0]?.session).toBe(session);
    expect(listSegments(home.paths).map((segment) => segment.sessionName)).toEqual([sessionNameOf(session)]);
  });

  test("twenty hooks at once leave twenty lines", async () => {
    const payloads = Array.from({ length: 20 }, (_, i) =>
      claudePayload({ tool_use_id: `toolu_${i}`, pad: "x".repeat(i * 9000) }),
    );
    const results = await Promise.all(payloads.map((payload) => hook(JSON.stringify(payload))));
    expect(results).toEqual(payloads.map(() => SILENT));
    const { events, corrupt } = journaled(home);
    expect(corrupt).toBe(0);
    const ids = events.map((event) => (event.payload as { tool_use_id: string }).tool_use_id);
    expect(ids.sort()).toEqual(payloads.map((payload) => payload.tool_use_id as string).sort());
  });

  test("a line that a killed hook left half written costs only itself", async () => {
    const folder = join(home.paths.journal, "claude-code");
    mkdirSync(folder, { recursive: true });
    const hour = bucketOf(Date.now());
    for (const bucket of [hour, hour + 1])
      writeFileSync(join(folder, `${SESSION}.${bucket}.jsonl`), '\n{"v":1,"ts":17');
    expect(await hook(JSON.stringify(claudePayload()))).toEqual(SILENT);
    const { events, corrupt } = journaled(home);
    expect(events).toHaveLength(1);
    expect(corrupt).toBe(1);
  });
});

describe("what of the environment is journaled", () => {
  test("the allow-list and the agent's own names, and nothing else", async () => {
    await hook(JSON.stringify(claudePayload()), {
      ARIZE_PROJECT_NAME: "p",
      ARIZE_USER_ID: "",
      PHOENIX_ENDPOINT: "https://ada:hunter2@phoenix.example:6006/x?y#z",
      ARIZE_OTLP_ENDPOINT: "ada:hunter2@otlp.example:4317",
      CLAUDE_CODE_ENTRYPOINT: "cli",
      AI_AGENT: "claude-code_2-1-330_harness",
      ANTHROPIC_API_KEY: "sk-ant-secret",
      CLAUDE_CODE_MESSAGING_TOKEN: "token",
    });
    expect(journaled(home).events[0]?.env).toEqual({
      ARIZE_PROJECT_NAME: "p",
      ARIZE_USER_ID: "",
      PHOENIX_ENDPOINT: "https://phoenix.example:6006/x?y#z",
      ARIZE_OTLP_ENDPOINT: "otlp.example:4317",
      CLAUDE_CODE_ENTRYPOINT: "cli",
      AI_AGENT: "claude-code_2-1-330_harness",
    });
  });

  test("credentials only as fingerprints under the local salt, equal in every hook", async () => {
    const credentials = { ARIZE_API_KEY: "ak-secret-1", PHOENIX_API_KEY: "pk-secret-2", ARIZE_SPACE_ID: "" };
    await Promise.all([1, 2, 3, 4, 5, 6].map(() => hook(JSON.stringify(claudePayload()), credentials)));
    const salt = readFileSync(home.paths.salt);
    expect(salt).toHaveLength(32);
    const { events } = journaled(home);
    expect(events).toHaveLength(6);
    for (const event of events) {
      expect(event.credentials).toEqual({
        ARIZE_API_KEY: fingerprint(salt, "ak-secret-1"),
        PHOENIX_API_KEY: fingerprint(salt, "pk-secret-2"),
      });
    }
    expect(JSON.stringify(events)).not.toContain("secret");
    expect(readdirSync(home.paths.state).filter((name) => name.startsWith("salt"))).toEqual(["salt"]);
  });

  test("without credentials no salt is made", async () => {
    await hook(JSON.stringify(claudePayload()));
    expect(existsSync(home.paths.salt)).toBe(false);
    expect(journaled(home).events[0]?.credentials).toBeUndefined();
  });
});

describe("what is not journaled", () => {
  test.each(["false", "0", "no", "off", " FALSE "])("anything, when ARIZE_TRACE_ENABLED is %p", async (value) => {
    expect(await hook(JSON.stringify(claudePayload()), { ARIZE_TRACE_ENABLED: value })).toEqual(SILENT);
    expect(existsSync(home.paths.journal)).toBe(false);
  });

  test.each([
    ["nothing", ""],
    ["white space", " \r\n\t"],
    ["a byte order mark alone", "\ufeff"],
  ] as const)("an stdin of %s, which is no loss either", async (_, stdin) => {
    expect(await hook(stdin)).toEqual(SILENT);
    expect(existsSync(home.paths.journal)).toBe(false);
    expect(lossReasons(home)).toEqual([]);
  });

  test("an stdin that is the null device", async () => {
    expect(await hook("ignore")).toEqual(SILENT);
    expect(existsSync(home.paths.journal)).toBe(false);
  });

  test.each([
    ["no JSON", '{"session_id":', "not JSON"],
    ["binary", "\u0000\u0001", "not JSON"],
    ["an array", "[1]", "no object"],
    ["null", "null", "no object"],
    ["a string", '"x"', "no object"],
  ] as const)("a payload that is %s, which is noted as a loss", async (_, stdin, reason) => {
    expect(await hook(stdin)).toEqual(SILENT);
    expect(existsSync(home.paths.journal)).toBe(false);
    expect(lossReasons(home)).toEqual([reason]);
  });

  test("an event that spans do not need", async () => {
    expect(await hook(JSON.stringify(claudePayload({ hook_event_name: "MessageDisplay" })))).toEqual(SILENT);
    expect(await hook(JSON.stringify(claudePayload({ hook_event_name: "BrandNew" })))).toEqual(SILENT);
    expect(existsSync(home.paths.journal)).toBe(false);
  });

  test("a call for an unknown agent, or for none", async () => {
    const payload = JSON.stringify(claudePayload());
    expect(await hook(payload, {}, ["hook", "nobody"])).toEqual(SILENT);
    expect(await hook(payload, {}, ["hook"])).toEqual(SILENT);
    expect(existsSync(home.paths.journal)).toBe(false);
  });

  test("the payload of another program that runs Claude Code's hooks", async () => {
    const payload = {
      ...claudePayload({ hook_event_name: "sessionStart" }),
      conversation_id: "c",
      cursor_version: "2026.08.11",
    };
    expect(await hook(JSON.stringify(payload))).toEqual(SILENT);
    expect(existsSync(home.paths.journal)).toBe(false);
    expect(lossReasons(home)).toEqual([]);
  });
});

describe("whatever happens the agent sees exit code 0 and no byte", () => {
  const payload = JSON.stringify(claudePayload());

  test("no home in the environment", async () => {
    expect(await callHook({ env: {}, stdin: payload })).toEqual(SILENT);
    expect(await callHook({ env: { HOME: "" }, stdin: payload })).toEqual(SILENT);
  });

  test("a home that does not exist is created, one that cannot be is given up", async () => {
    const missing = join(home.folder, "not/there");
    expect(await hook(payload, { HOME: missing })).toEqual(SILENT);
    expect(existsSync(pathsIn(missing).journal)).toBe(true);
    expect(await hook(payload, { HOME: "/dev/null/home" })).toEqual(SILENT);
  });

  test("a home on a read-only file system", async () => {
    // /proc takes no files from anyone, root included.
    expect(await hook(payload, { HOME: "/proc", ARIZE_API_KEY: "k", ARIZE_TRACE_DEBUG: "true" })).toEqual(SILENT);
  });

  test("a full disk, which is noted as a loss where a note still fits", async () => {
    const folder = join(home.paths.journal, "claude-code");
    mkdirSync(folder, { recursive: true });
    const hour = bucketOf(Date.now());
    for (const bucket of [hour, hour + 1]) symlinkSync("/dev/full", join(folder, `${SESSION}.${bucket}.jsonl`));
    expect(await hook(payload)).toEqual(SILENT);
    expect(lossReasons(home)).toEqual(["ENOSPC"]);
  });

  test("a disk that fills up in the middle of a line", async () => {
    const big = JSON.stringify(claudePayload({ pad: "x".repeat(100_000) }));
    const limited = 'trap "" XFSZ; ulimit -f 16; exec "$0" hook claude';
    expect(await callHook({ env: { HOME: home.folder }, stdin: big, through: limited })).toEqual(SILENT);
    expect(lossReasons(home)).toEqual(["EFBIG"]);
    expect(await hook(payload)).toEqual(SILENT);
    const { events, corrupt } = journaled(home);
    expect(events).toHaveLength(1);
    expect(corrupt).toBe(1);
  });

  test("a journal folder that is a file", async () => {
    writeFileSync(home.paths.journal, "");
    expect(await hook(payload)).toEqual(SILENT);
    expect(lossReasons(home)).toEqual(["ENOTDIR"]);
  });

  test("closed standard descriptors", async () => {
    const child = Bun.spawn(["/bin/sh", "-c", 'exec "$0" hook claude <&- >&- 2>&-', await builtProgram()], {
      env: { HOME: home.folder },
      stdio: ["ignore", "pipe", "pipe"],
    });
    expect(await child.exited).toBe(0);
  });

  test("readers of stdout and stderr that are gone", async () => {
    const child = Bun.spawn(
      ["/bin/sh", "-c", '("$0" hook claude; echo "code $?" >&3) 3>&1 >/dev/null 2>&1 | cat', await builtProgram()],
      {
        env: { HOME: home.folder, PATH: "/usr/bin:/bin" },
        stdin: new TextEncoder().encode(payload),
        stdout: "pipe",
      },
    );
    expect(await new Response(child.stdout).text()).toBe("code 0\n");
  });

  test("an stdin that stays open after the payload, and one that never says anything", async () => {
    const program = await builtProgram();
    const children = [payload, ""].map((text) => {
      const child = Bun.spawn([program, "hook", "claude"], {
        env: { HOME: home.folder },
        stdin: "pipe",
        stdout: "pipe",
        stderr: "pipe",
      });
      child.stdin.write(text);
      child.stdin.flush();
      return child;
    });
    expect(await Promise.all(children.map((child) => child.exited))).toEqual([0, 0]);
    expect(journaled(home).events).toHaveLength(1);
  });

  test("a non-blocking stdin that is still empty", async () => {
    // The shell's background job writes late; the pipe's reading end is set non-blocking before the hook starts.
    const script = `
      import { openSync, constants } from "node:fs";
      const fd = openSync(process.argv[2], constants.O_RDONLY | constants.O_NONBLOCK);
      const child = Bun.spawn([process.argv[1], "hook", "claude"], { stdio: [fd, "pipe", "pipe"], env: process.env });
      await Bun.sleep(50);
      await Bun.write(process.argv[2], process.argv[3]);
      process.exit(await child.exited);`;
    const fifo = join(home.folder, "fifo");
    expect(await Bun.spawn(["mkfifo", fifo]).exited).toBe(0);
    const child = Bun.spawn([process.execPath, "-e", script, await builtProgram(), fifo, payload], {
      env: { HOME: home.folder, PATH: "/usr/bin:/bin" },
    });
    expect(await child.exited).toBe(0);
    expect(journaled(home).events).toHaveLength(1);
  });

  test("files of the project that Bun would read", async () => {
    const project = join(home.folder, "project");
    mkdirSync(project);
    writeFileSync(join(project, ".env"), "ARIZE_TRACE_ENABLED=false\nHOME=/nowhere\n");
    writeFileSync(join(project, "bunfig.toml"), 'preload = ["./evil.ts"]\n');
    writeFileSync(join(project, "evil.ts"), 'console.log("evil"); process.exit(3);\n');
    writeFileSync(join(project, "package.json"), "{ not json");
    writeFileSync(join(project, "tsconfig.json"), "{ not json");
    expect(await callHook({ env: { HOME: home.folder }, stdin: payload, cwd: project })).toEqual(SILENT);
    expect(journaled(home).events).toHaveLength(1);
  });
});

test("a terminal on stdin is not waited for", async () => {
  let shown = "";
  const child = Bun.spawn([await builtProgram(), "hook", "claude"], {
    env: { HOME: home.folder },
    terminal: { cols: 80, rows: 24, data: (_, bytes) => (shown += new TextDecoder().decode(bytes)) },
  });
  expect(await child.exited).toBe(0);
  expect(shown).toBe("");
});

test("ARIZE_TRACE_DEBUG dumps the raw payload into a private file", async () => {
  const text = JSON.stringify(claudePayload());
  expect(await hook(text, { ARIZE_TRACE_DEBUG: "true" }, ["hook", "claude", "PreToolUse"])).toEqual(SILENT);
  const folder = join(home.paths.state, "claude-code/debug");
  const files = readdirSync(folder);
  expect(files).toHaveLength(1);
  expect(readFileSync(join(folder, files[0] ?? ""), "utf8")).toBe(text);
  expect(statSync(join(folder, files[0] ?? "")).mode & 0o777).toBe(0o600);
});
