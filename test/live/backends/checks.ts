/** Checks that are counted and printed one by one. */

import { isDeepStrictEqual } from "node:util";

export interface Tally {
  readonly passed: number;
  readonly failed: number;
}

const MAX_SHOWN_CHARS = 600;

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > MAX_SHOWN_CHARS ? `${text.slice(0, MAX_SHOWN_CHARS)}…` : text;
}

/** Collects the outcome of checks. */
export class Checks {
  #passed = 0;
  #failed = 0;

  /** Compares deeply and prints one line; on a difference both values. */
  equal(what: string, actual: unknown, expected: unknown): void {
    this.true(
      what,
      isDeepStrictEqual(actual, expected),
      () => `\n  is     ${shown(actual)}\n  not    ${shown(expected)}`,
    );
  }

  /** Prints one line, with the evidence when the condition does not hold. */
  true(what: string, holds: boolean, evidence: () => string = () => ""): void {
    if (holds) this.#passed++;
    else this.#failed++;
    console.log(`${holds ? "ok    " : "FAILED"} ${what}${holds ? "" : evidence()}`);
  }

  get tally(): Tally {
    return { passed: this.#passed, failed: this.#failed };
  }
}
