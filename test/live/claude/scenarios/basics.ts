/** One turn, one thing at a time. */

import { type ClaudeScenario, claudeScenario } from "../claude-scenario.ts";
import { bash, call, say } from "../script.ts";

const scenarios: readonly ClaudeScenario[] = [
  {
    name: "text",
    about: "a plain answer",
    quick: true,
    script: { main: [say("The capital of France is Paris.", { firstByteMs: 300, streamMs: 400 })] },
    drive: async (session) => {
      await session.ask("What is the capital of France?");
    },
  },
  {
    name: "bash",
    about: "one shell command, then the answer",
    quick: true,
    script: {
      main: [
        {
          blocks: [
            { text: "I list the files." },
            { tool: "Bash", input: { command: "sleep 0.7; ls -1", description: "List files" } },
          ],
        },
        say("There are three files."),
      ],
    },
  },
  {
    name: "parallel",
    about: "Read, Bash and Edit in one answer",
    quick: true,
    script: (project) => ({
      main: [
        call("Read", { file_path: `${project}/notes.txt` }),
        {
          blocks: [
            { text: "Three things at once." },
            { tool: "Read", input: { file_path: `${project}/README.md` } },
            { tool: "Bash", input: { command: "sleep 1; echo hi", description: "Echo" } },
            { tool: "Edit", input: { file_path: `${project}/notes.txt`, old_string: "alpha", new_string: "ALPHA" } },
          ],
          streamMs: 400,
        },
        say("All done."),
      ],
    }),
  },
  {
    name: "fail",
    about: "a command that exits 3, and a missing file",
    quick: true,
    script: (project) => ({
      main: [
        bash("echo out; echo boom >&2; exit 3"),
        call("Read", { file_path: `${project}/missing.txt` }),
        say("Both failed."),
      ],
    }),
  },
  {
    name: "thinking",
    about: "reasoning, text and a tool; then reasoning and text",
    script: {
      main: [
        {
          blocks: [
            { thinking: "The user wants the files; ls shows them." },
            { text: "Let me look." },
            { tool: "Bash", input: { command: "ls -1", description: "List" } },
          ],
          usage: { output_tokens: 120, thinking_tokens: 48 },
          streamMs: 600,
        },
        {
          blocks: [{ thinking: "Three files." }, { text: "Three files." }],
          usage: { output_tokens: 25, thinking_tokens: 9 },
        },
      ],
    },
  },
  {
    name: "maxtokens",
    about: "an answer cut by max_tokens, continued",
    script: {
      main: [say("This is cut", { stop: "max_tokens", usage: { output_tokens: 32_000 } }), say("off and resumed.")],
    },
  },
  {
    name: "todo",
    about: "task list, Write, Glob, Grep: some of them not offered in this mode",
    script: (project) => ({
      main: [
        {
          blocks: [
            {
              tool: "TodoWrite",
              input: { todos: [{ content: "Write file", status: "in_progress", activeForm: "Writing file" }] },
            },
            { tool: "TaskCreate", input: { subject: "Write", description: "Write the file", activeForm: "Writing" } },
          ],
        },
        {
          blocks: [
            { tool: "Write", input: { file_path: `${project}/new.txt`, content: "new\n" } },
            { tool: "Glob", input: { pattern: "**/*.txt" } },
            { tool: "Grep", input: { pattern: "alpha" } },
          ],
        },
        say("Written."),
      ],
    }),
  },
  {
    name: "webfetch",
    about: "WebFetch, whose own model call needs no span",
    script: {
      main: [call("WebFetch", { url: "http://127.0.0.1:1/page", prompt: "What does it say?" }), say("It says hello.")],
    },
  },
  {
    name: "skill",
    about: "a skill called by the model, then by the user",
    script: {
      main: [
        call("Skill", { skill: "greet", args: "Bob" }),
        bash("echo hello Bob"),
        say("Greeted Bob."),
        bash("echo hello Alice"),
        say("Greeted Alice."),
      ],
    },
    drive: async (session) => {
      await session.ask("Greet Bob");
      await session.ask("/greet Alice", { args: ["--continue"] });
    },
  },
  {
    name: "slash",
    about: "a command of the project, expanded",
    script: { main: [say("Worked on the ticket.")] },
    drive: async (session) => {
      await session.ask("/ticket ABC-123");
    },
  },
  {
    name: "plan",
    about: "plan mode",
    script: (project) => ({
      main: [
        call("Read", { file_path: `${project}/README.md` }),
        {
          blocks: [{ text: "Here is the plan." }, { tool: "ExitPlanMode", input: { plan: "1. Do it\n2. Done" } }],
        },
        say("The plan is finished."),
      ],
    }),
    drive: async (session) => {
      await session.ask("Make a plan", { args: ["--permission-mode", "plan"] });
    },
  },
  {
    name: "bashbg",
    about: "a command in the background, whose end opens a turn",
    script: {
      main: [
        call("Bash", { command: "sleep 1; echo done", description: "Background", run_in_background: true }),
        say("Started."),
        say("It has ended."),
      ],
    },
  },
  {
    name: "manytools",
    about: "40 tool calls in one turn",
    script: {
      main: [
        ...Array.from({ length: 8 }, (_, round) => ({
          blocks: Array.from({ length: 5 }, (_, at) => ({
            tool: "Bash",
            input: { command: `echo ${round}-${at}`, description: "Echo" },
          })),
        })),
        say("Forty calls."),
      ],
    },
  },
  {
    name: "unicode",
    about: "other scripts, emoji, control characters and lone surrogates in prompt, answer and output",
    script: {
      main: [
        bash("printf 'žluťoučký 日本語 \\360\\237\\246\\212 \\033[31mred\\033[0m \\000 \\377\\n'"),
        say("Žluťoučký kůň 馬 🐎‍♂️ \u202Eright to left\u202C \u0000 end"),
      ],
    },
    drive: async (session) => {
      await session.ask("Привет, 世界 🦊 — \u2028 line separator");
    },
  },
  {
    name: "bigoutput",
    about: "a megabyte of output, and a megabyte read from a file",
    script: (project) => ({
      main: [
        bash("head -c 1000000 /dev/zero | tr '\\0' 'x'"),
        bash(`seq 1 150000 > ${project}/big.txt; echo written`),
        call("Read", { file_path: `${project}/big.txt` }),
        say("That was much."),
      ],
    }),
  },
];

export const basics = scenarios.map(claudeScenario);
