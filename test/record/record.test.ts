import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AgentEntry } from "../../src/agents/agent.ts";
import { claude } from "../../src/agents/claude/agent.ts";
import { claudeRoute } from "../../src/agents/claude/route.ts";
import { removeSegments } from "../../src/drain/cleanup.ts";
import { journal } from "../../src/hook/journal.ts";
import { listSegments } from "../../src/journal/segments.ts";
import { pathsIn } from "../../src/paths.ts";
import { cleaned } from "../../src/record/clean.ts";
import { dropOldRecordings, recordingOf, startRecording } from "../../src/record/mark.ts";
import { openStore } from "../../src/store/open.ts";
import { segmentKey } from "../../src/store/types.ts";
import { DEVIN, databaseOf, eventsOf as devinEvents, makeDatabase } from "../agents/devin/recordings.ts";
import { bundleOf, replayBundle } from "../support/bundle.ts";
import { cli } from "../support/cli.ts";
import { nodesOf } from "../support/constructed.ts";
import { journalOf, recordings, sessionsOf, transcriptsOf } from "../support/recording.ts";
import { treeText } from "../support/tree.ts";

const CLAUDE: AgentEntry = {
  key: "claude-code",
  name: "claude",
  title: "Claude Code",
  hook: claudeRoute,
  load: async () => claude,
};

const homes: string[] = [];
afterAll(() => {
  for (const home of homes) rmSync(home, { recursive: true, force: true });
});

function makeHome(): string {
  const home = mkdtempSync(join(tmpdir(), "record-"));
  homes.push(home);
  mkdirSync(pathsIn(home).state, { recursive: true, mode: 0o700 });
  return home;
}

/** Plays the hook calls of a recorded session of Claude Code through the hook's own path into the journal. */
function play(home: string, scenario: string): number {
  const transcripts = transcriptsOf(scenario);
  const events = journalOf(scenario);
  const writer = { agent: CLAUDE, paths: pathsIn(home), env: {} };
  for (const { ts, event, session, payload } of events) {
    const placed = { ...Object(payload), transcript_path: transcripts.get(session) ?? "" };
    journal(
      { ...writer, env: { CLAUDE_CODE_SESSION_ID: session } },
      new TextEncoder().encode(JSON.stringify(placed)),
      event,
      ts,
    );
  }
  return Math.min(...events.map(({ ts }) => ts));
}

const firstOf = (scenario: string) => Math.min(...journalOf(scenario).map(({ ts }) => ts));

/** Records a session of Claude Code. @returns the bundle's folder */
async function recorded(home: string, scenario: string, ...more: string[]): Promise<string> {
  const now = firstOf(scenario) - 1000;
  expect((await cli(home, ["record", "claude"], { now })).code).toBe(0);
  play(home, scenario);
  const folder = join(home, "bundle");
  const stopped = await cli(home, ["record", "claude", "stop", "--output", folder, ...more], { now: now + 600_000 });
  expect(stopped).toMatchObject({ code: 0, err: "" });
  return folder;
}

const tree = (sessions: Awaited<ReturnType<typeof replayBundle>>) =>
  sessions.map((one) => treeText(nodesOf(one))).join("\n");

describe("record", () => {
  test.each(recordings().filter((name) => ["bash", "subfg", "denied", "compact"].includes(name)))(
    "%s of Claude Code: a recording that was made through the hook replays to the very same tree",
    async (scenario) => {
      const folder = await recorded(makeHome(), scenario);
      expect(tree(await replayBundle(folder))).toBe(tree(await sessionsOf(scenario)));
    },
  );

  test("everything of it is the user's alone, and the mark is gone", async () => {
    const home = makeHome();
    const folder = await recorded(home, "bash");
    for (const name of [
      "bundle.json",
      "events.jsonl",
      ...readdirSync(join(folder, "history")).map((one) => `history/${one}`),
    ]) {
      expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
    }
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(recordingOf(pathsIn(home), "claude-code")).toBeUndefined();
  });

  test("redacted, it has the same spans and none of the texts", async () => {
    const home = makeHome();
    const folder = await recorded(home, "bash", "--redact");
    const [session] = await replayBundle(folder);
    const [open] = await sessionsOf("bash");
    const kinds = (one: typeof session) =>
      one
        ? nodesOf(one)
            .map(({ kind }) => kind)
            .sort()
        : [];
    expect(kinds(session)).toEqual(kinds(open));
    const turn = open && nodesOf(open).find((node) => node.kind === "turn");
    const prompt = turn?.kind === "turn" ? (turn.input ?? "") : "";
    expect(prompt.length).toBeGreaterThan(5);
    expect(readFileSync(join(folder, "events.jsonl"), "utf8")).not.toContain(prompt);
    expect(bundleOf(folder)).toMatchObject({ agent: "claude-code", redacted: true });
  });

  test("what was before it, and other agents, are not in it", async () => {
    const home = makeHome();
    const last = play(home, "text") + 60_000;
    await cli(home, ["record", "claude"], { now: last });
    const folder = join(home, "bundle");
    const { out, err } = await cli(home, ["record", "claude", "stop", "--output", folder], { now: last + 1000 });
    expect(out).toContain("0 sessions, 0 hook calls");
    expect(err).toContain("harness-tracing doctor");
    expect(readFileSync(join(folder, "events.jsonl"), "utf8")).toBe("");
  });

  test("a database is recorded as the records that were read from it", async () => {
    const home = makeHome();
    const data = makeHome();
    makeDatabase(data, databaseOf("print-turn"));
    const events = devinEvents("print-turn", data);
    const since = (events[0]?.ts ?? 0) - 1000;
    await cli(home, ["record", "devin"], { now: since });
    for (const { ts, event, payload, env } of events) {
      journal(
        { agent: DEVIN, paths: pathsIn(home), env },
        new TextEncoder().encode(JSON.stringify(payload)),
        event,
        ts,
      );
    }
    const folder = join(home, "bundle");
    await cli(home, ["record", "devin", "stop", "--output", folder], { now: since + 60_000 });
    expect(tree(await replayBundle(folder))).toContain("llm swe-1-7 tokens(prompt=12896");
  });

  test("what a drain deletes of the journal is kept while a recording runs, and of that agent alone", () => {
    const home = makeHome();
    const paths = pathsIn(home);
    play(home, "bash");
    const [segment] = listSegments(paths);
    if (!segment) throw new Error("nothing was journaled");
    startRecording(paths, "claude-code", Date.now() - 1000);
    const opened = openStore(paths.store);
    if (!opened.ok) throw new Error(opened.error.problem);
    opened.store.commitJournal({ [segmentKey(segment)]: segment.size }, {});
    const now = () => Date.now() + 3 * 3_600_000;
    removeSegments({ paths, now } as Parameters<typeof removeSegments>[0], opened.store);
    opened.store.close();
    expect(listSegments(paths)).toEqual([]);
    expect(existsSync(join(paths.state, "recordings/claude-code", segment.file))).toBe(true);
  });

  test("one that nobody fetches is deleted", () => {
    const paths = pathsIn(makeHome());
    const { until } = startRecording(paths, "claude-code", 1_000);
    dropOldRecordings(paths, until + 3_600_000);
    expect(recordingOf(paths, "claude-code")).toBeDefined();
    dropOldRecordings(paths, until + 8 * 24 * 3_600_000);
    expect(recordingOf(paths, "claude-code")).toBeUndefined();
  });

  test("starting twice goes on with the first; stopping what does not run says how to begin", async () => {
    const home = makeHome();
    await cli(home, ["record", "claude"], { now: 1_000_000 });
    await cli(home, ["record", "claude"], { now: 2_000_000 });
    expect(recordingOf(pathsIn(home), "claude-code")?.since).toBe(1_000_000);
    const stopped = await cli(home, ["record", "codex", "stop"]);
    expect(stopped.code).toBe(1);
    expect(stopped.err).toContain("harness-tracing record codex");
    expect((await cli(home, ["record", "nobody"])).code).toBe(2);
    expect((await cli(home, ["record", "claude", "--minutes", "soon"])).code).toBe(2);
  });

  test("with a time it stops by itself", async () => {
    const home = makeHome();
    const { code, out } = await cli(home, ["record", "claude", "--minutes", "0.001"]);
    expect(code).toBe(0);
    expect(out).toContain("0 hook calls");
    expect(recordingOf(pathsIn(home), "claude-code")).toBeUndefined();
  });

  test("credentials are masked by their form and by their name, the home folder is ~", () => {
    const value = {
      env: { API_KEY: "q8Zr3vT0pLmN5xY2aB7c" },
      text: "token ghp_16C7e42F292c6912E7710c838347Ae178B4a in /home/ada/x",
    };
    const text = JSON.stringify(cleaned(value, { redact: false, home: "/home/ada" }));
    expect(text).not.toContain("q8Zr3vT0pLmN5xY2aB7c");
    expect(text).not.toContain("ghp_16C7e42F292c6912E7710c838347Ae178B4a");
    expect(text).toContain("~/x");
  });
});
