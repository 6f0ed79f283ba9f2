/** `install --config <file>`: a file in the form of `config.json` that is merged into it. */

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import * as v from "valibot";
import { type ConfigValues, configSchema } from "../config/schema.ts";
import type { Input } from "./command.ts";
import { type ConfigChange, DESTINATION_KEYS } from "./config-changes.ts";
import { type CliContext, CliFailure } from "./context.ts";

/** What was given, and the changes of `config.json` that merging it means. */
export interface GivenConfig {
  readonly values: ConfigValues;
  readonly changes: readonly ConfigChange[];
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads the file that `--config` names, `-` being stdin; undefined without the option.
 * @throws CliFailure when it cannot be read, or holds something that `config.json` may not hold: a fleet must hear of a
 * mistake before it is everywhere
 */
export async function givenConfig(input: Input, context: CliContext): Promise<GivenConfig | undefined> {
  const name = input.text("config");
  if (name === undefined) return undefined;
  const text = name === "-" ? await context.readStdin() : textOf(resolve(context.folder ?? context.home, name), name);
  const value = parsed(text, name);
  const checked = v.safeParse(configSchema, value);
  if (!checked.success || !isFields(value)) {
    const issue = checked.issues?.[0];
    const place = issue ? v.getDotPath(issue) : null;
    // The issue's message alone: a received value may be a secret.
    throw new CliFailure(
      `${name}: ${place ? `${place}: ` : ""}${issue?.message.split(" but received")[0] ?? "no object"}`,
    );
  }
  return { values: checked.output, changes: changesOf(value) };
}

function textOf(path: string, name: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new CliFailure(`${name} cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  }
}

function parsed(text: string, name: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ""));
  } catch {
    throw new CliFailure(`${name} is not valid JSON`);
  }
}

/** Objects are merged, everything else is replaced; a destination as a whole, since a key belongs to its host. */
function changesOf(value: Fields): readonly ConfigChange[] {
  const harnesses = isFields(value.harnesses) ? value.harnesses : {};
  const stale = Object.entries(harnesses).flatMap(([agent, harness]) => {
    if (!isFields(harness) || !DESTINATION_KEYS.some((key) => harness[key] !== undefined)) return [];
    return DESTINATION_KEYS.filter((key) => harness[key] === undefined).map((key) => ({
      path: ["harnesses", agent, key],
      value: undefined,
    }));
  });
  return [...stale, ...leaves(value, [])];
}

function leaves(value: Fields, path: readonly string[]): readonly ConfigChange[] {
  return Object.entries(value).flatMap(([key, inner]) => {
    const place = [...path, key];
    // Headers are part of a destination: replaced, like the rest of it.
    return isFields(inner) && key !== "headers" ? leaves(inner, place) : [{ path: place, value: inner }];
  });
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
