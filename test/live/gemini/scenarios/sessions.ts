/** Several turns, several processes. */

import { type GeminiScenario, geminiScenario } from "../gemini-scenario.ts";
import { call, reader, report, say, shell } from "../script.ts";

const again = { resume: true } as const;

const scenarios: readonly GeminiScenario[] = [
  {
    name: "resume",
    about: "three processes, one session",
    quick: true,
    script: {
      main: [
        say("First."),
        shell("echo second"),
        { ...say("Second."), usage: { cachedContentTokenCount: 700 } },
        say("Third."),
      ],
    },
    drive: async (session) => {
      await session.ask("One");
      await session.ask("Two", again);
      await session.ask("Three", again);
    },
  },
  {
    name: "separate",
    about: "three sessions in one project",
    script: { main: [say("First."), say("Second."), say("Third.")] },
    drive: async (session) => {
      session.sessions = 3;
      for (const prompt of ["One", "Two", "Three"]) await session.ask(prompt);
    },
  },
  {
    name: "router",
    about: "the model is chosen by a model: its own request needs no span",
    script: { main: [shell("echo routed"), say("Answered.")] },
    drive: async (session) => {
      await session.ask("Ask", { args: ["--approval-mode", "yolo"] });
    },
  },
  {
    name: "compress",
    about: "the conversation is compressed before every prompt and between tools, with a subagent in between",
    settings: { model: { compressionThreshold: 0.0001 } },
    script: {
      main: [
        say(Array.from({ length: 200 }, (_, at) => `Sentence ${at} of a long story.`).join(" ")),
        shell("echo between"),
        call(reader("one")),
        say("Second."),
        say("Third."),
      ],
      one: [call(["read_file", { file_path: "notes.txt" }]), report("alpha")],
    },
    drive: async (session) => {
      await session.ask("Tell a story");
      await session.ask("Two", again);
      await session.ask("Three", again);
    },
    check: (spans) => (spans.some((span) => span.kind === "CHAIN") ? [] : ["no compression was told"]),
  },
];

export const sessions = scenarios.map(geminiScenario);
