import { expect, test } from "bun:test";
import { join } from "node:path";
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

test("tokens mean what Devin's own transcript of the same session says", async () => {
  const transcript = await Bun.file(
    join(import.meta.dir, "../../recorded/devin/side-files/atif-transcript.json"),
  ).json();
  const { prompt_tokens, completion_tokens, cached_tokens } = transcript.steps[1].metrics;
  const calls = (await sessionsOf("print-turn"))
    .flatMap(nodesOf)
    .flatMap((node) => (node.kind === "llm" ? node.usage : []));
  expect(calls[0]).toMatchObject({ prompt: prompt_tokens, completion: completion_tokens, cacheRead: cached_tokens });
});
