/** What no source of Copilot tells, taken out of the truth before it is compared. */

import type { Scenario } from "../scenario.ts";
import type { TrueCall, Truth } from "../truth.ts";

/** A killed agent leaves no record of it. */
const KILLED = "sigkill";

/** The scenario whose turns do not continue each other. */
const SEPARATE = "cost";

/**
 * - When a refused request ended: Copilot reports its first failure of a process up to 0.25 s late.
 * - When each attempt of a request began that never succeeded: only their ends are reported.
 * - When a request ended whose process was killed.
 */
function call(one: TrueCall, scenario: string): TrueCall {
  const killed = scenario === KILLED && one.outcome === "aborted";
  return one.outcome === "http_error" || killed ? { ...one, endUnknowable: true } : one;
}

/** To Copilot a command that ends with an exit code has run well, whatever the code. */
function truth(told: Truth): Truth {
  const commands = new Set(
    told.calls.flatMap(({ toolCalls }) => toolCalls.filter(({ name }) => name === "bash").map(({ id }) => id)),
  );
  return {
    ...told,
    // Every turn of it is a session of its own.
    sessions: told.scenario === SEPARATE ? told.turns : told.sessions,
    calls: told.calls.map((one) => call(one, told.scenario)),
    toolResults: told.toolResults.map((result) => (commands.has(result.id) ? { ...result, isError: false } : result)),
  };
}

/** The same scenarios without what cannot be known. */
export function relaxed(scenarios: readonly Scenario[]): readonly Scenario[] {
  return scenarios.map((scenario) => ({
    ...scenario,
    run: async (world) => {
      const result = await scenario.run(world);
      return { ...result, truth: truth(result.truth) };
    },
  }));
}
