/** Custom attributes of every span, from three layers. */

import { maskText } from "../trace/mask.ts";
import { maskOfPair } from "../trace/mask-named.ts";
import type { Scalar } from "../trace/node.ts";
import type { ConfigFile } from "./read.ts";

/** `OTEL_RESOURCE_ATTRIBUTES` as OpenTelemetry defines it: `k=v,k2=v2`, percent-encoded. */
export const RESOURCE_ATTRIBUTES = "OTEL_RESOURCE_ATTRIBUTES";

/**
 * Parses `OTEL_RESOURCE_ATTRIBUTES`. Keys and values are percent-decoded after splitting, blanks around them dropped.
 * @returns undefined when any pair is malformed: OpenTelemetry discards the whole variable then
 */
export function resourceAttributesOf(text: string): Readonly<Record<string, string>> | undefined {
  const found: [string, string][] = [];
  for (const pair of text.split(",")) {
    if (pair.trim() === "") continue;
    const split = pair.indexOf("=");
    if (split < 0) return undefined;
    try {
      const key = decodeURIComponent(pair.slice(0, split).trim());
      const value = decodeURIComponent(pair.slice(split + 1).trim());
      if (key === "") return undefined;
      found.push([key, value]);
    } catch {
      return undefined;
    }
  }
  return Object.fromEntries(found);
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
