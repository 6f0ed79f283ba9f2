import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { getNodeValue } from "jsonc-parser";
import {
  isBare,
  listedHooks,
  parseLists,
  type WantedEntry,
  withEntries,
  withoutEntries,
} from "../../src/setup/hook-lists.ts";
import { parseJsonc } from "../../src/setup/jsonc.ts";
import { listTexts } from "./documents.ts";

const COMMAND =
  "printf '%s\\n' '{}'; { '/home/ada/.arize/harness/bin/harness-tracing' hook x || true; } >/dev/null 2>&1";

const WANTED: readonly WantedEntry[] = ["stop", "preToolUse", "sessionStart"].map((event) => ({
  event,
  entry: { command: COMMAND, timeout: 10 },
}));

function edited(result: ReturnType<typeof withEntries>): string {
  if (typeof result !== "string") throw new Error(result.reason);
  return result;
}

function contentOf(text: string): { hooks?: Record<string, unknown[]>; version?: number } {
  const parsed = parseJsonc(text.replace("\uFEFF", ""));
  if ("error" in parsed) throw new Error(parsed.error);
  return getNodeValue(parsed.root);
}

/** Lists that were empty before may be gone after, and a version is there. */
function essence(text: string): unknown {
  const { hooks, version: _version, ...rest } = contentOf(text);
  return { rest, hooks: Object.fromEntries(Object.entries(hooks ?? {}).filter(([, list]) => list.length > 0)) };
}

describe("on random documents", () => {
  test("registering adds every entry once, with the format's version, and removing leaves what was there", () => {
    fc.assert(
      fc.property(listTexts, (text) => {
        const after = edited(withEntries(text, WANTED));
        const { hooks, version } = contentOf(after);
        expect(version).toBe(1);
        for (const { event, entry } of WANTED) {
          expect(hooks?.[event]?.filter((one) => Bun.deepEquals(one, entry))).toHaveLength(1);
        }
        expect(essence(edited(withoutEntries(after)))).toEqual(essence(text));
      }),
      { numRuns: 500 },
    );
  });

  test("registering twice changes nothing the second time; removing from a stranger's file changes nothing", () => {
    fc.assert(
      fc.property(listTexts, (text) => {
        const once = edited(withEntries(text, WANTED));
        expect(edited(withEntries(once, WANTED))).toBe(once);
        expect(edited(withoutEntries(text))).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  test("every byte of a document that has lists and a version survives", () => {
    fc.assert(
      fc.property(listTexts, (text) => {
        const { hooks, version } = contentOf(text);
        fc.pre(version === 1 && Object.values(hooks ?? {}).some((list) => list.length > 0));
        fc.pre(WANTED.every(({ event }) => hooks?.[event] === undefined || hooks[event].length > 0));
        expect(edited(withoutEntries(edited(withEntries(text, WANTED))))).toBe(text);
      }),
      { numRuns: 500 },
    );
  });
});

test("entries say whose they are, by the program behind their reply", () => {
  const text = JSON.stringify({
    hooks: { stop: [{ command: COMMAND }, { command: "./x.sh", matcher: "Shell" }, { prompt: "p" }] },
  });
  const parsed = parseLists(text);
  if ("reason" in parsed) throw new Error(parsed.reason);
  expect(listedHooks(parsed.root).map(({ owner, everything }) => [owner, everything])).toEqual([
    ["ours", true],
    ["other", false],
  ]);
});

test("a file with nothing but its version is bare", () => {
  expect(isBare('\uFEFF{"version": 1}\n')).toBe(true);
  expect(isBare("")).toBe(true);
  expect(isBare('{"version": 1, "hooks": {}}')).toBe(false);
});
