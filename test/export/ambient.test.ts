import { afterAll, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { createAuthority } from "./certificate.ts";
import { type Seen, startReceiver } from "./sample.ts";

const CHILD = join(import.meta.dir, "child.ts");
const authority = createAuthority("test authority");
const folder = await mkdtemp(join(tmpdir(), "ambient-"));
await writeFile(join(folder, "ca.pem"), authority.cert);
afterAll(() => rm(folder, { recursive: true }));

/** Runs the child and returns what it printed and what the sink saw. */
async function run(
  env: Readonly<Record<string, string>>,
  secure = false,
): Promise<{ readonly out: string; readonly err: string; readonly seen: readonly Seen[] }> {
  const receiver = startReceiver(undefined, secure ? authority.issue(["127.0.0.1"]) : undefined);
  try {
    const child = Bun.spawn([process.execPath, CHILD, receiver.url], {
      env: { PATH: process.env.PATH ?? "", HOME: folder, ...env },
      stdout: "pipe",
      stderr: "pipe",
    });
    const [out, err] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
    await child.exited;
    return { out, err, seen: receiver.seen };
  } finally {
    await receiver.stop();
  }
}

const ACCEPTED = JSON.stringify({ outcome: "accepted", rejected: 0 });

test("no variable of the surrounding shell changes a request, and nothing is printed", async () => {
  const plain = await run({});
  const ambient = await run({
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9",
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://127.0.0.1:9/v1/traces",
    OTEL_EXPORTER_OTLP_HEADERS: "x-stolen=1,api_key=other",
    OTEL_EXPORTER_OTLP_TRACES_HEADERS: "x-stolen=2",
    OTEL_EXPORTER_OTLP_COMPRESSION: "none",
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "http/json",
    OTEL_EXPORTER_OTLP_TIMEOUT: "1",
    OTEL_EXPORTER_OTLP_CERTIFICATE: "/nowhere",
    OTEL_SERVICE_NAME: "other",
    OTEL_RESOURCE_ATTRIBUTES: "team=other,service.name=other",
    OTEL_ATTRIBUTE_COUNT_LIMIT: "1",
    OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: "1",
    OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: "1",
    OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: "1",
    OTEL_SDK_DISABLED: "true",
    OTEL_TRACES_SAMPLER: "always_off",
    OTEL_LOG_LEVEL: "all",
    HTTP_PROXY: "http://127.0.0.1:9",
    http_proxy: "http://127.0.0.1:9",
    ALL_PROXY: "socks5://127.0.0.1:9",
    BUN_CONFIG_VERBOSE_FETCH: "curl",
  });
  expect([plain.out, plain.err]).toEqual([ACCEPTED, ""]);
  expect([ambient.out, ambient.err]).toEqual([ACCEPTED, ""]);
  const request = ({ seen }: typeof plain): unknown => {
    const [only] = seen;
    const headers = Object.fromEntries(only?.headers ?? []);
    return { ...headers, host: "", body: Buffer.from(gunzipSync(only?.body ?? "")).toString("hex") };
  };
  expect(ambient.seen).toHaveLength(1);
  expect(request(ambient)).toEqual(request(plain));
  expect(ambient.seen[0]?.groups[0]?.resource["service.name"]).toEqual({ type: "string", value: "claude-code" });
});

test("a process that was started with NODE_EXTRA_CA_CERTS or SSL_CERT_FILE trusts what they name", async () => {
  for (const name of ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"]) {
    expect((await run({ [name]: join(folder, "ca.pem") }, true)).out).toBe(ACCEPTED);
  }
  expect((await run({ NODE_TLS_REJECT_UNAUTHORIZED: "0" }, true)).out).toContain(`"outcome":"pause"`);
});
