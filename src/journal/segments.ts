/** The segments of the journal: finding them, deciding which are done with, removing them. Errors mean "not there". */

import { readdirSync, statSync, unlinkSync } from "node:fs";
import type { Paths } from "../paths.ts";
import { bucketEnd, isClosed, parseSegmentFile } from "./names.ts";

/** How long a line may wait unfolded, in ms. Older segments are dropped and counted. */
const EXPIRY_MS = 24 * 3_600_000;

/** One file of the journal as it was when it was listed. */
export interface Segment {
  /** Agent key. */
  readonly agent: string;
  /** The session's name in file names (`sessionNameOf`); the events inside carry the real session id. */
  readonly sessionName: string;
  /** Hour since the epoch. */
  readonly bucket: number;
  readonly path: string;
  /** File name: the key under which the consumed offset is kept. */
  readonly file: string;
  /** Bytes. */
  readonly size: number;
}

function entries(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/**
 * Every segment of every session, ordered by agent, session and bucket. Files that are not segments are left alone.
 * @param only restricts to one session's segments
 */
export function listSegments(
  paths: Pick<Paths, "journal">,
  only?: { readonly agent: string; readonly sessionName?: string },
): readonly Segment[] {
  const segments: Segment[] = [];
  for (const agent of only ? [only.agent] : entries(paths.journal)) {
    for (const file of entries(`${paths.journal}/${agent}`)) {
      const name = parseSegmentFile(file);
      if (name === undefined || (only?.sessionName !== undefined && name.sessionName !== only.sessionName)) continue;
      const path = `${paths.journal}/${agent}/${file}`;
      const stat = statSync(path, { throwIfNoEntry: false });
      if (stat?.isFile()) segments.push({ agent, ...name, path, file, size: stat.size });
    }
  }
  return segments.sort(
    (a, b) => compare(a.agent, b.agent) || compare(a.sessionName, b.sessionName) || a.bucket - b.bucket,
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** True when no line can be added to the segment any more. */
export function closed(segment: Pick<Segment, "bucket">, nowMs: number): boolean {
  return isClosed(segment.bucket, nowMs);
}

/**
 * True when a segment is closed and everything in it was consumed, so that it may be deleted.
 * @param offset bytes consumed and committed
 */
export function deletable(segment: Pick<Segment, "bucket" | "size">, offset: number, nowMs: number): boolean {
  return offset >= segment.size && closed(segment, nowMs);
}

/** True when a segment is so old that what is still unfolded in it must be dropped and counted. */
export function expired(segment: Pick<Segment, "bucket">, nowMs: number): boolean {
  return nowMs - bucketEnd(segment.bucket) > EXPIRY_MS;
}

/** Deletes a segment unless it has grown since it was listed. @returns true when the file is gone */
export function deleteSegment(segment: Pick<Segment, "path" | "size">): boolean {
  try {
    const stat = statSync(segment.path, { throwIfNoEntry: false });
    if (stat === undefined) return true;
    if (stat.size > segment.size) return false;
    unlinkSync(segment.path);
    return true;
  } catch {
    return false;
  }
}
