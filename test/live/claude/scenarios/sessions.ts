/** Several turns and processes: resume, fork, compaction, two sessions at once, other folders. */

import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { type ClaudeScenario, claudeScenario } from "../claude-scenario.ts";
import { bash, call, FULL_CONTEXT, say } from "../script.ts";
import type { TurnOptions } from "../session.ts";

const again: TurnOptions = { args: ["--continue"] };
const scenarios: readonly ClaudeScenario[] = [
  {
    name: "resume",
    about: "--continue, --resume, then a fork",
    quick: true,
    script: {
      main: [say("Turn one."), bash("echo two"), say("Turn two."), say("Turn three."), bash("echo four"), say("Four.")],
    },
    drive: async (session) => {
      await session.ask("Turn one");
      await session.ask("Turn two", again);
      const id = session.sessionId();
      await session.ask("Turn three", { args: ["--resume", id] });
      session.sessions = 2;
      await session.ask("Turn four, forked", { args: ["--resume", id, "--fork-session"] });
    },
  },
  {
    name: "forktwice",
    about: "a fork of a fork, and the first session goes on",
    script: {
      main: [
        bash("echo one"),
        say("One."),
        bash("echo fork"),
        say("Fork."),
        say("Fork of the fork."),
        say("First again."),
      ],
    },
    drive: async (session) => {
      await session.ask("Begin");
      const id = session.sessionId();
      session.sessions = 3;
      await session.ask("Fork", { args: ["--resume", id, "--fork-session"] });
      await session.ask("Fork of the fork", { args: ["--continue", "--fork-session"] });
      await session.ask("The first goes on", { args: ["--resume", id] });
    },
  },
  {
    name: "compact",
    about: "/compact between two turns",
    script: { main: [say("First answer."), say("After the compaction.")] },
    drive: async (session) => {
      await session.ask("First question");
      await session.ask("/compact keep it short", again);
      await session.ask("Second question", again);
    },
  },
  {
    name: "autocompact",
    about: "a context that is full in the middle of a turn, twice",
    script: {
      main: [
        bash("echo one", { usage: FULL_CONTEXT }),
        bash("echo two", { usage: FULL_CONTEXT }),
        say("Done after all."),
      ],
    },
  },
  {
    name: "mcp",
    about: "MCP tools, one that works and one that fails",
    script: {
      main: [call("mcp__calc__add", { a: 2, b: 3 }), call("mcp__calc__boom", {}), say("5, and boom failed.")],
    },
    drive: async (session) => {
      const file = `${session.place.home}/mcp.json`;
      const server = new URL("../mcp-server.ts", import.meta.url).pathname;
      writeFileSync(file, JSON.stringify({ mcpServers: { calc: { command: process.execPath, args: [server] } } }));
      await session.ask("Add 2 and 3", { args: ["--mcp-config", file] });
    },
  },
  {
    name: "twosessions",
    about: "two sessions at once in one home",
    script: {
      main: [bash("sleep 1; echo main"), bash("echo more"), say("Main done.")],
      other: [bash("sleep 0.8; exit 3"), bash("sleep 0.5; echo other"), say("Other done.")],
    },
    drive: async (session) => {
      session.sessions = 2;
      await Promise.all([session.ask("Play the first"), session.ask("@thread(other) Play the other")]);
    },
  },
  {
    name: "worktree",
    about: "--worktree, whose transcript lies elsewhere",
    script: { main: [bash("echo in the worktree"), say("Hi.")] },
    drive: async (session) => {
      const git = (...args: string[]) =>
        Bun.spawnSync(["git", "-c", "user.email=dev@example.invalid", "-c", "user.name=Dev", ...args], {
          cwd: session.place.project,
          env: session.env,
        });
      git("init", "-q");
      git("commit", "-q", "--allow-empty", "-m", "begin");
      await session.ask("Hi", { args: ["--worktree", "topic"] });
    },
  },
  {
    name: "cfgdir",
    about: "CLAUDE_CONFIG_DIR elsewhere",
    script: { main: [bash("echo elsewhere"), say("Hi.")] },
    drive: async (session) => {
      const other = `${session.place.home}/other`;
      mkdirSync(other);
      renameSync(`${session.place.config}/settings.json`, `${other}/settings.json`);
      await session.ask("Hi", { env: { CLAUDE_CONFIG_DIR: other } });
    },
  },
  {
    name: "longsession",
    about: "twelve turns, each a process of its own",
    script: { main: Array.from({ length: 12 }, (_, at) => [bash(`echo ${at}`), say(`Answer ${at}.`)]).flat() },
    drive: async (session) => {
      for (let turn = 0; turn < 12; turn += 1) await session.ask(`Turn ${turn}`, turn === 0 ? {} : again);
    },
  },
];

export const sessions = scenarios.map(claudeScenario);
