/** From stdin's bytes to a payload: the parsed object for the route, and its text as it came for the journal. */

/** A payload in both forms. */
export interface Payload {
  readonly value: Readonly<Record<string, unknown>>;
  /** The agent's own JSON text on one line. */
  readonly text: string;
}

/** Why bytes are no payload. `empty` is nothing to worry about. */
export type NoPayload = "empty" | "not JSON" | "no object";

// Drops a byte order mark; bytes that are no UTF-8 become U+FFFD instead of an error.
const UTF8 = new TextDecoder();

/**
 * Reads a payload. Raw line breaks, which JSON has only between tokens, become spaces, so that the text can be embedded
 * in a line of the journal without being written anew.
 */
export function parsePayload(bytes: Uint8Array): Payload | NoPayload {
  const text = UTF8.decode(bytes);
  if (text.trim() === "") return "empty";
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "not JSON";
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "no object";
  return {
    value: value as Readonly<Record<string, unknown>>,
    text: text.includes("\n") ? text.replaceAll("\n", " ") : text,
  };
}
