import { expect, test } from "bun:test";
import { nodesOf } from "../../support/constructed.ts";
import { expectGolden } from "../../support/golden.ts";
import { treeText } from "../../support/tree.ts";
import { RECORDINGS, sessionsOf } from "./recordings.ts";

for (const scenario of RECORDINGS) {
  test(`${scenario}: the span tree is the golden one`, async () => {
    const sessions = await sessionsOf(scenario);
    const text = sessions.map((one) => `# session ${one.session}\n${treeText(nodesOf(one))}`).join("\n");
    expectGolden(`devin/${scenario}.txt`, text);
    expect(text).not.toContain("ORPHAN");
  });
}

test("print-turn without a database: the turn and its tool are traced from the hooks", async () => {
  const sessions = await sessionsOf("print-turn", null);
  expectGolden("devin/print-turn-no-database.txt", treeText(sessions.flatMap(nodesOf)));
});
