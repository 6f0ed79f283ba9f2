/** STUB of the interface: privacy filter on facts (masking, the three content switches, size caps). */

import type { Settings } from "../config/settings.ts";
import type { Fact } from "./facts.ts";

export type Policy = Pick<Settings, "log" | "mask" | "maxTextChars">;

/** Applied to every fact before the fold, so that neither fold state nor spans ever hold what must not be stored. */
export function protect(fact: Fact, _policy: Policy): Fact {
  return fact;
}
