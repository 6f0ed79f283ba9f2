/**
 * Masking of credential-shaped values in captured text. What is masked leaves its kind behind, `<masked github-token>`;
 * references to secrets (`$KEY`, `os.environ["KEY"]`), placeholders and code are left alone. Pure, idempotent, and linear
 * in the length of the text: every pattern starts at a literal or is bounded.
 */

import { maskInContext } from "./mask-context.ts";
import { maskNamedValues } from "./mask-named.ts";
import { maskPrivateKeys } from "./mask-private-key.ts";
import { isFilledFormat } from "./mask-values.ts";
import { CREDENTIAL_FORMATS } from "./mask-vendors.ts";

/** Nothing shorter can hold a credential with its name. */
const MIN_CHARS = 8;

// One search for all hints: clean text, which is nearly all text, pays for nothing else.
const HINTS = new RegExp(
  [...new Set(CREDENTIAL_FORMATS.flatMap(({ hints }) => hints))]
    .map((hint) => hint.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&"))
    .join("|"),
  "g",
);

function maskFormats(text: string): string {
  const present = new Set(text.match(HINTS));
  if (present.size === 0) return text;
  let masked = text;
  for (const { name, hints, pattern } of CREDENTIAL_FORMATS) {
    if (!hints.some((hint) => present.has(hint))) continue;
    masked = masked.replace(pattern, (found) => (isFilledFormat(found) ? found : `<masked ${name}>`));
  }
  return masked;
}

/** The text with every credential-shaped value replaced by `<masked …>`. */
export function maskText(text: string): string {
  if (text.length < MIN_CHARS) return text;
  return maskNamedValues(maskInContext(maskFormats(maskPrivateKeys(text))));
}
