/** Words for yes and no in environment variables and in files written by hand. */

const YES = /^(true|1|yes|on)$/i;
const NO = /^(false|0|no|off)$/i;

/**
 * `true`, `1`, `yes`, `on` and `false`, `0`, `no`, `off` in any case, surrounding blanks ignored.
 * @returns undefined for an empty or absent value, `"unknown"` for any other word
 */
export function booleanOf(word: string | undefined): boolean | undefined | "unknown" {
  const text = word?.trim() ?? "";
  if (text === "") return undefined;
  if (YES.test(text)) return true;
  return NO.test(text) ? false : "unknown";
}
