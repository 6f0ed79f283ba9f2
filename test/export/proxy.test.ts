import { describe, expect, test } from "bun:test";
import { proxyFor } from "../../src/export/proxy.ts";

const HTTPS = new URL("https://otlp.arize.com/v1/traces");
const PROXY = "http://proxy.corp:3128";

describe("the proxy of a request", () => {
  const cases: readonly [string, string, Record<string, string>, string | undefined][] = [
    ["no variable means no proxy", "https://a.example/", {}, undefined],
    ["HTTPS_PROXY serves https", "https://a.example/", { HTTPS_PROXY: PROXY }, PROXY],
    ["HTTPS_PROXY does not serve http", "http://a.example/", { HTTPS_PROXY: PROXY }, undefined],
    ["HTTP_PROXY serves http", "http://a.example/", { HTTP_PROXY: PROXY }, PROXY],
    ["HTTP_PROXY does not serve https", "https://a.example/", { HTTP_PROXY: PROXY }, undefined],
    ["lower case works", "https://a.example/", { https_proxy: PROXY }, PROXY],
    ["lower case wins", "https://a.example/", { https_proxy: PROXY, HTTPS_PROXY: "http://other:1" }, PROXY],
    [
      "an empty lower-case value switches off",
      "https://a.example/",
      { https_proxy: "", HTTPS_PROXY: PROXY },
      undefined,
    ],
    ["ALL_PROXY serves what has no own variable", "https://a.example/", { ALL_PROXY: PROXY }, PROXY],
    ["a proxy without a scheme is http", "https://a.example/", { HTTPS_PROXY: "proxy.corp:3128" }, PROXY],
    ["user-info stays", "https://a.example/", { HTTPS_PROXY: "http://u:p@proxy:1" }, "http://u:p@proxy:1"],
  ];
  for (const [name, url, env, expected] of cases) {
    test(name, () => expect(proxyFor(new URL(url), env)).toBe(expected));
  }

  for (const host of [
    "localhost",
    "LOCALHOST",
    "a.localhost",
    "127.0.0.1",
    "127.8.9.1",
    "[::1]",
    "[::ffff:127.0.0.1]",
  ]) {
    test(`loopback (${host}) is never proxied`, () => {
      for (const scheme of ["http", "https"]) {
        const env = { HTTP_PROXY: PROXY, HTTPS_PROXY: PROXY, ALL_PROXY: PROXY };
        expect(proxyFor(new URL(`${scheme}://${host}:4318/`), env)).toBeUndefined();
      }
    });
  }

  test("a host that only begins like loopback is proxied", () => {
    for (const host of ["127.0.0.1.evil.example", "localhost.evil.example", "notlocalhost"]) {
      expect(proxyFor(new URL(`https://${host}/`), { HTTPS_PROXY: PROXY })).toBe(PROXY);
    }
  });

  const exceptions: readonly [string, string, boolean][] = [
    ["*", "https://otlp.arize.com/", true],
    ["otlp.arize.com", "https://otlp.arize.com/", true],
    ["OTLP.ARIZE.COM", "https://otlp.arize.com/", true],
    ["arize.com", "https://otlp.arize.com/", true],
    [".arize.com", "https://otlp.arize.com/", true],
    ["*.arize.com", "https://otlp.arize.com/", true],
    [".arize.com", "https://arize.com/", true],
    ["arize.com", "https://notarize.com/", false],
    ["arize.com", "https://arize.com.evil.example/", false],
    ["otlp.arize.com:443", "https://otlp.arize.com/", true],
    ["otlp.arize.com:8443", "https://otlp.arize.com/", false],
    ["arize.com:8443", "https://otlp.arize.com:8443/", true],
    ["10.1.2.3", "https://10.1.2.3/", true],
    ["fd00::1", "https://[fd00::1]/", true],
    ["[fd00::1]:4318", "https://[fd00::1]:4318/", true],
    ["a.example, arize.com", "https://otlp.arize.com/", true],
    ["a.example arize.com", "https://otlp.arize.com/", true],
    ["a.example,,", "https://otlp.arize.com/", false],
    ["", "https://otlp.arize.com/", false],
  ];
  for (const [list, url, direct] of exceptions) {
    test(`NO_PROXY=${JSON.stringify(list)} sends ${url} ${direct ? "directly" : "through the proxy"}`, () => {
      for (const name of ["NO_PROXY", "no_proxy"]) {
        expect(proxyFor(new URL(url), { HTTPS_PROXY: PROXY, [name]: list })).toBe(direct ? undefined : PROXY);
      }
    });
  }

  test("the lower-case exception list wins", () => {
    expect(proxyFor(HTTPS, { HTTPS_PROXY: PROXY, no_proxy: "a.example", NO_PROXY: "*" })).toBe(PROXY);
  });
});
