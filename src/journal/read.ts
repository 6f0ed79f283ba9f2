/** Reads a journal segment from an offset in bounded chunks. Nothing in a segment is fatal: bad lines are counted. */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { JournalEvent } from "./event.ts";

/** Bytes read at once when the caller does not say. */
export const CHUNK_BYTES = 8 * 1024 * 1024;

const NEWLINE = 0x0a;

/** What a chunk of a segment held. */
export interface SegmentChunk {
  readonly events: readonly JournalEvent[];
  /** Where the next chunk begins: after the last complete line. */
  readonly nextOffset: number;
  /** Lines that are torn, no JSON, or of another format version. */
  readonly corrupt: number;
  /** Nothing complete is left behind `nextOffset` at the moment. */
  readonly atEnd: boolean;
}

/**
 * Reads complete lines from `offset`. A file shorter than `offset` is another one of the same name: read from 0.
 * A line longer than `maxBytes` is read whole. A missing or unreadable file is an empty one.
 * @param offset bytes consumed before
 * @param maxBytes about how much to read; more only when a single line is longer
 * @param closed nobody writes to the segment any more: an unterminated tail is consumed too, as a line or as corrupt
 */
export function readSegment(path: string, offset: number, maxBytes = CHUNK_BYTES, closed = false): SegmentChunk {
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch {
    return { events: [], nextOffset: offset, corrupt: 0, atEnd: true };
  }
  try {
    const size = fstatSync(descriptor).size;
    const start = offset > size ? 0 : offset;
    return parseLines(readLines(descriptor, start, size, maxBytes), start, size, closed);
  } catch {
    return { events: [], nextOffset: offset, corrupt: 0, atEnd: true };
  } finally {
    closeSync(descriptor);
  }
}

/** Bytes from `start`, at least one complete line where there is one. */
function readLines(descriptor: number, start: number, size: number, maxBytes: number): Buffer {
  let wanted = Math.min(Math.max(maxBytes, 1), size - start);
  let bytes = Buffer.allocUnsafe(wanted);
  let filled = 0;
  for (;;) {
    while (filled < wanted) {
      const read = readSync(descriptor, bytes, filled, wanted - filled, start + filled);
      if (read === 0) return bytes.subarray(0, filled);
      filled += read;
    }
    if (start + filled >= size || bytes.lastIndexOf(NEWLINE, filled - 1) > 0) return bytes.subarray(0, filled);
    wanted = Math.min(wanted * 2, size - start);
    const larger = Buffer.allocUnsafe(wanted);
    bytes.copy(larger, 0, 0, filled);
    bytes = larger;
  }
}

function parseLines(bytes: Buffer, start: number, size: number, closed: boolean): SegmentChunk {
  const events: JournalEvent[] = [];
  let corrupt = 0;
  let position = 0;
  const consume = (end: number) => {
    if (end > position) {
      const event = parseEvent(bytes.toString("utf8", position, end));
      if (event) events.push(event);
      else corrupt++;
    }
    position = Math.min(end + 1, bytes.length);
  };
  for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, position)) consume(end);
  const readAll = start + bytes.length >= size;
  if (closed && readAll) consume(bytes.length);
  return { events, nextOffset: start + position, corrupt, atEnd: readAll };
}

function parseEvent(line: string): JournalEvent | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isEvent(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isEvent(value: unknown): value is JournalEvent {
  if (typeof value !== "object" || value === null) return false;
  const event = value as Partial<Record<keyof JournalEvent, unknown>>;
  return (
    event.v === 1 &&
    typeof event.ts === "number" &&
    typeof event.agent === "string" &&
    typeof event.event === "string" &&
    typeof event.session === "string" &&
    typeof event.env === "object" &&
    event.env !== null &&
    typeof event.payload === "object" &&
    event.payload !== null
  );
}
