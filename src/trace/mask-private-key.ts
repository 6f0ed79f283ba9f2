/** Private key blocks (PEM, OpenSSH, PGP), whole or cut off, with real or escaped line ends. */

const HEAD = /-----BEGIN (?:[A-Z0-9]{2,16} ){0,4}PRIVATE KEY(?: BLOCK)?-----/g;
const TAIL = /-----END (?:[A-Z0-9]{2,16} ){0,4}PRIVATE KEY(?: BLOCK)?-----/g;

/** Longest block: an RSA key of 16384 bits has 12,800 characters. */
const MAX_BLOCK_CHARS = 20_000;

// What tells a key from code that only names the markers.
const KEY_MATERIAL = /[A-Za-z0-9+/]{16}/;

// Lines of key material up to the point at which the block was cut off; headers such as Proc-Type may come first.
const CUT_BODY =
  /(?:(?:\\+[rn]|\s)+(?:[A-Za-z-]{4,16}: [^\n\\]{1,120}|[A-Za-z0-9+/=]{16,}))*(?:(?:\\+[rn]|\s)+(?=[A-Za-z]{0,15}[0-9+/=])[A-Za-z0-9+/=]{1,15})?/y;

const MASK = "<masked private-key>";

/** End of the block that starts with a head at `start`, or undefined when it holds no key. `tails` are ends of tails. */
function blockEnd(text: string, afterHead: number, tail: { start: number; end: number } | undefined, limit: number) {
  if (tail && tail.start - afterHead <= MAX_BLOCK_CHARS && tail.end <= limit) {
    return KEY_MATERIAL.test(text.slice(afterHead, tail.start)) ? tail.end : undefined;
  }
  CUT_BODY.lastIndex = afterHead;
  const body = CUT_BODY.exec(text)?.[0] ?? "";
  return KEY_MATERIAL.test(body) ? afterHead + body.length : undefined;
}

/** Replaces every private key block by one marker. Linear in the length of the text. */
export function maskPrivateKeys(text: string): string {
  if (!text.includes("PRIVATE KEY")) return text;
  const tails = [...text.matchAll(TAIL)].map((tail) => ({ start: tail.index, end: tail.index + tail[0].length }));
  const heads = [...text.matchAll(HEAD)];
  let masked = "";
  let copied = 0;
  let nextTail = 0;
  for (const [index, head] of heads.entries()) {
    if (head.index < copied) continue;
    const afterHead = head.index + head[0].length;
    while ((tails[nextTail]?.start ?? Number.POSITIVE_INFINITY) < afterHead) nextTail++;
    const limit = heads[index + 1]?.index ?? text.length;
    const end = blockEnd(text, afterHead, tails[nextTail], limit);
    if (end === undefined) continue;
    masked += text.slice(copied, head.index) + MASK;
    copied = end;
  }
  return masked + text.slice(copied);
}
