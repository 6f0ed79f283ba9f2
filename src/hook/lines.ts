/** Splits a stream of bytes into lines, in bounded memory. */

const NEWLINE = 0x0a;

/**
 * Calls `each` with every line that is not empty, without its line break; the last one needs none. An unreadable stream
 * has ended.
 * @param maxBytes a line that is longer is not kept: `each` is told `too long` once
 */
export async function eachLine(
  stream: ReadableStream<Uint8Array>,
  maxBytes: number,
  each: (line: Uint8Array | "too long") => void,
): Promise<void> {
  let parts: Uint8Array[] = [];
  let length = 0;
  const add = (part: Uint8Array): void => {
    length += part.length;
    if (length > maxBytes) parts = [];
    else if (part.length > 0) parts.push(part);
  };
  const finish = (): void => {
    const [only] = parts;
    if (length > maxBytes) each("too long");
    else if (only !== undefined) each(parts.length === 1 ? only : Buffer.concat(parts));
    parts = [];
    length = 0;
  };
  try {
    for await (const chunk of stream) {
      let from = 0;
      for (let to = chunk.indexOf(NEWLINE); to !== -1; to = chunk.indexOf(NEWLINE, from)) {
        add(chunk.subarray(from, to));
        finish();
        from = to + 1;
      }
      add(chunk.subarray(from));
    }
  } catch {
    // The writer is gone.
  }
  finish();
}
