/** The terminal UI, driven through tmux. */

import { type ClaudeScenario, claudeScenario } from "../claude-scenario.ts";
import { agent, bash, call, say } from "../script.ts";
import type { ClaudeSession } from "../session.ts";
import { Terminal } from "../terminal.ts";

const QUESTION = {
  question: "Which one?",
  header: "Pick",
  multiSelect: false,
  options: [
    { label: "Apples", description: "red" },
    { label: "Pears", description: "green" },
  ],
};

async function leave(terminal: Terminal): Promise<void> {
  await terminal.line("/exit");
  await terminal.ended();
}

/** A stalled answer is on its way and its first text is shown. */
async function streaming(session: ClaudeSession, from: number): Promise<void> {
  await session.seen("a stream", () => session.model.calls.slice(from).some((call) => call.firstByte !== undefined));
  await Bun.sleep(1000);
}

const scenarios: readonly ClaudeScenario[] = [
  {
    name: "tui",
    about: "prompt with a tool, Esc in a stream, /compact, a shell line, /clear",
    script: {
      main: [
        { blocks: [{ text: "I touch a file." }, { tool: "Bash", input: { command: "touch made.txt" } }] },
        say("Touched it."),
        { ...say("Long talk that will be interrupted "), broken: "stall" },
        say("After the interrupt."),
        say("After the compaction."),
        say("Saw the shell line."),
        say("Worked on the ticket."),
        say("After the clearing."),
      ],
    },
    drive: async (session) => {
      const terminal = new Terminal(session, "tui");
      await terminal.open();
      await terminal.prompt("Touch a file");
      await terminal.sees(/Touched it\./);
      const before = session.model.calls.length;
      await terminal.prompt("Talk for long", { fails: true });
      await streaming(session, before);
      await terminal.keys("Escape");
      await terminal.sees(/Interrupted/);
      await terminal.prompt("Go on");
      await terminal.sees(/After the interrupt\./);
      await terminal.prompt("/compact");
      await terminal.sees(/Compacted/);
      await terminal.prompt("Still there?");
      await terminal.sees(/After the compaction\./);
      await terminal.prompt("!echo bang");
      await terminal.sees(/Saw the shell line\./);
      await terminal.prompt("/ticket X-1");
      await terminal.sees(/Worked on the ticket\./);
      await terminal.line("/clear");
      await Bun.sleep(2000);
      session.sessions = 2;
      await terminal.prompt("Clear?");
      await terminal.sees(/After the clearing\./);
      await leave(terminal);
    },
  },
  {
    name: "tuiperm",
    about: "dialogs accepted and refused, a plan approved, a question answered",
    script: {
      main: [
        bash("mkdir made"),
        say("Made it."),
        bash("mkdir refused"),
        say("Going on."),
        { blocks: [{ text: "The plan is ready." }, { tool: "ExitPlanMode", input: { plan: "1. Do it" } }] },
        say("The plan was approved."),
        call("AskUserQuestion", { questions: [QUESTION] }),
        say("You picked."),
      ],
    },
    drive: async (session) => {
      const terminal = new Terminal(session, "tui");
      await terminal.open(["--permission-mode", "default"]);
      await terminal.prompt("Make a folder");
      await terminal.dialog(/Do you want to proceed/);
      await terminal.keys("Enter");
      await terminal.sees(/Made it\./);
      await terminal.prompt("Make another", { fails: true });
      await terminal.dialog(/Do you want to proceed/);
      await terminal.keys("Escape");
      await terminal.sees(/Interrupted|rejected/i);
      await terminal.prompt("Go on");
      await terminal.sees(/Going on\./);
      await terminal.keys("BTab", "BTab");
      await terminal.sees(/plan mode on/);
      await terminal.prompt("Plan it");
      await terminal.dialog(/Exit plan mode/);
      await terminal.keys("Enter");
      await terminal.sees(/The plan was approved\./);
      await terminal.prompt("Ask me");
      await terminal.dialog(/Which one\?/);
      await terminal.keys("Enter");
      await terminal.sees(/You picked\./);
      await leave(terminal);
    },
    check: (spans) => {
      const made = spans.find((span) => String(span.attributes["input.value"] ?? "").includes("mkdir made"));
      const waited = made?.events.some((event) => /permission/i.test(event.name)) ?? false;
      return waited ? [] : ["the accepted dialog is no event of its tool span"];
    },
  },
  {
    name: "tuiclose",
    about: "the terminal closes while a tool runs; the session goes on later",
    script: { main: [bash("touch runs; sleep 30"), say("Going on.")] },
    drive: async (session) => {
      const terminal = new Terminal(session, "tui");
      await terminal.open();
      await terminal.prompt("Run long", { fails: true });
      await session.file("runs");
      terminal.close();
      await Bun.sleep(1500);
      await session.ask("Go on", { args: ["--continue"] });
    },
  },
  {
    name: "tuibackground",
    about: "a background subagent ends while the user types the next prompt",
    script: {
      main: [
        { blocks: [agent("counter")] },
        say("It runs."),
        say("The other prompt."),
        say("It counted."),
        say("Nothing more."),
      ],
      counter: [bash("sleep 3; ls | wc -l"), say("3 files.")],
    },
    drive: async (session) => {
      const terminal = new Terminal(session, "tui");
      await terminal.open(["--permission-mode", "default"]);
      await terminal.prompt("Count in the background");
      await terminal.sees(/It runs\./);
      await terminal.prompt("Something else");
      await terminal.sees(/The other prompt\./);
      await terminal.sees(/It counted\./);
      await leave(terminal);
    },
  },
];

export const interactive = scenarios.map(claudeScenario);
