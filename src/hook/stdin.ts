/** Reads the payload from stdin without ever hanging on it. */

import { fstatSync } from "node:fs";

/** How long stdin may stay open and silent before what came so far has to do, in ms. */
const IDLE_MS = 2_000;

/** Largest payload that is taken, in bytes. */
export const MAX_PAYLOAD_BYTES = 64 * 1024 * 1024;

/** What stdin had. `tooLarge`: more than `MAX_PAYLOAD_BYTES`, not kept. */
export type StdinRead = { readonly bytes: Uint8Array } | { readonly tooLarge: true };

const NOTHING: StdinRead = { bytes: new Uint8Array(0) };

/** A terminal or the null device has no payload; a terminal must not be waited for. */
function mayHavePayload(): boolean {
  try {
    return !fstatSync(0).isCharacterDevice();
  } catch {
    return false;
  }
}

/**
 * All of stdin. Empty when it is closed, a terminal or unreadable. An agent that leaves the pipe open is given up on when
 * nothing came for a while. Works on blocking and non-blocking descriptors.
 */
export async function readStdin(): Promise<StdinRead> {
  if (!mayHavePayload()) return NOTHING;
  const chunks: Uint8Array[] = [];
  let length = 0;
  let last = Date.now();
  let giveUp = (): void => {};
  const idle = new Promise<undefined>((resolve) => {
    giveUp = () => resolve(undefined);
  });
  const watch = setInterval(() => {
    if (Date.now() - last >= IDLE_MS) giveUp();
  }, IDLE_MS / 4);
  try {
    const reader = Bun.stdin.stream().getReader();
    for (;;) {
      const part = await Promise.race([reader.read(), idle]);
      if (part === undefined || part.done) break;
      last = Date.now();
      length += part.value.length;
      if (length > MAX_PAYLOAD_BYTES) return { tooLarge: true };
      chunks.push(part.value);
    }
  } catch {
    // What came before the error may be all of it; the parser decides.
  } finally {
    clearInterval(watch);
  }
  const only = chunks[0];
  return { bytes: chunks.length === 1 && only ? only : Buffer.concat(chunks) };
}
