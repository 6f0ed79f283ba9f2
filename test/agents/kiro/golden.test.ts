import { expect, test } from "bun:test";
import { nodesOf } from "../../support/constructed.ts";
import { expectGolden } from "../../support/golden.ts";
import { treeText } from "../../support/tree.ts";
import { RECORDINGS, sessionsOf } from "./recordings.ts";

for (const scenario of RECORDINGS) {
  test(`${scenario}: the span tree is the golden one`, async () => {
    const sessions = await sessionsOf(scenario);
    const metadata = (one: (typeof sessions)[number]) =>
      nodesOf(one).flatMap((node) => (node.kind === "turn" ? [JSON.stringify(node.metadata)] : []));
    const text = sessions.map((one) => `# ${metadata(one).join(" ")}\n${treeText(nodesOf(one))}`).join("\n");
    expectGolden(`kiro/${scenario}.txt`, text);
    expect(text).not.toContain("ORPHAN");
  });
}
