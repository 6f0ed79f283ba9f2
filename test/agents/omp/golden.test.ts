import { expect, test } from "bun:test";
import { fold, initialFold } from "../../../src/trace/fold.ts";
import { expectGolden } from "../../support/golden.ts";
import { expectTruth, LATER_MS } from "../../support/plugin-truth.ts";
import { treeText } from "../../support/tree.ts";
import { type Kind, recordings, sessionsOf, type TrueRequest, truthOf } from "./recordings.ts";

/** Recordings in which the model server's answers were never read to their end. */
const CUT = new Set(["cutoff", "slow"]);

/** What no event tells: attempts inside the client, requests that name a subagent, the usage of a compaction. */
function shown(kind: Kind, scenario: string): TrueRequest[] {
  return truthOf(kind, scenario).filter(
    ({ status, n_tools, scenario: answered }, i) =>
      !(scenario === "retry" && status !== 200) &&
      n_tools > 0 &&
      !(kind === "omp" && answered === "compact" && i === 1),
  );
}

for (const kind of ["omp", "pi"] as const) {
  for (const scenario of recordings(kind)) {
    test(`${kind} ${scenario}: the span tree is the golden one and equals what the model server saw`, async () => {
      const sessions = await sessionsOf(kind, scenario);
      const nodes = sessions.map(({ live }) => {
        const newest = Math.max(...live.map((fact) => fact.at));
        return fold(initialFold(), [...live, { type: "tick", at: newest + LATER_MS }]).nodes;
      });
      const text = sessions.map(({ session }, i) => `# session ${session}\n${treeText(nodes[i] ?? [])}`).join("\n");
      expectGolden(`${kind}/${scenario}.txt`, text);
      expect(text).not.toContain("ORPHAN");
      const compactions = new Set(
        nodes.flat().flatMap((node) => (node.kind === "compaction" ? `${node.turn} ${node.key}` : [])),
      );
      const calls = nodes
        .flat()
        .filter((node) => node.kind === "llm")
        .filter((call) => !compactions.has(`${call.turn} ${call.parent}`));
      expectTruth(
        calls,
        shown(kind, scenario).map((one) => ({ ...one, good: one.status === 200 && !CUT.has(one.scenario) })),
      );
    });
  }
}
