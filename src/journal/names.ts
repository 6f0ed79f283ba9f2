/**
 * Names of journal segments. Pure and dependency-free: the hot path writes by these names, the drain reads by them.
 *
 * A segment is `<session name>.<bucket>.jsonl`, one per session and hour. Nobody renames or rotates: a segment is closed
 * when its hour and a grace are over, so no writer can still hold a segment that the drain deletes.
 */

/** Length of a bucket in ms. */
const BUCKET_MS = 3_600_000;

/** How long after its hour a segment may still get lines, in ms: longer than any hook may run. */
const GRACE_MS = 15 * 60_000;

/** Session ids that are file names on every system as they are. */
const PLAIN_NAME = /^[A-Za-z0-9_-]{1,80}$/;

/** Windows keeps these for devices, whatever the extension. */
const RESERVED_NAME = /^(con|prn|aux|nul|com\d|lpt\d)$/i;

const SEGMENT_FILE = /^(.+)\.(\d{1,12})\.jsonl$/;

/** The hour that a time belongs to. @param nowMs epoch ms */
export function bucketOf(nowMs: number): number {
  return Math.floor(nowMs / BUCKET_MS);
}

/** Session id as a file name: as it is where that is safe, else a hash of it. Never empty, at most 80 characters. */
export function sessionNameOf(session: string): string {
  if (PLAIN_NAME.test(session) && !RESERVED_NAME.test(session)) return session;
  return `h-${new Bun.CryptoHasher("sha256").update(session).digest("hex").slice(0, 32)}`;
}

/** File name of the segment that a session's line of this time goes to. @param nowMs epoch ms of the write */
export function segmentFileOf(session: string, nowMs: number): string {
  return `${sessionNameOf(session)}.${bucketOf(nowMs)}.jsonl`;
}

/** The parts of a segment's file name, or undefined when the file is not a segment. */
export function parseSegmentFile(file: string): { readonly sessionName: string; readonly bucket: number } | undefined {
  const match = SEGMENT_FILE.exec(file);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  return { sessionName: match[1], bucket: Number(match[2]) };
}

/** True once no hook can write to a bucket's segments any more. @param nowMs epoch ms */
export function isClosed(bucket: number, nowMs: number): boolean {
  return nowMs >= (bucket + 1) * BUCKET_MS + GRACE_MS;
}

/** Epoch ms of the end of a bucket's hour: no line of it is younger. */
export function bucketEnd(bucket: number): number {
  return (bucket + 1) * BUCKET_MS;
}
