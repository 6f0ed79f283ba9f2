/** What becomes of journal segments: deleted when closed and consumed, dropped and counted when nobody could fold them. */

import { readSegment } from "../journal/read.ts";
import { deletable, deleteSegment, expired, listSegments, type Segment } from "../journal/segments.ts";
import { dropOldRecordings, keepSegment } from "../record/mark.ts";
import type { Store } from "../store/types.ts";
import { segmentKey } from "../store/types.ts";
import type { DrainDeps } from "./deps.ts";

/** Counter of events that stayed unfolded for too long. */
const EXPIRED = "journal event expired unfolded";

/** Deletes segments that are done with, and forgets the offsets of those that are gone. */
export function removeSegments({ paths, now, checkpoint }: DrainDeps, store: Store): void {
  const offsets = store.journalOffsets();
  const present = new Set<string>();
  const gone: string[] = [];
  for (const segment of listSegments(paths)) {
    const key = segmentKey(segment);
    present.add(key);
    const offset = offsets.get(key) ?? 0;
    const done = deletable(segment, offset, now());
    if (!done && (offset >= segment.size || !expired(segment, now()))) continue;
    if (!done) store.commitJournal({}, { [EXPIRED]: countEvents(segment, offset) });
    keepSegment(paths, segment);
    checkpoint?.("before delete");
    // The file first: an offset without a file is harmless, a file without its offset would be read again.
    if (deleteSegment(segment)) gone.push(key);
    checkpoint?.("after delete");
  }
  dropOldRecordings(paths, now());
  for (const key of offsets.keys()) if (!present.has(key)) gone.push(key);
  if (gone.length > 0) store.forgetSegments(gone);
}

/** Lines behind an offset. */
function countEvents(segment: Segment, from: number): number {
  let count = 0;
  for (let offset = from; ; ) {
    const chunk = readSegment(segment.path, offset, undefined, true);
    count += chunk.events.length + chunk.corrupt;
    if (chunk.nextOffset === offset) return count;
    offset = chunk.nextOffset;
  }
}
