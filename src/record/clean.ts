/** What leaves the machine in a recording: texts with credentials masked, or no texts at all. */

import { maskText } from "../trace/mask.ts";
import { maskOfPair } from "../trace/mask-named.ts";
import { redactedText } from "../trace/redact.ts";

/** Fields whose short values say what a record is, not what anybody wrote. */
const STRUCTURAL =
  /^(event|mode|phase|provider|subtype|thread|trigger|unit|uuid)$|(^|_|-|[a-z])([iI]ds?|IDs?|[kK]ind|[mM]odel|[nN]ame|[oO]rigin|[rR]eason|[rR]ole|[sS]ource|[sS]tate|[sS]tatus|[tT]ype|[uU]uid|[vV]ersion)$/;

/** A word: no blanks, and no longer than ids are. */
const WORD = /^[\w.:@#/+=-]{1,120}$/;

/** Times and random ids say nothing, wherever they are. */
const RANDOM_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const TIME = /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:?\d\d)$/;

/** How a recording is cleaned. */
export interface Cleaning {
  /** Leaves no text: only what kind of record it is, ids, names and times. */
  readonly redact: boolean;
  /** The user's home folder, which becomes `~`. */
  readonly home: string;
}

/** A value of a recording as it may be given to somebody. Numbers, field names and structure stay. */
export function cleaned(value: unknown, cleaning: Cleaning, key?: string): unknown {
  if (typeof value === "string") return cleanText(value, cleaning, key);
  if (Array.isArray(value)) return value.map((item) => cleaned(item, cleaning, key));
  if (typeof value !== "object" || value === null) return value;
  // Not assignments: a key named __proto__ must stay a key.
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [cleanKey(name, cleaning), cleaned(item, cleaning, name)]),
  );
}

function cleanText(text: string, { redact, home }: Cleaning, key: string | undefined): string {
  const masked = (key === undefined ? undefined : maskOfPair(key, text)) ?? maskText(text);
  if (redact && masked === text) {
    const isName =
      TIME.test(text) || RANDOM_ID.test(text) || (key !== undefined && STRUCTURAL.test(key) && WORD.test(text));
    if (!isName) return text === "" ? text : redactedText(text);
  }
  return home.length > 1 ? masked.replaceAll(home, "~") : masked;
}

/** Field names are the agent's; what looks like a path or a sentence is somebody's. */
function cleanKey(key: string, { redact, home }: Cleaning): string {
  if (redact && !/^[\w.$/@:-]{1,80}$/.test(key)) return redactedText(key);
  return home.length > 1 ? maskText(key).replaceAll(home, "~") : maskText(key);
}
