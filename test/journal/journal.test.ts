import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { appendLine } from "../../src/hook/append.ts";
import { noteLoss } from "../../src/hook/loss.ts";
import type { JournalEvent } from "../../src/journal/event.ts";
import { readLosses, removeLosses } from "../../src/journal/losses.ts";
import { readSegment } from "../../src/journal/read.ts";
import { deletable, deleteSegment, expired, listSegments } from "../../src/journal/segments.ts";
import { pathsIn } from "../../src/paths.ts";

const HOUR_MS = 3_600_000;

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "harness-tracing-journal-"));
  file = join(folder, "s.1.jsonl");
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function event(n: number, payload: unknown = { n }): JournalEvent {
  return { v: 1, ts: n, agent: "claude-code", event: "Stop", session: "s", env: {}, payload };
}

function line(n: number, payload?: unknown): string {
  return JSON.stringify(event(n, payload));
}

/** Reads a segment to its end as the drain does. */
function readAll(maxBytes: number, closed = false) {
  const events: JournalEvent[] = [];
  let corrupt = 0;
  let offset = 0;
  for (;;) {
    const chunk = readSegment(file, offset, maxBytes, closed);
    expect(chunk.nextOffset > offset || chunk.atEnd).toBe(true);
    events.push(...chunk.events);
    corrupt += chunk.corrupt;
    offset = chunk.nextOffset;
    if (chunk.atEnd) return { events, corrupt, offset };
  }
}

describe("framing", () => {
  test("every complete line is read once whatever the chunk size, torn lines are counted and cost nothing else", () => {
    const piece = fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ kind: fc.constant("whole" as const), text: fc.string({ unit: "grapheme" }) }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant("torn" as const), keep: fc.integer({ min: 2, max: 60 }) }),
      },
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), fc.integer({ min: 1, max: 400 }), (pieces, maxBytes) => {
        rmSync(file, { force: true });
        writeFileSync(file, "");
        const whole: JournalEvent[] = [];
        let torn = 0;
        pieces.forEach((entry, n) => {
          if (entry.kind === "whole") {
            expect(appendLine(folder, "s.1.jsonl", line(n, { text: entry.text }))).toBeUndefined();
            whole.push(event(n, { text: entry.text }));
          } else {
            // What a writer killed in the middle of its write leaves behind.
            appendFileSync(file, Buffer.from(`\n${line(n)}\n`).subarray(0, entry.keep));
            torn++;
          }
        });
        const { events, corrupt, offset } = readAll(maxBytes, true);
        expect(events).toEqual(whole);
        expect(corrupt).toBe(torn);
        expect(offset).toBe(readFileSync(file).length);
      }),
    );
  });

  test("reading in step with writing gives the same events as reading at the end", () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 30 }), (reads) => {
        rmSync(file, { force: true });
        writeFileSync(file, "");
        const seen: JournalEvent[] = [];
        let offset = 0;
        const look = () => {
          const chunk = readSegment(file, offset);
          seen.push(...chunk.events);
          offset = chunk.nextOffset;
        };
        reads.forEach((read, n) => {
          const bytes = Buffer.from(`\n${line(n)}\n`);
          const half = bytes.length >> 1;
          appendFileSync(file, bytes.subarray(0, half));
          if (read) look();
          appendFileSync(file, bytes.subarray(half));
          if (read) look();
        });
        look();
        expect(seen).toEqual(reads.map((_, n) => event(n)));
      }),
    );
  });

  test("a line longer than the chunk is read whole", () => {
    const long = "x".repeat(100_000);
    for (const n of [1, 2, 3]) appendLine(folder, "s.1.jsonl", line(n, { long }));
    expect(readAll(10).events).toEqual([1, 2, 3].map((n) => event(n, { long })));
  });

  test("lines of another version, and JSON that is no event, are counted as corrupt", () => {
    for (const text of ['{"v":2}', "{}", "[]", "null", '"x"', "7", line(1).replace('"ts":1', '"ts":"1"')]) {
      appendLine(folder, "s.1.jsonl", text);
    }
    appendLine(folder, "s.1.jsonl", line(9));
    const { events, corrupt } = readAll(1 << 20);
    expect(events).toEqual([event(9)]);
    expect(corrupt).toBe(7);
  });

  test("an unterminated tail waits while the segment is open and is consumed once it is closed", () => {
    writeFileSync(file, `\n${line(1)}\n\n${line(2)}`);
    const open = readSegment(file, 0);
    expect(open.events).toEqual([event(1)]);
    expect(open.atEnd).toBe(true);
    const tail = readSegment(file, open.nextOffset, undefined, true);
    expect(tail.events).toEqual([event(2)]);
    expect(tail.nextOffset).toBe(readFileSync(file).length);
  });

  test("a file shorter than the offset is another file: it is read from its beginning", () => {
    appendLine(folder, "s.1.jsonl", line(1));
    appendLine(folder, "s.1.jsonl", line(2));
    const { offset } = readAll(1 << 20);
    truncateSync(file, 0);
    appendLine(folder, "s.1.jsonl", line(3));
    expect(readSegment(file, offset).events).toEqual([event(3)]);
  });

  test("a missing segment is an empty one", () => {
    expect(readSegment(join(folder, "no"), 7)).toEqual({ events: [], nextOffset: 7, corrupt: 0, atEnd: true });
    expect(readSegment(folder, 0).events).toEqual([]);
  });
});

describe("segments", () => {
  test("are listed in the order of agent, session and hour, and nothing else is", () => {
    const paths = pathsIn(folder);
    for (const [agent, name] of [
      ["codex", "b.2.jsonl"],
      ["claude-code", "z.9.jsonl"],
      ["claude-code", "a.10.jsonl"],
      ["claude-code", "a.9.jsonl"],
      ["claude-code", "notes.txt"],
    ] as const) {
      mkdirSync(join(paths.journal, agent), { recursive: true });
      writeFileSync(join(paths.journal, agent, name), "12345");
    }
    const names = (only?: Parameters<typeof listSegments>[1]) =>
      listSegments(paths, only).map(({ agent, file: name, size }) => `${agent}/${name} ${size}`);
    expect(names()).toEqual([
      "claude-code/a.9.jsonl 5",
      "claude-code/a.10.jsonl 5",
      "claude-code/z.9.jsonl 5",
      "codex/b.2.jsonl 5",
    ]);
    expect(names({ agent: "claude-code", sessionName: "a" })).toEqual([
      "claude-code/a.9.jsonl 5",
      "claude-code/a.10.jsonl 5",
    ]);
    expect(names({ agent: "kiro" })).toEqual([]);
    expect(listSegments(pathsIn(join(folder, "no")))).toEqual([]);
  });

  test("may be deleted once they are consumed to the end and closed", () => {
    const segment = { bucket: 10, size: 100 };
    const closedAt = 11 * HOUR_MS + 15 * 60_000;
    expect(deletable(segment, 100, closedAt)).toBe(true);
    expect(deletable(segment, 99, closedAt)).toBe(false);
    expect(deletable(segment, 100, closedAt - 1)).toBe(false);
  });

  test("expire a day after their hour", () => {
    expect(expired({ bucket: 10 }, 35 * HOUR_MS)).toBe(false);
    expect(expired({ bucket: 10 }, 35 * HOUR_MS + 1)).toBe(true);
  });

  test("are not deleted when they grew after they were listed", () => {
    writeFileSync(file, "123");
    expect(deleteSegment({ path: file, size: 2 })).toBe(false);
    expect(existsSync(file)).toBe(true);
    expect(deleteSegment({ path: file, size: 3 })).toBe(true);
    expect(existsSync(file)).toBe(false);
    expect(deleteSegment({ path: file, size: 3 })).toBe(true);
  });
});

test("notes of losses are read, also those that a full disk left empty, and removed once", () => {
  const paths = pathsIn(folder);
  const loss = { v: 1, ts: 5.5, agent: "claude-code", event: "Stop", session: "s", reason: "short write" } as const;
  noteLoss(paths, loss);
  writeFileSync(join(paths.losses, "6.1.codex.short_write.json"), "");
  writeFileSync(join(paths.losses, "7.1.json"), '{"v":');
  const { losses, files } = readLosses(paths);
  expect(losses).toEqual([
    loss,
    { v: 1, ts: 6, agent: "codex", reason: "short write" },
    { v: 1, ts: 0, agent: "unknown", reason: "unreadable note" },
  ]);
  removeLosses(files);
  removeLosses(files);
  expect(readLosses(paths)).toEqual({ losses: [], files: [] });
});
