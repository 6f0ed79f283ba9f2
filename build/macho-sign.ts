/**
 * An ad-hoc code signature for macOS programs. Bun makes one for Apple processors; its programs for Intel keep the
 * runtime's own signature, which no longer fits what was added to the runtime, and macOS may kill them for it.
 * Layout: xnu's `cs_blobs.h`; what linkers sign with (flags, one CodeDirectory, SHA-256 of 4 KiB pages).
 */

import { createHash } from "node:crypto";

const LC_SEGMENT_64 = 0x19;
const LC_CODE_SIGNATURE = 0x1d;
const HEADER_BYTES = 32;

const SUPER_BLOB = 0xfade0cc0;
const SUPER_BLOB_BYTES = 20;
const CODE_DIRECTORY = 0xfade0c02;
const CODE_DIRECTORY_BYTES = 88;
const VERSION_WITH_EXEC_SEGMENT = 0x20400;
const ADHOC_LINKER_SIGNED = 0x20002;
const EXEC_SEGMENT_MAIN = 1n;
const SHA256_TYPE = 2;
const SHA256_BYTES = 32;
const PAGE_BITS = 12;
const IDENTIFIER = "harness-tracing\0";

const ALIGNMENT = 16;
const VM_PAGE = 0x4000n;

/** The program with an ad-hoc signature in place of the one that ends it. @throws Error when it has none */
export function signedAdHoc(program: Buffer): Buffer {
  const commands = commandsOf(program);
  const command = commands.find(({ type }) => type === LC_CODE_SIGNATURE)?.at;
  const segments = commands.filter(({ type }) => type === LC_SEGMENT_64).map(({ at }) => at);
  const named = (name: string) =>
    segments.find((at) => program.toString("latin1", at + 8, at + 24).startsWith(`${name}\0`));
  const [text, linkedit] = [named("__TEXT"), named("__LINKEDIT")];
  if (command === undefined || text === undefined || linkedit === undefined) throw new Error("no signature to replace");

  const limit = program.readUInt32LE(command + 8);
  const slots = Math.ceil(limit / 2 ** PAGE_BITS);
  const directory = CODE_DIRECTORY_BYTES + IDENTIFIER.length + slots * SHA256_BYTES;
  const size = Math.ceil((SUPER_BLOB_BYTES + directory) / ALIGNMENT) * ALIGNMENT;
  const signed = Buffer.alloc(limit + size);
  program.copy(signed, 0, 0, limit);

  // The commands are part of what is hashed.
  signed.writeUInt32LE(size, command + 12);
  const linkeditBytes = BigInt(limit + size) - signed.readBigUInt64LE(linkedit + 40);
  signed.writeBigUInt64LE(((linkeditBytes + VM_PAGE - 1n) / VM_PAGE) * VM_PAGE, linkedit + 32);
  signed.writeBigUInt64LE(linkeditBytes, linkedit + 48);

  const head = [SUPER_BLOB, SUPER_BLOB_BYTES + directory, 1, 0, SUPER_BLOB_BYTES];
  for (const [index, value] of head.entries()) signed.writeUInt32BE(value, limit + index * 4);
  const blob = limit + SUPER_BLOB_BYTES;
  const hashes = CODE_DIRECTORY_BYTES + IDENTIFIER.length;
  const fields = [CODE_DIRECTORY, directory, VERSION_WITH_EXEC_SEGMENT, ADHOC_LINKER_SIGNED, hashes];
  fields.push(CODE_DIRECTORY_BYTES, 0, slots, limit);
  for (const [index, value] of fields.entries()) signed.writeUInt32BE(value, blob + index * 4);
  signed.set([SHA256_BYTES, SHA256_TYPE, 0, PAGE_BITS], blob + 36);
  signed.writeBigUInt64BE(signed.readBigUInt64LE(text + 40), blob + 64);
  signed.writeBigUInt64BE(signed.readBigUInt64LE(text + 48), blob + 72);
  signed.writeBigUInt64BE(EXEC_SEGMENT_MAIN, blob + 80);
  signed.write(IDENTIFIER, blob + CODE_DIRECTORY_BYTES, "latin1");
  for (let page = 0; page < slots; page++) {
    const end = Math.min((page + 1) << PAGE_BITS, limit);
    const hash = createHash("sha256")
      .update(signed.subarray(page << PAGE_BITS, end))
      .digest();
    signed.set(hash, blob + hashes + page * SHA256_BYTES);
  }
  return signed;
}

function commandsOf(program: Buffer): readonly { readonly type: number; readonly at: number }[] {
  const commands: { type: number; at: number }[] = [];
  let at = HEADER_BYTES;
  for (let left = program.readUInt32LE(16); left > 0; left--) {
    commands.push({ type: program.readUInt32LE(at), at });
    at += program.readUInt32LE(at + 4);
  }
  return commands;
}
