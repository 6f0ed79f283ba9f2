/** The terminal UI, driven through tmux. */

import { Terminal } from "../../terminal.ts";
import { type GeminiScenario, geminiScenario } from "../gemini-scenario.ts";
import { call, reader, report, say, shell } from "../script.ts";
import type { GeminiSession } from "../session.ts";

/** Long enough for the first text of an answer to be on the screen. */
const MID_STREAM_MS = 1000;

function open(session: GeminiSession): Terminal {
  const command = [...session.command, "-m", "gemini-2.5-pro"];
  return new Terminal(session, "tui", { command, ready: /Type your message/ });
}

async function leave(terminal: Terminal): Promise<void> {
  await terminal.line("/quit");
  await terminal.ended();
}

const scenarios: readonly GeminiScenario[] = [
  {
    name: "tui",
    about: "a dialog accepted, Esc in a stream, a dialog refused, /compress, /clear, /quit",
    script: {
      main: [
        say("Hello to you."),
        shell("touch made.txt && echo made"),
        say("It is made."),
        { ...say("Long talk that will be interrupted"), stalls: true },
        shell("touch refused.txt"),
        say("After the compression."),
        say("After the clearing."),
      ],
    },
    drive: async (session) => {
      const terminal = open(session);
      await terminal.open();
      await terminal.prompt("Say hello");
      await terminal.sees(/Hello to you\./);
      await terminal.prompt("Make a file");
      await terminal.dialog(/Allow/);
      await terminal.keys("Enter");
      await terminal.sees(/It is made\./);
      const before = session.model.calls.length;
      await terminal.prompt("Talk for long", { fails: true });
      await session.seen("a stream", () => session.model.calls[before]?.firstByte !== undefined);
      await Bun.sleep(MID_STREAM_MS);
      await terminal.keys("Escape");
      await terminal.sees(/Request cancelled/);
      await terminal.prompt("Make another", { fails: true });
      await terminal.dialog(/Allow/);
      await terminal.keys("Escape");
      await session.seen("nothing more", () => true);
      await Bun.sleep(MID_STREAM_MS);
      // A trace of its own.
      session.turns += 1;
      await terminal.line("/compress");
      await session.seen("the compression", () => session.model.calls.some(({ role }) => role === "compaction"));
      await Bun.sleep(MID_STREAM_MS);
      await terminal.prompt("Still there?");
      await terminal.sees(/After the compression\./);
      await terminal.line("/clear");
      await Bun.sleep(MID_STREAM_MS);
      session.sessions += 1;
      await terminal.prompt("Begin anew");
      await terminal.sees(/After the clearing\./);
      await leave(terminal);
      terminal.close();
    },
  },
  {
    name: "tuisub",
    about: "Esc while a subagent's tool runs, then another turn; the terminal is closed under the agent",
    settings: { tools: { autoAccept: true } },
    script: {
      main: [call(reader("one")), say("On we go.")],
      one: [call(["read_file", { file_path: "notes.txt" }]), shell("touch runs; sleep 30"), report("never")],
    },
    drive: async (session) => {
      const command = [...session.command, "-m", "gemini-2.5-pro", "--approval-mode", "yolo"];
      const terminal = new Terminal(session, "tui", { command, ready: /Type your message/ });
      await terminal.open();
      await terminal.prompt("Ask the reader", { fails: true });
      await session.file("runs");
      await Bun.sleep(MID_STREAM_MS);
      await terminal.keys("Escape");
      await terminal.sees(/cancelled/i);
      await terminal.prompt("Go on");
      await terminal.sees(/On we go\./);
      terminal.close();
      await Bun.sleep(MID_STREAM_MS);
    },
  },
];

export const interactive = scenarios.map(geminiScenario);
