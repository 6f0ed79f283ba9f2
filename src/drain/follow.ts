/** Reads an agent's history files from where the last drain stopped, in bounded chunks, complete lines only. */

import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync } from "node:fs";

/** Bytes read at once; more only while a single line is longer. */
const CHUNK_BYTES = 1024 * 1024;

/** Longer lines are skipped and counted: they hold images, never anything that a span needs whole. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;

const NEWLINE = 0x0a;

/** What a chunk of a history file held. */
export interface Followed {
  /** Parsed lines in order. */
  readonly records: readonly unknown[];
  /** Where the next chunk begins. */
  readonly nextOffset: number;
  /** Lines that are no JSON, or too long. */
  readonly corrupt: number;
  /** The file was shorter than the offset (rewritten): this chunk is from its beginning. */
  readonly restarted: boolean;
  /** Nothing complete is left at the moment. */
  readonly atEnd: boolean;
}

function nothing(offset: number): Followed {
  return { records: [], nextOffset: offset, corrupt: 0, restarted: false, atEnd: true };
}

/**
 * Follows a file of JSON lines. A last line without its newline is left for later. A missing file holds nothing.
 * @param offset bytes consumed before
 */
export function followLines(path: string, offset: number, maxBytes = CHUNK_BYTES): Followed {
  const known = statSync(path, { throwIfNoEntry: false });
  if (known === undefined || known.size === offset || !known.isFile()) return nothing(offset);
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return nothing(offset);
  }
  try {
    const { size } = fstatSync(file);
    const restarted = size < offset;
    const start = restarted ? 0 : offset;
    const bytes = readChunk(file, start, size, maxBytes);
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    if (end === 0 && bytes.length >= MAX_LINE_BYTES) return skipLine(file, start, size, restarted);
    return { ...parse(bytes, end), nextOffset: start + end, restarted, atEnd: start + bytes.length >= size };
  } catch {
    return nothing(offset);
  } finally {
    closeSync(file);
  }
}

/**
 * Follows a file that is one JSON document: its only record, again whenever the file has changed. Half a document is left
 * for later.
 * @param offset when the document that was read before was written (µs)
 */
export function followDocument(path: string, offset: number): Followed {
  const known = statSync(path, { throwIfNoEntry: false });
  const written = known === undefined ? 0 : Math.round(known.mtimeMs * 1000);
  if (known === undefined || written === offset || !known.isFile()) return nothing(offset);
  const done = { nextOffset: written, restarted: false, atEnd: true };
  if (known.size > MAX_LINE_BYTES) return { ...done, records: [], corrupt: 1 };
  try {
    return { ...done, records: [JSON.parse(readFileSync(path, "utf8"))], corrupt: 0 };
  } catch {
    return nothing(offset);
  }
}

function readChunk(file: number, start: number, size: number, maxBytes: number): Buffer {
  let wanted = Math.min(maxBytes, size - start);
  let bytes = Buffer.allocUnsafe(wanted);
  let filled = 0;
  for (;;) {
    while (filled < wanted) {
      const read = readSync(file, bytes, filled, wanted - filled, start + filled);
      if (read === 0) return bytes.subarray(0, filled);
      filled += read;
    }
    if (start + filled >= size || filled >= MAX_LINE_BYTES || bytes.indexOf(NEWLINE) !== -1) return bytes;
    wanted = Math.min(wanted * 2, size - start, MAX_LINE_BYTES);
    const larger = Buffer.allocUnsafe(wanted);
    bytes.copy(larger, 0, 0, filled);
    bytes = larger;
  }
}

function parse(bytes: Buffer, end: number): { records: unknown[]; corrupt: number } {
  const records: unknown[] = [];
  let corrupt = 0;
  for (let from = 0; from < end; ) {
    const to = bytes.indexOf(NEWLINE, from);
    const line = bytes.toString("utf8", from, to).trim();
    from = to + 1;
    if (line === "") continue;
    try {
      records.push(JSON.parse(line));
    } catch {
      corrupt++;
    }
  }
  return { records, corrupt };
}

/** Steps over a line that is longer than the limit, once its end is there. */
function skipLine(file: number, start: number, size: number, restarted: boolean): Followed {
  const bytes = Buffer.allocUnsafe(CHUNK_BYTES);
  for (let position = start; position < size; ) {
    const read = readSync(file, bytes, 0, bytes.length, position);
    if (read === 0) break;
    const newline = bytes.subarray(0, read).indexOf(NEWLINE);
    if (newline !== -1) {
      const nextOffset = position + newline + 1;
      return { records: [], nextOffset, corrupt: 1, restarted, atEnd: nextOffset >= size };
    }
    position += read;
  }
  return { ...nothing(start), restarted };
}
