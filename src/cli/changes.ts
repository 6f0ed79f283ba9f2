/** Showing changes of files before they are made. */

import { visit } from "jsonc-parser";
import type { FileChange } from "../setup/change.ts";
import { unifiedDiff } from "../setup/diff.ts";
import type { CliContext } from "./context.ts";
import { safeLines, shortPath } from "./text.ts";

/** Stands for a secret. */
const MASK = "***";

/** A change as a diff with its file names, coloured on a terminal. */
export function changeText({ path, before, after }: FileChange, { home, style }: CliContext): string {
  const name = shortPath(path, home);
  const from = before === undefined ? "/dev/null" : name;
  const to = after === undefined ? "/dev/null" : name;
  const lines = safeLines(unifiedDiff(before ?? "", after ?? "")).map((line) => {
    if (line.startsWith("+")) return style.green(line);
    if (line.startsWith("-")) return style.red(line);
    return line.startsWith("@@") ? style.cyan(line) : line;
  });
  return [style.bold(`--- ${from}`), style.bold(`+++ ${to}`), ...lines].join("\n");
}

/**
 * A change of the configuration file with its secrets hidden, so that the terminal's history does not keep them. A
 * secret that changes still shows as changed.
 */
export function withoutSecrets(change: FileChange): FileChange {
  const before = secretsOf(change.before ?? "");
  const after = secretsOf(change.after ?? "");
  return {
    ...change,
    before: change.before && hide(change.before, before, () => MASK),
    after: change.after && hide(change.after, after, ({ place, value }) => changedMask(before, place, value)),
  };
}

interface Secret {
  readonly place: string;
  readonly value: string;
  readonly offset: number;
  readonly length: number;
}

function changedMask(before: readonly Secret[], place: string, value: string): string {
  const old = before.find((secret) => secret.place === place);
  return old && old.value !== value ? `${MASK} (changed)` : MASK;
}

function hide(text: string, secrets: readonly Secret[], mask: (secret: Secret) => string): string {
  let hidden = text;
  for (const secret of secrets.toReversed()) {
    const end = secret.offset + secret.length;
    hidden = `${hidden.slice(0, secret.offset)}${JSON.stringify(mask(secret))}${hidden.slice(end)}`;
  }
  return hidden;
}

/** Values of `api_key` anywhere, and of every header: none of those is known not to be a secret. */
function secretsOf(text: string): readonly Secret[] {
  const found: Secret[] = [];
  visit(text, {
    onLiteralValue: (value, offset, length, _line, _column, pathOf) => {
      const path = pathOf();
      if (value === "" || !(path.at(-1) === "api_key" || path.includes("headers"))) return;
      found.push({ place: path.join("\u0000"), value: String(value), offset, length });
    },
  });
  return found;
}
