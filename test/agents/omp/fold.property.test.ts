import { describe } from "bun:test";
import { foldProperties } from "../../support/fold-properties.ts";
import { type Kind, recordings, sessionsOf } from "./recordings.ts";

async function recordedOf(kind: Kind) {
  const sessions = [];
  // One after the other: the extension keeps its child for the whole process.
  for (const name of recordings(kind)) sessions.push(...(await sessionsOf(kind, name)));
  return sessions;
}

const omp = await recordedOf("omp");
const pi = await recordedOf("pi");

describe("omp", () => foldProperties("omp", omp));
describe("pi", () => foldProperties("pi", pi));
