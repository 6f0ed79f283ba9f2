/** Costs by hand: the prices of Phoenix's manifest times the tokens of our spans. */

import type { Attributes } from "../../../src/trace/span.ts";
import type { PricedModel } from "./phoenixServer.ts";

/** US dollars. */
export interface Cost {
  readonly prompt: number;
  readonly completion: number;
}

const DETAILS = {
  prompt: { plain: "input", keys: ["cache_read", "cache_write"] },
  completion: { plain: "output", keys: ["reasoning"] },
} as const;

function count(attributes: Attributes, key: string): number {
  const value = attributes[key];
  return typeof value === "number" ? value : 0;
}

/** Price of a model: the longest pattern found in its name. */
function priceOf(model: string, prices: readonly PricedModel[]): PricedModel | undefined {
  return prices
    .filter(({ name_pattern }) => new RegExp(name_pattern.replace("(?i)", ""), "i").test(model))
    .sort((a, b) => b.name_pattern.length - a.name_pattern.length)[0];
}

function rateOf(model: PricedModel, type: string, fallback: string, attributes: Attributes): number {
  const isPrompt = fallback === "input";
  const of = (wanted: string): PricedModel["token_prices"][number] | undefined =>
    model.token_prices.find((price) => price.token_type === wanted && price.is_prompt === isPrompt);
  const price = of(type) ?? of(fallback);
  if (price === undefined) throw new Error(`${model.name} has no price for ${fallback}`);
  const threshold = price.customization;
  return threshold !== undefined && count(attributes, threshold.key) > threshold.threshold
    ? threshold.new_rate
    : price.base_rate;
}

/** Cost of an LLM span; undefined where the manifest does not know its model or no token was counted. */
export function costOf(attributes: Attributes, prices: readonly PricedModel[]): Cost | undefined {
  const model = priceOf(String(attributes["llm.model_name"] ?? ""), prices);
  const tokens = {
    prompt: count(attributes, "llm.token_count.prompt"),
    completion: count(attributes, "llm.token_count.completion"),
  };
  if (model === undefined || tokens.prompt + tokens.completion === 0) return undefined;
  const sum = (side: "prompt" | "completion"): number => {
    const { plain, keys } = DETAILS[side];
    let rest = tokens[side];
    let cost = 0;
    for (const key of keys) {
      const part = count(attributes, `llm.token_count.${side}_details.${key}`);
      rest -= part;
      cost += part * rateOf(model, key, plain, attributes);
    }
    return cost + rest * rateOf(model, plain, plain, attributes);
  };
  return { prompt: sum("prompt"), completion: sum("completion") };
}
