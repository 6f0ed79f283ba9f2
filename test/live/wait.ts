/** Waiting for something to be seen, instead of for a time to pass. */

const POLL_MS = 50;

/**
 * Resolves with the first value that is not undefined or false.
 * @throws after `timeoutMs`, naming what was waited for
 */
export async function until<T>(
  what: string,
  timeoutMs: number,
  look: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await Bun.sleep(POLL_MS);
  }
}

/** True when it happened in time: for waits whose end is no failure of the run. */
export async function happens(timeoutMs: number, look: () => boolean | Promise<boolean>): Promise<boolean> {
  return await until("it", timeoutMs, look).then(
    () => true,
    () => false,
  );
}
