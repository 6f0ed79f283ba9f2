import { describe, expect, test } from "bun:test";
import { credentialsFor, ownEnvironment } from "../../src/config/credentials.ts";
import type { ConfigFile } from "../../src/config/read.ts";
import { type ResolvedSettings, resolveSettings } from "../../src/config/resolve.ts";
import type { ConfigValues } from "../../src/config/schema.ts";
import type { Settings } from "../../src/config/settings.ts";
import { sameDestination } from "../../src/config/sinks.ts";

const SALT = new Uint8Array(32).fill(7);
const AGENT = "claude-code";

type Env = Readonly<Record<string, string>>;

function fileOf(values: ConfigValues): ConfigFile {
  return { path: "config.json", values, unreadable: false, problems: [] };
}

/** Resolves as the drain does: from the environment that a hook would have journaled. */
function resolve(values: ConfigValues, env: Env = {}, file: ConfigFile = fileOf(values)): ResolvedSettings {
  return resolveSettings({ file, agentKey: AGENT, salt: SALT, ...ownEnvironment(env, SALT) });
}

const harness = (fields: NonNullable<ConfigValues["harnesses"]>[string]): ConfigValues => ({
  harnesses: { [AGENT]: fields },
});

const AX_FILE = harness({
  target: "arize",
  endpoint: "otlp.arize.com:443",
  api_key: "file-key",
  space_id: "file-space",
});
const PHOENIX_FILE = harness({ target: "phoenix", endpoint: "https://phoenix.corp:6006", api_key: "file-key" });
const AX_ENV = { ARIZE_API_KEY: "env-key", ARIZE_SPACE_ID: "env-space" };

interface Row {
  readonly rule: string;
  readonly file?: ConfigValues;
  readonly env?: Env;
  readonly expected: Partial<Settings>;
}

const SETTINGS: readonly Row[] = [
  {
    rule: "nothing is configured: everything is captured, masked and kept local",
    expected: {
      enabled: true,
      dryRun: false,
      verbose: false,
      debug: false,
      attributes: {},
      log: { prompts: true, toolDetails: true, toolContent: true },
      messages: "new",
      mask: true,
      maxTextChars: 100_000,
      flush: "async",
      sinks: [],
      retentionDays: 30,
      maxStoreMb: 1024,
    },
  },
  { rule: "ARIZE_TRACE_ENABLED=false disables", env: { ARIZE_TRACE_ENABLED: "false" }, expected: { enabled: false } },
  { rule: "0, no and off are words for false", env: { ARIZE_TRACE_ENABLED: " OFF " }, expected: { enabled: false } },
  { rule: "an empty switch is no switch", env: { ARIZE_TRACE_ENABLED: "" }, expected: { enabled: true } },
  { rule: "ARIZE_DRY_RUN=1", env: { ARIZE_DRY_RUN: "1" }, expected: { dryRun: true } },
  { rule: "ARIZE_VERBOSE=yes", env: { ARIZE_VERBOSE: "yes" }, expected: { verbose: true } },
  { rule: "ARIZE_TRACE_DEBUG=True", env: { ARIZE_TRACE_DEBUG: "True" }, expected: { debug: true } },
  {
    rule: "logging switches of the file",
    file: { logging: { prompts: false, tool_content: false } },
    expected: { log: { prompts: false, toolDetails: true, toolContent: false } },
  },
  {
    rule: "the environment wins over the file's logging switches, both ways",
    file: { logging: { prompts: false, tool_details: true } },
    env: { ARIZE_LOG_PROMPTS: "true", ARIZE_LOG_TOOL_DETAILS: "false" },
    expected: { log: { prompts: true, toolDetails: false, toolContent: true } },
  },
  {
    rule: "a logging switch that says neither yes nor no counts as off",
    env: { ARIZE_LOG_PROMPTS: "maybe" },
    expected: { log: { prompts: false, toolDetails: true, toolContent: true } },
  },
  { rule: "user id: top of the file", file: { user_id: "ada" }, expected: { userId: "ada" } },
  {
    rule: "user id: the agent's wins over the top",
    file: { user_id: "ada", ...harness({ user_id: "grace" }) },
    expected: { userId: "grace" },
  },
  {
    rule: "user id: the environment wins over the file",
    file: { user_id: "ada", ...harness({ user_id: "grace" }) },
    env: { ARIZE_USER_ID: "joan" },
    expected: { userId: "joan" },
  },
  {
    rule: "attributes: top, agent, environment; later wins; file values keep their type",
    file: { attributes: { a: 1, b: true, c: "top" }, ...harness({ attributes: { b: "agent", d: 2.5 } }) },
    env: { OTEL_RESOURCE_ATTRIBUTES: "c=env%2Cvalue, e = x%20y" },
    expected: { attributes: { a: 1, b: "agent", c: "env,value", d: 2.5, e: "x y" } },
  },
  {
    rule: "of OTEL_RESOURCE_ATTRIBUTES, pairs that are none are left out and a bare percent sign is one",
    env: { OTEL_RESOURCE_ATTRIBUTES: "a=1,nonsense,=x,share=50%,url=http%3A%2F%2Fx=y," },
    expected: { attributes: { a: "1", share: "50%", url: "http://x=y" } },
  },
  {
    rule: "capture, store and flush of the file",
    file: {
      capture: { messages: "full", mask: false, max_text_chars: 500 },
      store: { retention_days: 0, max_mb: 10 },
      flush: "sync",
    },
    expected: { messages: "full", mask: false, maxTextChars: 500, retentionDays: 0, maxStoreMb: 10, flush: "sync" },
  },
  { rule: "CI waits", env: { CI: "true" }, expected: { flush: "sync" } },
  { rule: "CI=false does not", env: { CI: "false" }, expected: { flush: "async" } },
  { rule: "ARIZE_FLUSH wins over CI", env: { CI: "1", ARIZE_FLUSH: "async" }, expected: { flush: "async" } },
  {
    rule: "ARIZE_FLUSH wins over the file",
    file: { flush: "async" },
    env: { ARIZE_FLUSH: "sync" },
    expected: { flush: "sync" },
  },
  {
    rule: "a flush of the file wins over CI",
    file: { flush: "async" },
    env: { CI: "1" },
    expected: { flush: "async" },
  },
];

describe("precedence of settings", () => {
  for (const { rule, file = {}, env = {}, expected } of SETTINGS) {
    test(rule, () => expect(resolve(file, env).settings).toMatchObject(expected));
  }

  test("an empty user id of the agent in the file leaves the top one", () => {
    expect(resolve({ user_id: "ada", ...harness({ user_id: "" }) }).settings.userId).toBe("ada");
  });

  test("what is wrong in the environment is reported under its variable", () => {
    const { problems } = resolve({}, { OTEL_RESOURCE_ATTRIBUTES: "nonsense", ARIZE_LOG_PROMPTS: "maybe" });
    expect(problems.map(({ file, field }) => [file, field])).toEqual([
      ["environment", "OTEL_RESOURCE_ATTRIBUTES"],
      ["environment", "ARIZE_LOG_PROMPTS"],
    ]);
  });

  test("an explicitly empty ARIZE_USER_ID blanks the file's", () => {
    expect(resolve({ user_id: "ada" }, { ARIZE_USER_ID: "" }).settings.userId).toBeUndefined();
  });

  test("a credential among the attributes is masked", () => {
    const env = { OTEL_RESOURCE_ATTRIBUTES: "db.password=hunter2,team=payments" };
    expect(resolve({}, env).settings.attributes).toEqual({ "db.password": "<masked password>", team: "payments" });
    expect(resolve({ capture: { mask: false } }, env).settings.attributes["db.password"]).toBe("hunter2");
  });

  test("without any configuration nothing is reported", () => {
    expect(resolve({}).problems).toEqual([]);
  });

  test("a file that means nothing switches captured text off, since its privacy switches are unknown", () => {
    const broken: ConfigFile = { path: "config.json", values: {}, unreadable: true, problems: [] };
    expect(resolve({}, {}, broken).settings.log).toEqual({ prompts: false, toolDetails: false, toolContent: false });
    expect(resolve({}, { ARIZE_LOG_PROMPTS: "true" }, broken).settings.log.prompts).toBe(true);
  });
});

interface SinkRow {
  readonly rule: string;
  readonly file?: ConfigValues;
  readonly env?: Env;
  /** kind, url, project, layer, `authorization` header */
  readonly expected: readonly (readonly [string, string, string, string, string | undefined])[];
  readonly problem?: string;
}

const SINKS: readonly SinkRow[] = [
  { rule: "target local is no sink", file: harness({ target: "local" }), expected: [] },
  {
    rule: "AX of the file, host:port meaning https",
    file: AX_FILE,
    expected: [["arize", "https://otlp.arize.com/v1/traces", AGENT, "file", "Bearer file-key"]],
  },
  {
    rule: "ARIZE_API_KEY and ARIZE_SPACE_ID select AX",
    env: AX_ENV,
    expected: [["arize", "https://otlp.arize.com/v1/traces", AGENT, "environment", "Bearer env-key"]],
  },
  {
    rule: "ARIZE_API_KEY alone selects nothing",
    env: { ARIZE_API_KEY: "env-key" },
    file: AX_FILE,
    expected: [["arize", "https://otlp.arize.com/v1/traces", AGENT, "file", "Bearer file-key"]],
  },
  {
    rule: "AX of the environment does not take its endpoint from the file",
    file: harness({ target: "arize", endpoint: "otlp.eu.example.com", api_key: "k", space_id: "s" }),
    env: AX_ENV,
    expected: [["arize", "https://otlp.arize.com/v1/traces", AGENT, "environment", "Bearer env-key"]],
  },
  {
    rule: "ARIZE_OTLP_ENDPOINT with its key",
    env: { ...AX_ENV, ARIZE_OTLP_ENDPOINT: "http://127.0.0.1:9000" },
    expected: [["arize", "http://127.0.0.1:9000/v1/traces", AGENT, "environment", "Bearer env-key"]],
  },
  {
    rule: "PHOENIX_ENDPOINT wins over AX when both are set",
    env: { ...AX_ENV, PHOENIX_ENDPOINT: "http://localhost:6006", PHOENIX_API_KEY: "phoenix-key" },
    expected: [["phoenix", "http://localhost:6006/v1/traces", AGENT, "environment", "Bearer phoenix-key"]],
  },
  {
    rule: "the Phoenix key falls back to ARIZE_API_KEY",
    env: { ...AX_ENV, PHOENIX_ENDPOINT: "http://localhost:6006/v1/traces" },
    expected: [["phoenix", "http://localhost:6006/v1/traces", AGENT, "environment", "Bearer env-key"]],
  },
  {
    rule: "PHOENIX_ENDPOINT without any key needs none",
    env: { PHOENIX_ENDPOINT: "localhost:6006" },
    expected: [["phoenix", "http://localhost:6006/v1/traces", AGENT, "environment", undefined]],
  },
  {
    rule: "PHOENIX_ENDPOINT replaces every sink of the file",
    file: { ...AX_FILE, sinks: [{ target: "otlp", endpoint: "http://localhost:4318" }] },
    env: { PHOENIX_ENDPOINT: "http://localhost:6006" },
    expected: [["phoenix", "http://localhost:6006/v1/traces", AGENT, "environment", undefined]],
  },
  {
    rule: "a key of the file never goes to a Phoenix host of the environment",
    file: PHOENIX_FILE,
    env: { PHOENIX_ENDPOINT: "https://evil.example" },
    expected: [["phoenix", "https://evil.example/v1/traces", AGENT, "environment", undefined]],
  },
  {
    rule: "nor to another port of its host",
    file: PHOENIX_FILE,
    env: { PHOENIX_ENDPOINT: "https://phoenix.corp:6007" },
    expected: [["phoenix", "https://phoenix.corp:6007/v1/traces", AGENT, "environment", undefined]],
  },
  {
    rule: "nor to its host without encryption",
    file: PHOENIX_FILE,
    env: { PHOENIX_ENDPOINT: "http://phoenix.corp:6006" },
    expected: [["phoenix", "http://phoenix.corp:6006/v1/traces", AGENT, "environment", undefined]],
  },
  {
    rule: "but to the same scheme, host and port",
    file: PHOENIX_FILE,
    env: { PHOENIX_ENDPOINT: "https://PHOENIX.corp:6006/" },
    expected: [["phoenix", "https://phoenix.corp:6006/v1/traces", AGENT, "environment", "Bearer file-key"]],
  },
  {
    rule: "an AX endpoint of the environment without its key leaves the file's sink as it is",
    file: AX_FILE,
    env: { ARIZE_OTLP_ENDPOINT: "https://evil.example" },
    expected: [["arize", "https://otlp.arize.com/v1/traces", AGENT, "file", "Bearer file-key"]],
    problem: "ARIZE_OTLP_ENDPOINT",
  },
  {
    rule: "a PHOENIX_ENDPOINT that is no URL sends nothing anywhere else",
    file: AX_FILE,
    env: { PHOENIX_ENDPOINT: "grpc://localhost:4317" },
    expected: [],
    problem: "PHOENIX_ENDPOINT",
  },
  {
    rule: "PHOENIX_API_KEY without PHOENIX_ENDPOINT is not used, and that is said",
    file: harness({ target: "phoenix", endpoint: "http://localhost:6006", api_key: "" }),
    env: { PHOENIX_API_KEY: "phoenix-key" },
    expected: [["phoenix", "http://localhost:6006/v1/traces", AGENT, "file", undefined]],
    problem: "PHOENIX_API_KEY",
  },
  {
    rule: "ARIZE_PROJECT_NAME is for AX",
    file: { harnesses: { [AGENT]: { ...AX_FILE.harnesses?.[AGENT], project_name: "from-file" } } },
    env: { ARIZE_PROJECT_NAME: "from-env", PHOENIX_PROJECT: "other" },
    expected: [["arize", "https://otlp.arize.com/v1/traces", "from-env", "file", "Bearer file-key"]],
  },
  {
    rule: "PHOENIX_PROJECT, then PHOENIX_PROJECT_NAME, are for Phoenix",
    file: PHOENIX_FILE,
    env: { ARIZE_PROJECT_NAME: "other", PHOENIX_PROJECT_NAME: "second" },
    expected: [["phoenix", "https://phoenix.corp:6006/v1/traces", "second", "file", "Bearer file-key"]],
  },
  {
    rule: "project_name of the file",
    file: harness({ target: "phoenix", endpoint: "http://localhost:6006", project_name: "from-file" }),
    expected: [["phoenix", "http://localhost:6006/v1/traces", "from-file", "file", undefined]],
  },
  {
    rule: "several sinks: the agent's, its further ones, those of all agents; a double one once",
    file: {
      harnesses: {
        [AGENT]: {
          target: "phoenix",
          endpoint: "http://localhost:6006",
          sinks: [{ target: "otlp", endpoint: "http://localhost:4318", project_name: "second" }],
        },
      },
      sinks: [
        { target: "otlp", endpoint: "https://collector.corp/custom", headers: { "X-Key": "abc" } },
        { target: "phoenix", endpoint: "http://localhost:6006/v1/traces" },
      ],
    },
    expected: [
      ["phoenix", "http://localhost:6006/v1/traces", AGENT, "file", undefined],
      ["otlp", "http://localhost:4318/v1/traces", "second", "file", undefined],
      ["otlp", "https://collector.corp/custom", AGENT, "file", undefined],
    ],
  },
  {
    rule: "user info of an endpoint becomes a Basic credential",
    file: harness({ target: "otlp", endpoint: "https://ada:p%40ss@collector.corp?api_key=x" }),
    expected: [["otlp", "https://collector.corp/v1/traces", AGENT, "file", `Basic ${btoa("ada:p@ss")}`]],
    problem: "harnesses.claude-code.endpoint",
  },
  {
    rule: "user info of an endpoint of the environment does too",
    env: { PHOENIX_ENDPOINT: "https://ada:pass@phoenix.corp" },
    expected: [["phoenix", "https://phoenix.corp/v1/traces", AGENT, "environment", `Basic ${btoa("ada:pass")}`]],
  },
  {
    rule: "AX of the file without a space id is no sink, and that is said",
    file: harness({ target: "arize", api_key: "file-key" }),
    expected: [],
    problem: "harnesses.claude-code.space_id",
  },
  {
    rule: "OTEL_EXPORTER_OTLP_* is ignored",
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: "http://evil.example", OTEL_EXPORTER_OTLP_HEADERS: "a=b" },
    expected: [],
  },
];

describe("precedence of sinks", () => {
  for (const { rule, file = {}, env = {}, expected, problem } of SINKS) {
    test(rule, () => {
      const { settings, problems } = resolve(file, env);
      const found = settings.sinks.map((target) => {
        const headers = credentialsFor(target, { file: fileOf(file), env, salt: SALT, agentKey: AGENT });
        return [target.kind, target.url, target.project, target.layer, headers?.authorization];
      });
      expect(found).toEqual(expected.map((row) => [...row]));
      expect(problems.map(({ field }) => field)).toEqual(problem === undefined ? [] : [problem]);
    });
  }
});

describe("credentials", () => {
  const only = (values: ConfigValues, env: Env = {}) => {
    const target = resolve(values, env).settings.sinks[0];
    if (!target) throw new Error("no sink");
    return target;
  };

  test("AX gets key and space under the names that its SDKs send", () => {
    const headers = credentialsFor(only({}, AX_ENV), { file: fileOf({}), env: AX_ENV, salt: SALT, agentKey: AGENT });
    expect(headers).toEqual({
      authorization: "Bearer env-key",
      api_key: "env-key",
      space_id: "env-space",
      "arize-space-id": "env-space",
      "arize-interface": "otel",
    });
  });

  test("custom headers are secrets: not in the target, in the credentials", () => {
    const values = harness({
      target: "otlp",
      endpoint: "http://localhost:4318",
      headers: { "X-Tenant": "t1", "X-N": 5 },
    });
    const target = only(values);
    expect(JSON.stringify(target)).not.toContain("t1");
    expect(credentialsFor(target, { file: fileOf(values), env: {}, salt: SALT, agentKey: AGENT })).toEqual({
      "x-tenant": "t1",
      "x-n": "5",
    });
  });

  test("a session's key that this process does not have is not replaced by another key", () => {
    const target = only({}, AX_ENV);
    const other = { ARIZE_API_KEY: "other", ARIZE_SPACE_ID: "env-space" };
    expect(credentialsFor(target, { file: AX_FILE_READ, env: other, salt: SALT, agentKey: AGENT })).toBeUndefined();
    expect(credentialsFor(target, { file: fileOf({}), env: {}, salt: SALT, agentKey: AGENT })).toBeUndefined();
  });

  test("a key of the file does not follow when the file's endpoint moved to another host", () => {
    const target = only(PHOENIX_FILE);
    const moved = harness({ target: "phoenix", endpoint: "https://other.corp", api_key: "file-key" });
    expect(credentialsFor(target, { file: fileOf(moved), env: {}, salt: SALT, agentKey: AGENT })).toBeUndefined();
  });

  test("a sink of the file never takes a key of the environment, not even the same one at work elsewhere", () => {
    const target = only(PHOENIX_FILE);
    const env = { PHOENIX_API_KEY: "file-key" };
    expect(credentialsFor(target, { file: fileOf({}), env, salt: SALT, agentKey: AGENT })).toBeUndefined();
  });

  test("no target holds a secret in clear", () => {
    const values: ConfigValues = {
      ...AX_FILE,
      sinks: [
        {
          target: "otlp",
          endpoint: "https://user:url-password@c.corp?key=query-secret",
          headers: { a: "header-secret" },
        },
      ],
    };
    const text = JSON.stringify(resolve(values).settings.sinks);
    for (const secret of ["file-key", "file-space", "url-password", "query-secret", "header-secret"]) {
      expect(text).not.toContain(secret);
    }
  });

  test("the id changes with kind, endpoint, project and credential, and with nothing else", () => {
    const base = { target: "otlp", endpoint: "http://localhost:4318", api_key: "a" };
    const id = only(harness(base)).id;
    expect(only(harness({ ...base, compression: "none", protocol: "http/json" })).id).toBe(id);
    expect(only(harness({ ...base, endpoint: "http://localhost:4319" })).id).not.toBe(id);
    expect(only(harness({ ...base, project_name: "p" })).id).not.toBe(id);
    expect(only(harness({ ...base, api_key: "b" })).id).not.toBe(id);
    expect(only(harness({ ...base, headers: { a: "b" } })).id).not.toBe(id);
    expect(only(harness({ ...base, target: "phoenix" })).id).not.toBe(id);
  });

  test("a new key at the same place is the same destination", () => {
    const base = { target: "otlp", endpoint: "http://localhost:4318" };
    const [old, renewed] = [only(harness({ ...base, api_key: "a" })), only(harness({ ...base, api_key: "b" }))];
    expect(sameDestination(old, renewed)).toBe(true);
    expect(sameDestination(old, only(harness({ ...base, project_name: "p" })))).toBe(false);
  });

  test("a header that would start another header is not sent", () => {
    const values = harness({ target: "otlp", headers: { ok: "1", "bad name": "2", split: "a\r\nx: y" } });
    const { settings, problems } = resolve(values);
    expect(problems).toHaveLength(2);
    const [target] = settings.sinks;
    const headers = target && credentialsFor(target, { file: fileOf(values), env: {}, salt: SALT, agentKey: AGENT });
    expect(headers).toEqual({ ok: "1" });
  });

  test("Phoenix is sent protobuf even where the file says JSON", () => {
    const { settings, problems } = resolve(harness({ target: "phoenix", protocol: "http/json" }));
    expect(settings.sinks[0]?.encoding).toBe("protobuf");
    expect(problems.map(({ field }) => field)).toEqual(["harnesses.claude-code.protocol"]);
    expect(resolve(harness({ target: "otlp", protocol: "http/json" })).settings.sinks[0]?.encoding).toBe("json");
  });
});

const AX_FILE_READ = fileOf(AX_FILE);
