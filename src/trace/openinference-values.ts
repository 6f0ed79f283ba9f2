/** Attributes that are there only when their value is known. */

import {
  INPUT_MIME_TYPE,
  INPUT_VALUE,
  MimeType,
  OUTPUT_MIME_TYPE,
  OUTPUT_VALUE,
} from "@arizeai/openinference-semantic-conventions";
import type { AttributeValue } from "./span.ts";

/** One attribute. */
export type Entry = readonly [string, AttributeValue];

/** JSON of a captured value; undefined for what JSON has no text for. */
export function jsonOf(value: unknown): string | undefined {
  return JSON.stringify(value);
}

function* textEntries(value: string, mime: string, text: string | undefined): Generator<Entry> {
  if (text === undefined) return;
  yield [value, text];
  yield [mime, MimeType.TEXT];
}

function* valueEntries(name: string, mime: string, value: unknown): Generator<Entry> {
  if (typeof value === "string") yield* textEntries(name, mime, value);
  else if (value !== undefined && value !== null) {
    const json = jsonOf(value);
    if (json === undefined) return;
    yield [name, json];
    yield [mime, MimeType.JSON];
  }
}

/** `input.*` and `output.*`: texts as they are, anything else as JSON, each with its mime type. */
export function* inputOutputEntries(input: unknown, output: unknown): Generator<Entry> {
  yield* valueEntries(INPUT_VALUE, INPUT_MIME_TYPE, input);
  yield* valueEntries(OUTPUT_VALUE, OUTPUT_MIME_TYPE, output);
}

/** The attribute, unless its value is unknown or not a finite number. */
export function* known(name: string, value: AttributeValue | undefined): Generator<Entry> {
  if (value !== undefined && !(typeof value === "number" && !Number.isFinite(value))) yield [name, value];
}
