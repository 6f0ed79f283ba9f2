/** Structure of a macOS program's code signature: macOS kills a program whose pages do not have the hashes it names. */

import { createHash } from "node:crypto";

const MAGIC_64 = 0xfeedfacf;
const LC_CODE_SIGNATURE = 0x1d;
const SUPER_BLOB = 0xfade0cc0;
const CODE_DIRECTORY = 0xfade0c02;
const HEADER_BYTES = 32;
const SHA256_TYPE = 2;

/** What is wrong with a program's signature; undefined when every page has its hash. */
export function signatureProblem(program: Buffer): string | undefined {
  if (program.readUInt32LE(0) !== MAGIC_64) return "it is no 64-bit Mach-O file";
  let at = HEADER_BYTES;
  for (let left = program.readUInt32LE(16); left > 0; left--) {
    if (program.readUInt32LE(at) === LC_CODE_SIGNATURE) {
      const offset = program.readUInt32LE(at + 8);
      const size = program.readUInt32LE(at + 12);
      if (offset + size !== program.length) return "the signature does not end the file";
      return superBlobProblem(program, offset);
    }
    at += program.readUInt32LE(at + 4);
  }
  return "it has no signature";
}

function superBlobProblem(program: Buffer, start: number): string | undefined {
  if (program.readUInt32BE(start) !== SUPER_BLOB) return "the signature does not begin as one";
  const blobs = program.readUInt32BE(start + 8);
  for (let index = 0; index < blobs; index++) {
    const blob = start + program.readUInt32BE(start + 12 + index * 8 + 4);
    if (program.readUInt32BE(blob) === CODE_DIRECTORY) return directoryProblem(program, blob);
  }
  return "the signature names no pages";
}

function directoryProblem(program: Buffer, blob: number): string | undefined {
  const hashes = blob + program.readUInt32BE(blob + 16);
  const slots = program.readUInt32BE(blob + 28);
  const limit = program.readUInt32BE(blob + 32);
  const hashSize = program.readUInt8(blob + 36);
  if (program.readUInt8(blob + 37) !== SHA256_TYPE) return "its pages are not hashed with SHA-256";
  const pageSize = 2 ** program.readUInt8(blob + 39);
  if (slots !== Math.ceil(limit / pageSize)) return `it names ${slots} pages of ${Math.ceil(limit / pageSize)}`;
  for (let page = 0; page < slots; page++) {
    const content = program.subarray(page * pageSize, Math.min((page + 1) * pageSize, limit));
    const hash = createHash("sha256").update(content).digest().subarray(0, hashSize);
    const named = program.subarray(hashes + page * hashSize, hashes + (page + 1) * hashSize);
    if (!hash.equals(named)) return `page ${page} does not have the hash that the signature names`;
  }
  return undefined;
}
