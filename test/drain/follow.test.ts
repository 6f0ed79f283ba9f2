import { afterEach, describe, expect, test } from "bun:test";
import { appendFileSync, truncateSync, utimesSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { followDocument, followLines } from "../../src/drain/follow.ts";
import { removeTempFolders, tempFolder } from "../store/temp.ts";

afterEach(removeTempFolders);

/** Reads to the end, chunk by chunk. */
function readAll(path: string, maxBytes: number, from = 0) {
  const records: unknown[] = [];
  let corrupt = 0;
  let offset = from;
  for (;;) {
    const chunk = followLines(path, offset, maxBytes);
    records.push(...chunk.records);
    corrupt += chunk.corrupt;
    if (chunk.nextOffset === offset) return { records, corrupt, offset };
    offset = chunk.nextOffset;
  }
}

describe("following a file of JSON lines", () => {
  test("a missing file, a folder and an empty file hold nothing", () => {
    const folder = tempFolder();
    writeFileSync(`${folder}/empty`, "");
    for (const path of [`${folder}/none`, folder, `${folder}/empty`]) {
      expect(followLines(path, 0)).toEqual({ records: [], nextOffset: 0, corrupt: 0, restarted: false, atEnd: true });
    }
  });

  test("a last line without its end is left until it is complete", () => {
    const path = `${tempFolder()}/lines`;
    writeFileSync(path, '{"n":1}\n{"n":');
    const first = followLines(path, 0);
    expect(first).toMatchObject({ records: [{ n: 1 }], nextOffset: 8, atEnd: true });
    expect(followLines(path, first.nextOffset)).toMatchObject({ records: [], nextOffset: 8 });
    appendFileSync(path, "2}\n");
    expect(followLines(path, first.nextOffset)).toMatchObject({ records: [{ n: 2 }], nextOffset: 16, corrupt: 0 });
  });

  test("lines that are no JSON are counted, blank ones are not", () => {
    const path = `${tempFolder()}/lines`;
    writeFileSync(path, '{"n":1}\n\n  \r\nnot json\n{"n":2}\r\n');
    expect(followLines(path, 0)).toMatchObject({ records: [{ n: 1 }, { n: 2 }], corrupt: 1 });
  });

  test("a file that became shorter is read from its beginning", () => {
    const path = `${tempFolder()}/lines`;
    writeFileSync(path, '{"n":1}\n{"n":2}\n');
    truncateSync(path);
    expect(followLines(path, 16)).toMatchObject({ records: [], nextOffset: 0, restarted: true });
    writeFileSync(path, '{"n":3}\n');
    expect(followLines(path, 16)).toMatchObject({ records: [{ n: 3 }], nextOffset: 8, restarted: true });
  });

  test("a line longer than a chunk is read whole", () => {
    const path = `${tempFolder()}/lines`;
    const long = "x".repeat(50_000);
    writeFileSync(path, `{"n":1}\n${JSON.stringify({ long })}\n{"n":2}\n`);
    expect(readAll(path, 100)).toMatchObject({ records: [{ n: 1 }, { long }, { n: 2 }], corrupt: 0 });
  });

  test("a line beyond all bounds is skipped and counted, and what follows is read", () => {
    const path = `${tempFolder()}/lines`;
    writeFileSync(path, `{"n":1}\n"${"x".repeat(65 * 1024 * 1024)}`);
    const first = readAll(path, 1024);
    expect(first).toMatchObject({ records: [{ n: 1 }], corrupt: 0, offset: 8 });
    appendFileSync(path, '"\n{"n":2}\n');
    expect(readAll(path, 1024, first.offset)).toMatchObject({ records: [{ n: 2 }], corrupt: 1 });
  });

  test("every split into writes and every chunk size gives the same records", () => {
    const path = `${tempFolder()}/lines`;
    const lines = fc.array(
      fc.oneof(
        fc.jsonValue().map((value) => JSON.stringify(value)),
        fc.constant("{torn"),
      ),
    );
    fc.assert(
      fc.property(lines, fc.array(fc.nat(40)), fc.integer({ min: 1, max: 200 }), (written, cuts, maxBytes) => {
        const bytes = Buffer.from(written.map((line) => `${line}\n`).join(""));
        writeFileSync(path, "");
        const records: unknown[] = [];
        let corrupt = 0;
        let offset = 0;
        let from = 0;
        for (const cut of [...cuts, bytes.length]) {
          appendFileSync(path, bytes.subarray(from, from + cut));
          from = Math.min(from + cut, bytes.length);
          const read = readAll(path, maxBytes, offset);
          records.push(...read.records);
          corrupt += read.corrupt;
          offset = read.offset;
        }
        expect(offset).toBe(bytes.length);
        expect(records).toEqual(written.filter((line) => line !== "{torn").map((line) => JSON.parse(line) as unknown));
        expect(corrupt).toBe(written.filter((line) => line === "{torn").length);
      }),
      { numRuns: 200 },
    );
  });
});

describe("following a file that is one JSON document", () => {
  test("a missing file and a folder hold nothing", () => {
    const folder = tempFolder();
    for (const path of [`${folder}/none`, folder]) {
      expect(followDocument(path, 0)).toMatchObject({ records: [], nextOffset: 0, corrupt: 0, atEnd: true });
    }
  });

  test("it is one record, given again when the file has changed", () => {
    const path = `${tempFolder()}/document.json`;
    writeFileSync(path, '{\n "n": 1\n}');
    const first = followDocument(path, 0);
    expect(first).toMatchObject({ records: [{ n: 1 }], restarted: false, atEnd: true });
    expect(followDocument(path, first.nextOffset).records).toEqual([]);
    writeFileSync(path, '{"n":2}');
    utimesSync(path, 2_000_000_000, 2_000_000_000);
    expect(followDocument(path, first.nextOffset)).toMatchObject({ records: [{ n: 2 }], nextOffset: 2e15 });
  });

  test("half a document is left for later", () => {
    const path = `${tempFolder()}/document.json`;
    writeFileSync(path, '{"n":');
    expect(followDocument(path, 5)).toMatchObject({ records: [], nextOffset: 5, corrupt: 0 });
  });
});
