/** Replacing content by markers, and cutting what is too long. All functions are pure and total. */

import { maskText } from "./mask.ts";
import { maskOfPair } from "./mask-named.ts";

/** How content of one class is treated. */
export interface Treatment {
  /** False replaces the text by its length. */
  readonly visible: boolean;
  readonly mask: boolean;
  readonly maxTextChars: number;
}

/** Nesting of structured values that is kept. */
const MAX_DEPTH = 32;
/** Values (leaves and containers) of one structured value that are kept. */
const MAX_VALUES = 20_000;
/** A structured value may hold this many times the characters of a single text. */
const TOTAL_TEXTS = 10;

/** Stands for a value without a length: numbers, switches, nulls. */
const REDACTED = "<redacted>";

// Keys of this shape are field names of a tool; others (paths, questions, URLs) are content.
const FIELD_NAME = /^[A-Za-z_$-][\w$-]{0,63}$/;

/** Characters (code points) of a text. */
export function charactersOf(text: string): number {
  let pairs = 0;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit >= 0xd800 && unit <= 0xdbff) {
      const next = text.charCodeAt(index + 1);
      if (next >= 0xdc00 && next <= 0xdfff) {
        pairs++;
        index++;
      }
    }
  }
  return text.length - pairs;
}

// Texts that a reader keeps between records are treated then, and again as part of a fact: marks must stay as they are.
const MARK = /^<redacted(?: \(\d+ chars\))?>$/;
const CUT_MARK = /…<cut, \d+ more chars>$/;
/** Longest mark of a cut, in UTF-16 units. */
const CUT_MARK_LENGTH = 40;

/** `<redacted (N chars)>`; a text that is such a mark already stays as it is. */
export function redactedText(text: string): string {
  return MARK.test(text) ? text : `<redacted (${charactersOf(text)} chars)>`;
}

/**
 * A text of at most `max` UTF-16 units with a visible mark of what is missing. Never splits a surrogate pair. A text that
 * was cut like that already stays as it is.
 */
export function cutText(text: string, max: number): string {
  if (text.length <= max) return text;
  if (text.length <= max + CUT_MARK_LENGTH && CUT_MARK.test(text.slice(-CUT_MARK_LENGTH))) return text;
  const unit = text.charCodeAt(max - 1);
  const end = unit >= 0xd800 && unit <= 0xdbff ? max - 1 : max;
  return `${text.slice(0, end)}…<cut, ${charactersOf(text.slice(end))} more chars>`;
}

/** One text: masked and cut, or replaced by its length. */
export function treatText(text: string, { visible, mask, maxTextChars }: Treatment): string {
  if (!visible) return redactedText(text);
  return cutText(mask ? maskText(text) : text, maxTextChars);
}

class Walk {
  private values = 0;
  private chars: number;
  private readonly treatment: Treatment;

  constructor(treatment: Treatment) {
    this.treatment = treatment;
    this.chars = treatment.maxTextChars * TOTAL_TEXTS;
  }

  walk(value: unknown, depth: number, key: string | undefined): unknown {
    if (++this.values > MAX_VALUES) return "…<cut>";
    if (typeof value === "string") return this.text(value, key);
    if (typeof value !== "object" || value === null) return this.leaf(value);
    if (depth >= MAX_DEPTH) return "…<cut, nested too deep>";
    return Array.isArray(value) ? this.list(value, depth, key) : this.record(value, depth);
  }

  private text(value: string, key: string | undefined): string {
    if (!this.treatment.visible) return redactedText(value);
    const pair = this.treatment.mask && key !== undefined ? maskOfPair(key, value) : undefined;
    const treated =
      pair ?? treatText(value, { ...this.treatment, maxTextChars: Math.min(this.treatment.maxTextChars, this.chars) });
    this.chars = Math.max(0, this.chars - treated.length);
    return treated;
  }

  private leaf(value: unknown): unknown {
    return this.treatment.visible || value === undefined ? value : REDACTED;
  }

  private list(value: readonly unknown[], depth: number, key: string | undefined): unknown {
    const room = MAX_VALUES - this.values;
    const kept = value.slice(0, room).map((item) => this.walk(item, depth + 1, key));
    return value.length > kept.length ? [...kept, `…<cut, ${value.length - kept.length} more items>`] : kept;
  }

  private record(value: object, depth: number): unknown {
    const result: Record<string, unknown> = {};
    for (const [key, item] of Object.entries(value)) {
      if (this.values > MAX_VALUES) {
        result["…"] = "<cut>";
        break;
      }
      // Not an assignment: a key named __proto__ must stay a key.
      Object.defineProperty(result, this.key(key), {
        value: this.walk(item, depth + 1, key),
        enumerable: true,
        configurable: true,
        writable: true,
      });
    }
    return result;
  }

  private key(key: string): string {
    if (FIELD_NAME.test(key)) return this.treatment.mask ? maskText(key) : key;
    return treatText(key, this.treatment);
  }
}

/**
 * A structured value: each text is treated by itself, masked by its key's name too; where the class is off, other leaves
 * become `<redacted>`. Field names stay, other keys are content. Nesting, number of values and total size are bounded.
 */
export function treatValue(value: unknown, treatment: Treatment): unknown {
  return new Walk(treatment).walk(value, 0, undefined);
}

/** A value of unknown shape: where its class is off, all of it becomes one marker with the length of its JSON. */
export function treatWhole(value: unknown, treatment: Treatment): unknown {
  if (value === undefined || value === null) return value;
  if (treatment.visible) return treatValue(value, treatment);
  return typeof value === "string" ? redactedText(value) : redactedJson(value);
}

function redactedJson(value: unknown): string {
  try {
    return redactedText(JSON.stringify(value) ?? "");
  } catch {
    // Nested deeper than the stack: there is no length to tell.
    return REDACTED;
  }
}
