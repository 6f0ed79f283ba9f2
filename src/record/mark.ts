/**
 * Recording the sessions of one agent: a mark file while it is on. Hooks know nothing of it and pay nothing: what they write
 * into the journal stays there for an hour, and a drain that is done with a segment keeps a copy while the mark is there.
 */

import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { bucketEnd } from "../journal/names.ts";
import type { Segment } from "../journal/segments.ts";
import type { Paths } from "../paths.ts";
import { makePrivateDirectory, writeAtomically } from "../setup/file.ts";

/** A recording that nobody stops ends after this, ms. */
const LONGEST_MS = 24 * 3_600_000;

/** A recording that has ended and that nobody fetched is deleted after this, ms. */
const KEPT_MS = 7 * 24 * 3_600_000;

/** What the mark says. */
export interface Recording {
  readonly v: 1;
  /** Agent key. */
  readonly agent: string;
  /** Epoch ms. */
  readonly since: number;
  /** When it ends by itself, epoch ms. */
  readonly until: number;
}

type Where = Pick<Paths, "state">;

function folderOf({ state }: Where): string {
  return `${state}/recordings`;
}

function markOf(paths: Where, agent: string): string {
  return `${folderOf(paths)}/${agent}.json`;
}

/** Folder of the segments that were kept for an agent. */
export function keptFolder(paths: Where, agent: string): string {
  return `${folderOf(paths)}/${agent}`;
}

/** The recording of an agent, running or over; undefined when there is none. */
export function recordingOf(paths: Where, agent: string): Recording | undefined {
  try {
    const mark: Recording = JSON.parse(readFileSync(markOf(paths, agent), "utf8"));
    return mark.v === 1 ? mark : undefined;
  } catch {
    return undefined;
  }
}

/** Begins a recording. @throws NodeJS.ErrnoException when the state folder cannot be written */
export function startRecording(paths: Where, agent: string, now: number): Recording {
  const mark: Recording = { v: 1, agent, since: now, until: now + LONGEST_MS };
  makePrivateDirectory(folderOf(paths));
  rmSync(keptFolder(paths, agent), { recursive: true, force: true });
  writeAtomically(markOf(paths, agent), JSON.stringify(mark));
  return mark;
}

/** Ends a recording and deletes what was kept for it. */
export function endRecording(paths: Where, agent: string): void {
  rmSync(markOf(paths, agent), { force: true });
  rmSync(keptFolder(paths, agent), { recursive: true, force: true });
}

/** Keeps a copy of a segment that is about to be deleted, if its agent is being recorded. Never throws. */
export function keepSegment(paths: Where, segment: Pick<Segment, "agent" | "bucket" | "path" | "file">): void {
  if (!existsSync(markOf(paths, segment.agent))) return;
  const recording = recordingOf(paths, segment.agent);
  if (recording === undefined || bucketEnd(segment.bucket) < recording.since) return;
  try {
    const folder = keptFolder(paths, segment.agent);
    makePrivateDirectory(folder);
    copyFileSync(segment.path, `${folder}/${segment.file}`);
  } catch {
    // A recording that misses something must not keep the journal from being cleaned up.
  }
}

/** Deletes recordings that nobody fetched. Never throws. */
export function dropOldRecordings(paths: Where, now: number): void {
  let names: readonly string[];
  try {
    names = readdirSync(folderOf(paths));
  } catch {
    return;
  }
  for (const name of names) {
    const agent = /^(.+)\.json$/.exec(name)?.[1];
    const recording = agent === undefined ? undefined : recordingOf(paths, agent);
    if (recording && now > recording.until + KEPT_MS) endRecording(paths, recording.agent);
  }
}
