/** One turn, one thing at a time. */

import { type GeminiScenario, geminiScenario } from "../gemini-scenario.ts";
import { call, reader, report, say, shell } from "../script.ts";

const scenarios: readonly GeminiScenario[] = [
  {
    name: "text",
    about: "a plain answer in many chunks",
    quick: true,
    script: {
      main: [
        {
          pieces: Array.from({ length: 30 }, (_, at) => ({ text: `word${at} ` })),
          firstByteMs: 300,
          streamMs: 600,
        },
      ],
    },
    check: (spans) => {
      const root = spans.find((span) => span.parentId === undefined);
      const words = Array.from({ length: 30 }, (_, at) => `word${at}`).join(" ");
      return String(root?.attributes["output.value"]).trim() === words ? [] : ["the answer is not what was streamed"];
    },
  },
  {
    name: "shell",
    about: "one shell command, then the answer",
    quick: true,
    script: { main: [shell("sleep 0.7; ls -1"), say("There are three files.")] },
  },
  {
    name: "parallel",
    about: "tools at once, two of them with the same name, two the same altogether",
    quick: true,
    script: {
      main: [
        call(
          ["read_file", { file_path: "notes.txt" }],
          ["read_file", { file_path: "other.txt" }],
          ["read_file", { file_path: "notes.txt" }],
          ["run_shell_command", { command: "sleep 0.5; echo hi" }],
          ["glob", { pattern: "*.txt" }],
        ),
        say("All done."),
      ],
    },
  },
  {
    name: "fail",
    about: "a command that exits 3, a missing file, a tool that does not exist",
    quick: true,
    script: {
      main: [
        shell("echo boom >&2; exit 3"),
        call(["read_file", { file_path: "missing.txt" }], ["no_such_tool", { x: 1 }]),
        say("All failed."),
      ],
    },
    check: (spans) => {
      const command = spans.find((span) => span.attributes["tool.name"] === "run_shell_command");
      return JSON.stringify(command?.attributes).includes("exit_code") ? [] : ["the exit code is missing"];
    },
  },
  {
    name: "edit",
    about: "a file written, then changed",
    script: {
      main: [
        call(["write_file", { file_path: "new.txt", content: "hello\n" }]),
        call(["replace", { file_path: "new.txt", instruction: "shout", old_string: "hello", new_string: "HELLO" }]),
        say("Edited."),
      ],
    },
  },
  {
    name: "mcp",
    about: "an MCP tool that works and one that fails",
    script: { main: [call(["mcp_calc_add", { a: 2, b: 40 }]), call(["mcp_calc_boom", {}]), say("The sum is 42.")] },
  },
  {
    name: "thinking",
    about: "thoughts, cached tokens, text and a tool in one answer",
    script: {
      main: [
        {
          pieces: [
            { thought: "**Planning**\n\nI look first.\n\n" },
            { text: "I look. " },
            { tool: "run_shell_command", args: { command: "ls -1" } },
          ],
          usage: {
            promptTokenCount: 8630,
            candidatesTokenCount: 23,
            cachedContentTokenCount: 8066,
            thoughtsTokenCount: 175,
          },
        },
        {
          pieces: [{ thought: "**Done**\n\nThree files.\n\n" }, { text: "Three files." }],
          usage: { thoughtsTokenCount: 39 },
        },
      ],
    },
  },
  {
    name: "manytools",
    about: "40 tool calls in one turn",
    script: {
      main: [
        ...Array.from({ length: 8 }, (_, round) =>
          call(
            ...Array.from({ length: 5 }, (_, at) => ["run_shell_command", { command: `echo ${round}-${at}` }] as const),
          ),
        ),
        say("Forty calls."),
      ],
    },
  },
  {
    name: "unicode",
    about: "other scripts, emoji and control characters in prompt, answer and output",
    script: {
      main: [
        shell("printf 'žluťoučký 日本語 \\360\\237\\246\\212 \\033[31mred\\033[0m\\n'"),
        say("Žluťoučký kůň 馬 🐎‍♂️ end"),
      ],
    },
    drive: async (session) => {
      await session.ask("Привет, 世界 🦊 — \u2028 line separator");
    },
  },
  {
    name: "sub",
    about: "a subagent that reads a file",
    quick: true,
    script: {
      main: [call(reader("one")), say("It holds alpha.")],
      one: [call(["read_file", { file_path: "notes.txt" }]), report("alpha")],
    },
  },
  {
    name: "subparallel",
    about: "two subagents at once that do the same, one of them with a tool that fails, and a tool of the main agent",
    script: {
      main: [call(reader("one"), reader("two"), ["read_file", { file_path: "notes.txt" }]), say("Both are back.")],
      one: [call(["read_file", { file_path: "notes.txt" }]), shell("sleep 0.4; echo same"), report("read")],
      two: [
        call(["read_file", { file_path: "notes.txt" }]),
        shell("sleep 0.4; echo same"),
        call(["read_file", { file_path: "missing.txt" }]),
        report("read"),
      ],
    },
  },
];

export const basics = scenarios.map(geminiScenario);
