/**
 * Codex runs hooks only when their user trusts them: it keeps a hash of each hook's definition under a key that holds the
 * file and the hook's position. Both are computed here as Codex does it, so that the state can be shown without Codex.
 */

import { createHash } from "node:crypto";
import { getNodeValue } from "jsonc-parser";
import { ownerOf } from "../../setup/hook-groups.ts";
import { memberOf, parseJsonc } from "../../setup/jsonc.ts";
import { type CodexConfig, hookStates } from "./config-file.ts";

/** A hook of ours with the key and the hash under which Codex knows it. */
export interface TrustedHook {
  readonly event: string;
  readonly key: string;
  readonly hash: string;
}

/** Codex's own default and limits for hooks that end something, seconds. */
const DEFAULT_TIMEOUT = 600;

/** Keys and hashes of our hooks in a `hooks.json` text. */
export function hooksToTrust(text: string, path: string): readonly TrustedHook[] {
  const parsed = parseJsonc(text);
  if ("error" in parsed) return [];
  const found: TrustedHook[] = [];
  for (const property of memberOf(parsed.root, "hooks")?.children ?? []) {
    const event = String(property.children?.[0]?.value);
    const groups = property.children?.[1]?.children ?? [];
    groups.forEach((group, groupIndex) => {
      (memberOf(group, "hooks")?.children ?? []).forEach((node, index) => {
        const { command, timeout } = getNodeValue(node) as { command?: unknown; timeout?: unknown };
        if (typeof command !== "string" || ownerOf(command) !== "ours") return;
        const name = snakeCase(event);
        found.push({
          event,
          key: `${path}:${name}:${groupIndex}:${index}`,
          hash: hashOf(name, command, typeof timeout === "number" ? timeout : DEFAULT_TIMEOUT),
        });
      });
    });
  }
  return found;
}

/** Hash of compact JSON with sorted keys, without a matcher: ours have none. */
function hashOf(eventName: string, command: string, timeout: number): string {
  const definition = { event_name: eventName, hooks: [{ async: false, command, timeout, type: "command" }] };
  return `sha256:${createHash("sha256").update(JSON.stringify(definition)).digest("hex")}`;
}

function snakeCase(event: string): string {
  return event.replace(/(?<!^)[A-Z]/g, (letter) => `_${letter}`).toLowerCase();
}

/** Which of our hooks run, and which do not. */
export interface TrustState {
  readonly trusted: readonly TrustedHook[];
  /** Never approved, or changed since. */
  readonly untrusted: readonly TrustedHook[];
  /** Switched off by the user. */
  readonly disabled: readonly TrustedHook[];
}

/** Compares our hooks with what Codex remembers. */
export function trustState(hooks: readonly TrustedHook[], config: CodexConfig): TrustState {
  const states = hookStates(config);
  const isOff = ({ key }: TrustedHook) => states[key]?.enabled === false;
  const isTrusted = ({ key, hash }: TrustedHook) => states[key]?.trusted_hash === hash;
  return {
    trusted: hooks.filter((hook) => !isOff(hook) && isTrusted(hook)),
    untrusted: hooks.filter((hook) => !isOff(hook) && !isTrusted(hook)),
    disabled: hooks.filter(isOff),
  };
}
