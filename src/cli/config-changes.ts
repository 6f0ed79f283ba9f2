/** What an installation writes into `config.json`. */

import type { Input } from "./command.ts";
import type { Destination } from "./destination.ts";

/** A dotted place in the file as its parts, and the value to put there; undefined takes it out. */
export interface ConfigChange {
  readonly path: readonly string[];
  readonly value: unknown;
}

/** Everything of a destination that an older one may have left behind. */
export const DESTINATION_KEYS = ["target", "endpoint", "api_key", "space_id", "headers"] as const;

const CONTENT_FLAGS = [
  ["no-log-prompts", "prompts"],
  ["no-log-tool-details", "tool_details"],
  ["no-log-tool-content", "tool_content"],
] as const;

/**
 * Changes for one agent. A new destination replaces the old one as a whole: a key must not stay behind for another host.
 * @param known what the file has under `harnesses.<agent>`
 */
export function agentChanges(
  agentKey: string,
  destination: Destination | undefined,
  input: Input,
  known: Readonly<Record<string, unknown>> | undefined,
): readonly ConfigChange[] {
  const at = (key: string) => ["harnesses", agentKey, key];
  const changes: ConfigChange[] = [];
  const named = !destination || known?.project_name !== undefined;
  const project = input.text("project") ?? (named ? undefined : agentKey);
  if (project !== undefined) changes.push({ path: at("project_name"), value: project });
  if (destination) {
    for (const key of DESTINATION_KEYS) {
      const value = destination[key];
      if (value !== undefined || known?.[key] !== undefined) changes.push({ path: at(key), value });
    }
  }
  const user = input.text("user-id");
  if (user !== undefined) changes.push({ path: at("user_id"), value: user });
  return changes;
}

/** Does the file say where an agent's traces go? @param known what it has under `harnesses.<agent>` */
export function isConfigured(known: Readonly<Record<string, unknown>> | undefined): boolean {
  return [...DESTINATION_KEYS, "sinks"].some((key) => known?.[key] !== undefined);
}

/** Changes that concern all agents. @param sync whether hooks are to wait for deliveries from now on */
export function commonChanges(input: Input, sync: boolean): readonly ConfigChange[] {
  return [
    ...CONTENT_FLAGS.filter(([flag]) => input.flag(flag)).map(([, key]) => ({ path: ["logging", key], value: false })),
    ...(sync ? [{ path: ["flush"], value: "sync" }] : []),
  ];
}
