import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  bucketEnd,
  bucketOf,
  isClosed,
  parseSegmentFile,
  segmentFileOf,
  sessionNameOf,
} from "../../src/journal/names.ts";

const HOUR_MS = 3_600_000;

describe("session names", () => {
  test("an id of letters, digits, - and _ is its own name", () => {
    for (const id of ["0b1c7a52-0000-4000-8000-000000000001", "amber-otter", "a", "A_9", "x".repeat(80)]) {
      expect(sessionNameOf(id)).toBe(id);
    }
  });

  test("any other id is hashed: too long, empty, with separators, or a device's name on Windows", () => {
    for (const id of ["x".repeat(81), "", "..", "a/b", "a\\b", "a b", "é", "CON", "nul", "com1", "a.b"]) {
      expect(sessionNameOf(id)).toMatch(/^h-[0-9a-f]{32}$/);
    }
  });

  test("every session's segment is found again by its file name", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 0, max: 4e12 }), (session, now) => {
        const file = segmentFileOf(session, now);
        expect(file).not.toMatch(/[/\\\0]/);
        expect(parseSegmentFile(file)).toEqual({ sessionName: sessionNameOf(session), bucket: bucketOf(now) });
      }),
    );
  });

  test("a file of another shape is no segment", () => {
    for (const file of ["x.jsonl", ".1.jsonl", "x.1.json", "x.1.jsonl.tmp", "x.-1.jsonl", ""]) {
      expect(parseSegmentFile(file)).toBeUndefined();
    }
  });
});

test("a segment stays open for its hour and fifteen minutes more", () => {
  const bucket = 498_698;
  const start = bucket * HOUR_MS;
  expect(bucketOf(start)).toBe(bucket);
  expect(bucketOf(start + HOUR_MS - 1)).toBe(bucket);
  expect(bucketEnd(bucket)).toBe(start + HOUR_MS);
  expect(isClosed(bucket, start + HOUR_MS + 15 * 60_000 - 1)).toBe(false);
  expect(isClosed(bucket, start + HOUR_MS + 15 * 60_000)).toBe(true);
});
