import { afterEach, expect, test } from "bun:test";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { touchMark } from "../../src/drain/housekeeping.ts";
import { appendLine } from "../../src/hook/append.ts";
import { segmentFileOf } from "../../src/journal/names.ts";
import { pathsIn } from "../../src/paths.ts";
import { openReader } from "../../src/store/open.ts";
import { removeTempFolders, tempFolder } from "../store/temp.ts";

afterEach(removeTempFolders);

const RECORDED = join(import.meta.dir, "../recorded/claude/bash");
const PROGRAM = join(import.meta.dir, "../../src/main.ts");
const KEY = "phx-0123456789abcdef0123456789abcdef";

const servers: { stop: (now: boolean) => unknown }[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.stop(true);
});

/** A home in which a recorded Claude Code session was just traced, with a sink configured in the file. */
function homeWithSession(url: string): string {
  const home = tempFolder();
  const paths = pathsIn(home);
  mkdirSync(paths.root, { recursive: true });
  const harness = { target: "phoenix", endpoint: url, api_key: KEY, project_name: "bash" };
  writeFileSync(paths.config, JSON.stringify({ harnesses: { "claude-code": harness } }), { mode: 0o600 });
  cpSync(join(RECORDED, "projects"), `${home}/.claude/projects`, { recursive: true });
  for (const line of readFileSync(join(RECORDED, "hooks.jsonl"), "utf8").split("\n")) {
    if (line === "") continue;
    const { event, ts, stdin } = JSON.parse(line.replaceAll("/home/dev/", `${home}/`)) as {
      event: string;
      ts: number;
      stdin: { session_id: string };
    };
    const session = stdin.session_id;
    const journaled = { v: 1, ts, agent: "claude-code", event, session, env: {}, payload: stdin };
    appendLine(`${paths.journal}/claude-code`, segmentFileOf(session, Date.now()), JSON.stringify(journaled));
  }
  touchMark(paths.drainWanted, Date.now());
  return home;
}

test("the program drains a real session to a configured sink, and no signal of a closing terminal stops it", async () => {
  let asked: ((authorization: string | null) => void) | undefined;
  const firstRequest = new Promise<string | null>((resolve) => {
    asked = resolve;
  });
  let answer: (() => void) | undefined;
  const signalled = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: async (request) => {
      await request.arrayBuffer();
      asked?.(request.headers.get("authorization"));
      await signalled;
      return new Response(null, { status: 200 });
    },
  });
  servers.push(server);
  const home = homeWithSession(`http://127.0.0.1:${server.port}`);
  const paths = pathsIn(home);
  const drain = Bun.spawn([process.execPath, PROGRAM, "drain"], {
    env: { HOME: home, PATH: process.env.PATH ?? "" },
    stdout: "pipe",
    stderr: "pipe",
  });
  expect(await firstRequest).toBe(`Bearer ${KEY}`);
  for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"] as const) drain.kill(signal);
  answer?.();
  expect(await drain.exited).toBe(0);
  expect(await new Response(drain.stdout).text()).toBe("");
  expect(await new Response(drain.stderr).text()).toBe("");

  const opened = openReader(paths.store);
  if (!opened.ok) throw new Error(opened.error.problem);
  const [sink] = opened.store.sinks();
  expect(sink).toMatchObject({ pending: 0, delivered: 4, refused: 0 });
  expect(opened.store.listSessions({})).toMatchObject([{ turns: 1, llmCalls: 2, toolCalls: 1, promptTokens: 29_968 }]);
  expect(JSON.stringify([sink, opened.store.spans({})])).not.toContain(KEY);
  opened.store.close();
  expect(existsSync(paths.drainWanted)).toBe(false);
  const log = `${paths.logs}/drain.log`;
  expect(existsSync(log) ? readFileSync(log, "utf8") : "").not.toContain(KEY);
});

test("without a home folder it fails without a word", async () => {
  const drain = Bun.spawn([process.execPath, PROGRAM, "drain"], {
    env: { PATH: process.env.PATH ?? "" },
    stdout: "pipe",
    stderr: "pipe",
  });
  expect(await drain.exited).toBe(1);
  expect(await new Response(drain.stdout).text()).toBe("");
});
