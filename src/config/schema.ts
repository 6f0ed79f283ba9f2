/**
 * Shape of `config.json`. Loose: unknown keys pass and are kept, every field may be missing. Files of the Python toolkit
 * have this shape already; `sinks`, `capture`, `store` and `flush` are additions.
 */

import * as v from "valibot";
import { booleanOf } from "./words.ts";

// The Python toolkit's `config set` writes digits as a number.
const text = v.union([v.string(), v.pipe(v.number(), v.transform(String))], "Expected a text");

// Files written by hand have "false" where JSON has false.
const flag = v.union(
  [
    v.boolean(),
    v.pipe(
      v.string(),
      v.check((word) => typeof booleanOf(word) === "boolean"),
      v.transform((word) => booleanOf(word) === true),
    ),
  ],
  "Expected true or false",
);

const scalar = v.union([v.string(), v.number(), v.boolean()], "Expected a text, a number, true or false");

const sinkFields = {
  target: v.optional(text),
  endpoint: v.optional(text),
  api_key: v.optional(text),
  space_id: v.optional(text),
  project_name: v.optional(text),
  headers: v.optional(v.record(v.string(), scalar)),
  protocol: v.optional(
    v.picklist(["http/protobuf", "http/json", "protobuf", "json"], 'Expected "http/protobuf" or "http/json"'),
  ),
  compression: v.optional(v.picklist(["gzip", "none"], 'Expected "gzip" or "none"')),
};

const sink = v.looseObject(sinkFields);

const harness = v.looseObject({
  ...sinkFields,
  user_id: v.optional(text),
  attributes: v.optional(v.record(v.string(), scalar)),
  sinks: v.optional(v.array(sink)),
});

/** Schema of the whole file. */
export const configSchema = v.looseObject({
  harnesses: v.optional(v.record(v.string(), harness)),
  user_id: v.optional(text),
  attributes: v.optional(v.record(v.string(), scalar)),
  logging: v.optional(
    v.looseObject({
      prompts: v.optional(flag),
      tool_details: v.optional(flag),
      tool_content: v.optional(flag),
    }),
  ),
  capture: v.optional(
    v.looseObject({
      messages: v.optional(v.picklist(["new", "full"], 'Expected "new" or "full"')),
      mask: v.optional(flag),
      max_text_chars: v.optional(v.pipe(v.number(), v.integer(), v.minValue(100, "Expected at least 100"))),
    }),
  ),
  store: v.optional(
    v.looseObject({
      retention_days: v.optional(v.pipe(v.number(), v.minValue(0, "Expected 0 or more"))),
      max_mb: v.optional(v.pipe(v.number(), v.minValue(1, "Expected at least 1"))),
    }),
  ),
  flush: v.optional(v.picklist(["async", "sync"], 'Expected "async" or "sync"')),
  update: v.optional(v.looseObject({ check: v.optional(flag), from: v.optional(text) })),
  sinks: v.optional(v.array(sink)),
});

/** Contents of `config.json`, validated field by field. */
export type ConfigValues = v.InferOutput<typeof configSchema>;

/** One destination as the file describes it. */
export type SinkEntry = v.InferOutput<typeof sink>;
