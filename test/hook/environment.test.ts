import { expect, test } from "bun:test";
import { secretsOf, userInfoOf } from "../../src/hook/environment.ts";

test("the user and password of an endpoint are secrets under the endpoint's name, as its URL says them", () => {
  for (const [endpoint, expected] of [
    ["https://ada:s%40fe@phoenix.example:6006/x", "ada:s@fe"],
    ["ada:pass@phoenix.example", "ada:pass"],
    ["https://ada@phoenix.example", "ada:"],
    ["https://phoenix.example/path@2", undefined],
    ["phoenix.example:6006", undefined],
  ] as const) {
    expect(userInfoOf(endpoint)).toBe(expected as string);
    const secrets = Object.fromEntries(secretsOf({ PHOENIX_ENDPOINT: endpoint, ARIZE_API_KEY: "k" }));
    expect(secrets).toEqual({ ARIZE_API_KEY: "k", ...(expected && { PHOENIX_ENDPOINT: expected }) });
  }
});
