import { expect, test } from "bun:test";
import { fold, initialFold } from "../../../src/trace/fold.ts";
import { expectGolden } from "../../support/golden.ts";
import { expectTruth, LATER_MS } from "../../support/plugin-truth.ts";
import { treeText } from "../../support/tree.ts";
import { recordings, sessionsOf, type TrueRequest, truthOf } from "./recordings.ts";

/** Recordings in which the model server's answers were never read to their end. */
const CUT = new Set(["cutoff", "slow"]);

/** Nothing tells the tokens of the request that names a session. */
const isShown = ({ scenario }: TrueRequest) => scenario !== "_title";

for (const scenario of recordings()) {
  test(`${scenario}: the span tree is the golden one and equals what the model server saw`, async () => {
    const sessions = await sessionsOf(scenario);
    const nodes = sessions.map(({ live }) => {
      const newest = Math.max(...live.map((fact) => fact.at));
      return fold(initialFold(), [...live, { type: "tick", at: newest + LATER_MS }]).nodes;
    });
    const text = sessions.map(({ session }, i) => `# session ${session}\n${treeText(nodes[i] ?? [])}`).join("\n");
    expectGolden(`opencode/${scenario}.txt`, text);
    expect(text).not.toContain("ORPHAN");
    expectTruth(
      nodes.flat().filter((node) => node.kind === "llm"),
      truthOf(scenario)
        .filter(isShown)
        .map((one) => ({ ...one, good: one.status === 200 && !CUT.has(one.scenario) })),
    );
  });
}
