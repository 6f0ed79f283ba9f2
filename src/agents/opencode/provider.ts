/** OpenCode's provider ids in OpenInference's terms. */

import type { Line } from "./wire.ts";

const PROVIDERS: Readonly<Record<string, string>> = {
  "amazon-bedrock": "aws",
  "azure-cognitive-services": "azure",
  "google-vertex": "google",
  "google-vertex-anthropic": "google",
  mistral: "mistralai",
};

/** Which maker's protocol a package of OpenCode speaks; compatible ones may serve anybody's model. */
const SYSTEMS: Readonly<Record<string, string>> = {
  "@ai-sdk/anthropic": "anthropic",
  "@ai-sdk/google-vertex/anthropic": "anthropic",
  "@ai-sdk/openai": "openai",
  "@ai-sdk/azure": "openai",
  "@ai-sdk/google": "google",
  "@ai-sdk/google-vertex": "vertexai",
  "@ai-sdk/mistral": "mistralai",
  "@ai-sdk/cohere": "cohere",
};

/** Who serves the model. */
export function providerOf(provider: string): string {
  return PROVIDERS[provider] ?? provider;
}

/** Whose model it is, where that is known. */
export function systemOf(line: Pick<Line, "package">): string | undefined {
  return SYSTEMS[line.package ?? ""];
}
