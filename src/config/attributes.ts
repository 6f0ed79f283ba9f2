/** Custom attributes of every span, from three layers. */

import { maskText } from "../trace/mask.ts";
import { maskOfPair } from "../trace/mask-named.ts";
import type { Scalar } from "../trace/node.ts";
import type { ConfigFile } from "./read.ts";

/** `OTEL_RESOURCE_ATTRIBUTES` as OpenTelemetry defines it: `k=v,k2=v2`, percent-encoded. */
export const RESOURCE_ATTRIBUTES = "OTEL_RESOURCE_ATTRIBUTES";

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A bare percent sign, as in `share=50%`.
    return text;
  }
}

/**
 * Parses `OTEL_RESOURCE_ATTRIBUTES`. Keys and values are percent-decoded after splitting, blanks around them dropped.
 * OpenTelemetry discards the whole variable for one malformed pair; here, as in the Python toolkit, the others stay.
 * @returns the attributes, and the number of pairs that were none
 */
export function resourceAttributesOf(text: string): {
  readonly attributes: Readonly<Record<string, string>>;
  readonly malformed: number;
} {
  const pairs = text.split(",").filter((pair) => pair.trim() !== "");
  const found = pairs.flatMap((pair) => {
    const split = pair.indexOf("=");
    const key = decoded(pair.slice(0, Math.max(0, split)).trim());
    return key === "" ? [] : [[key, decoded(pair.slice(split + 1).trim())] as const];
  });
  return { attributes: Object.fromEntries(found), malformed: pairs.length - found.length };
}

/** The same attributes with credential-shaped texts masked: they go to every sink. */
export function maskedAttributes(attributes: Readonly<Record<string, Scalar>>): Readonly<Record<string, Scalar>> {
  const masked = Object.entries(attributes).map(([name, value]) => {
    if (typeof value !== "string") return [name, value] as const;
    return [name, maskOfPair(name, value) ?? maskText(value)] as const;
  });
  return Object.fromEntries(masked);
}

/** The layers merged: `attributes`, `harnesses.<agent>.attributes`, the environment; later wins. */
export function attributesOf(
  { values }: ConfigFile,
  agentKey: string,
  fromEnvironment: Readonly<Record<string, string>>,
): Readonly<Record<string, Scalar>> {
  const own = values.harnesses && Object.hasOwn(values.harnesses, agentKey) ? values.harnesses[agentKey] : undefined;
  return { ...values.attributes, ...own?.attributes, ...fromEnvironment };
}
