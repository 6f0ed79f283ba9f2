/** TLS and proxies, over real sockets. */

import { afterEach, describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createDelivery } from "../../src/export/deliver.ts";
import type { DeliveryReport } from "../../src/export/sink.ts";
import { readTrust } from "../../src/export/trust.ts";
import { createAuthority } from "./certificate.ts";
import { startProxy } from "./proxyServer.ts";
import { sampleSpan, startReceiver, targetAt } from "./sample.ts";

const PATIENT = { timeoutMs: 20_000 };
const authority = createAuthority("test authority");
const stranger = createAuthority("another authority");
const identity = authority.issue(["localhost", "sink.test", "127.0.0.1"]);

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function folder(files: Readonly<Record<string, string>>): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "trust-"));
  stops.push(() => rm(path, { recursive: true }));
  for (const [name, content] of Object.entries(files)) await writeFile(join(path, name), content);
  return path;
}

function secureReceiver(): ReturnType<typeof startReceiver> {
  const receiver = startReceiver(undefined, identity);
  stops.push(receiver.stop);
  return receiver;
}

async function send(url: string, env: Readonly<Record<string, string>>): Promise<DeliveryReport> {
  const { deliver } = createDelivery(env);
  return deliver(targetAt(url), { authorization: "Bearer tok-1-abc" }, "a", [sampleSpan()], PATIENT);
}

const ACCEPTED: DeliveryReport = { outcome: "accepted", rejected: 0 };
const reasonOf = (report: DeliveryReport): string => ("reason" in report ? report.reason : "");

describe("TLS", () => {
  test("a certificate of an unknown authority pauses the sink and the credential stays here", async () => {
    const receiver = secureReceiver();
    const report = await send(receiver.url, {});
    expect(report.outcome).toBe("pause");
    expect(reasonOf(report)).toMatch(/^TLS: .*not trusted.*NODE_EXTRA_CA_CERTS/);
    expect(receiver.seen).toHaveLength(0);
  });

  test("a switched-off certificate check of the surrounding shell does not count", async () => {
    const receiver = secureReceiver();
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
    try {
      expect((await send(receiver.url, {})).outcome).toBe("pause");
    } finally {
      delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    }
    expect(receiver.seen).toHaveLength(0);
  });

  test("NODE_EXTRA_CA_CERTS, SSL_CERT_FILE and SSL_CERT_DIR each add the authority", async () => {
    const directory = await folder({ "company.pem": authority.cert, "notes.txt": "no certificate" });
    const file = join(directory, "company.pem");
    for (const env of [
      { NODE_EXTRA_CA_CERTS: file },
      { SSL_CERT_FILE: file },
      { SSL_CERT_DIR: directory },
      { SSL_CERT_DIR: `/nowhere:${directory}` },
      { NODE_EXTRA_CA_CERTS: file, SSL_CERT_FILE: "/nowhere" },
    ]) {
      const receiver = secureReceiver();
      expect(await send(receiver.url, env)).toEqual(ACCEPTED);
      expect(receiver.seen).toHaveLength(1);
    }
  });

  test("a certificate for another host pauses the sink", async () => {
    const directory = await folder({ "ca.pem": authority.cert });
    const receiver = startReceiver(undefined, authority.issue(["other.test"]));
    stops.push(receiver.stop);
    const report = await send(receiver.url, { NODE_EXTRA_CA_CERTS: join(directory, "ca.pem") });
    expect(report.outcome).toBe("pause");
    expect(reasonOf(report)).toContain("not for 127.0.0.1");
    expect(receiver.seen).toHaveLength(0);
  });

  test("TLS to a port that speaks plain HTTP pauses the sink", async () => {
    const receiver = startReceiver();
    stops.push(receiver.stop);
    const report = await send(receiver.url.replace("http:", "https:"), {});
    expect(report.outcome).toBe("pause");
    expect(reasonOf(report)).toStartWith("TLS: ");
  });

  test("an unusable certificate file is named in the reason of the failure it causes", async () => {
    const receiver = secureReceiver();
    const report = await send(receiver.url, { NODE_EXTRA_CA_CERTS: "/nowhere/company.pem" });
    expect(reasonOf(report)).toContain("NODE_EXTRA_CA_CERTS: cannot read /nowhere/company.pem");
  });
});

describe("trusted roots", () => {
  test("every source adds to the built-in roots and none replaces them", async () => {
    const directory = await folder({ "a.pem": `${authority.cert}${stranger.cert}`, "b.crt": authority.cert });
    const none = readTrust({});
    const all = readTrust({ SSL_CERT_DIR: directory, NODE_EXTRA_CA_CERTS: join(directory, "b.crt") });
    expect(none.problems).toEqual([]);
    expect(none.roots.length).toBeGreaterThan(50);
    expect(all.roots.length).toBe(none.roots.length + 2);
    expect(all.problems).toEqual([]);
  });

  test("a broken certificate among good ones is left out", async () => {
    const broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    const directory = await folder({ "a.pem": `${broken}${authority.cert}` });
    const { roots, problems } = readTrust({ SSL_CERT_FILE: join(directory, "a.pem") });
    expect(roots.some((pem) => pem.includes("AAAA\n-----END"))).toBe(false);
    expect(roots.length).toBe(readTrust({}).roots.length + 1);
    expect(problems).toEqual([]);
  });

  test("sources without a certificate are problems, not errors", async () => {
    const directory = await folder({ "empty.pem": "" });
    expect(
      readTrust({
        NODE_EXTRA_CA_CERTS: join(directory, "empty.pem"),
        SSL_CERT_FILE: directory,
        SSL_CERT_DIR: join(directory, "missing"),
      }).problems,
    ).toEqual([
      `NODE_EXTRA_CA_CERTS: no certificate in ${join(directory, "empty.pem")}`,
      `SSL_CERT_FILE: no certificate in ${directory}`,
      `SSL_CERT_DIR: cannot read ${join(directory, "missing")}`,
    ]);
  });
});

describe("a proxy", () => {
  async function trusted(): Promise<Record<string, string>> {
    return { NODE_EXTRA_CA_CERTS: join(await folder({ "ca.pem": authority.cert }), "ca.pem") };
  }

  test("tunnels https by CONNECT with the credentials of its URL, and never sees the sink's credential", async () => {
    const receiver = secureReceiver();
    const proxy = await startProxy(receiver.port, "ada:p@ss:word");
    stops.push(proxy.stop);
    const env = { ...(await trusted()), HTTPS_PROXY: `http://ada:p%40ss%3Aword@${proxy.host}` };
    expect(await send("https://sink.test/v1/traces", env)).toEqual(ACCEPTED);
    expect(proxy.log).toEqual(["CONNECT sink.test:443"]);
    expect(receiver.seen[0]?.headers.get("authorization")).toBe("Bearer tok-1-abc");
    expect(receiver.seen[0]?.headers.has("proxy-authorization")).toBe(false);
  });

  test("does not weaken the certificate check of what lies behind it", async () => {
    const receiver = secureReceiver();
    const proxy = await startProxy(receiver.port);
    stops.push(proxy.stop);
    const env = { HTTPS_PROXY: `http://${proxy.host}` };
    expect((await send("https://sink.test/v1/traces", env)).outcome).toBe("pause");
    expect((await send("https://other.test/v1/traces", { ...env, ...(await trusted()) })).outcome).toBe("pause");
    expect(receiver.seen).toHaveLength(0);
  });

  test("that rejects its credentials pauses the sink, without telling them", async () => {
    const proxy = await startProxy(1, "ada:right");
    stops.push(proxy.stop);
    const url = `http://ada:wrong-pass@${proxy.host}`;
    for (const target of ["https://sink.test/v1/traces", "http://sink.test/v1/traces"]) {
      const report = await send(target, { HTTPS_PROXY: url, HTTP_PROXY: url });
      expect(report.outcome).toBe("pause");
      expect(reasonOf(report)).toContain("407");
      expect(reasonOf(report)).not.toContain("wrong-pass");
    }
  });

  test("that cannot reach the sink, or cannot be reached, is tried again", async () => {
    const proxy = await startProxy(0);
    stops.push(proxy.stop);
    const report = await send("https://sink.test/v1/traces", { HTTPS_PROXY: `http://${proxy.host}` });
    expect(report.outcome).toBe("retry");
    expect(reasonOf(report)).toContain("503");
    proxy.stop();
    expect((await send("https://sink.test/v1/traces", { HTTPS_PROXY: `http://${proxy.host}` })).outcome).toBe("retry");
  });

  test("of a kind that cannot be used pauses the sink", async () => {
    for (const HTTPS_PROXY of ["socks5://127.0.0.1:1080", "http://", "http://[broken"]) {
      expect((await send("https://sink.test/v1/traces", { HTTPS_PROXY })).outcome).toBe("pause");
    }
  });

  test("takes plain http as whole requests", async () => {
    const proxy = await startProxy(0);
    stops.push(proxy.stop);
    expect(await send("http://sink.test:4318/v1/traces", { HTTP_PROXY: `http://${proxy.host}` })).toEqual(ACCEPTED);
    expect(proxy.log).toEqual(["POST http://sink.test:4318/v1/traces"]);
  });

  test("is passed by for hosts of NO_PROXY and for loopback, whatever the process's own environment says", async () => {
    const proxy = await startProxy(0);
    stops.push(proxy.stop);
    const url = `http://${proxy.host}`;
    const receiver = startReceiver();
    stops.push(receiver.stop);
    process.env.HTTP_PROXY = url;
    try {
      expect(await send(receiver.url, { HTTP_PROXY: url })).toEqual(ACCEPTED);
      const report = await send("http://sink.invalid/v1/traces", { HTTP_PROXY: url, NO_PROXY: "invalid" });
      expect(report.outcome).toBe("retry");
    } finally {
      delete process.env.HTTP_PROXY;
    }
    expect(receiver.seen).toHaveLength(1);
    expect(proxy.log).toEqual([]);
  });

  test("is used although the process's own NO_PROXY covers everything, when the given environment does not", async () => {
    const proxy = await startProxy(0);
    stops.push(proxy.stop);
    process.env.NO_PROXY = "*";
    try {
      expect(await send("http://sink.test/v1/traces", { HTTP_PROXY: `http://${proxy.host}` })).toEqual(ACCEPTED);
    } finally {
      delete process.env.NO_PROXY;
    }
    expect(proxy.log).toHaveLength(1);
  });
});
