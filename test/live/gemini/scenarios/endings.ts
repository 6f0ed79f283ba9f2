/** Turns that end badly, or nearly: refusals, retries, empty answers, signals. */

import { type GeminiScenario, geminiScenario } from "../gemini-scenario.ts";
import { call, reader, report, type Script, say, shell } from "../script.ts";
import type { GeminiSession, TurnOptions } from "../session.ts";

/** Long after the first text is on its way, so that the agent holds a part of the answer. */
const MID_STREAM_MS = 700;

const fails: TurnOptions = { fails: true };
const again: TurnOptions = { resume: true };
const REFUSED = { status: 400, message: "scripted refusal" };

const stalled: Script = { main: [{ ...say("I talk for a long time"), stalls: true }, say("The second turn.")] };

/** The command says by a file that it runs. */
const hanging: Script = {
  main: [
    call(
      ["read_file", { file_path: "notes.txt" }],
      ["run_shell_command", { command: "touch runs; sleep 30; echo never" }],
    ),
    say("The second turn."),
  ],
};

async function strikeStream(session: GeminiSession, signal: NodeJS.Signals): Promise<void> {
  const turn = session.begin("Talk", fails);
  await session.seen("the stream", () => session.model.calls[0]?.firstByte !== undefined);
  await Bun.sleep(MID_STREAM_MS);
  turn.signal(signal);
  await turn.exited;
  await session.ask("Go on", again);
}

async function strikeTool(session: GeminiSession, signal: NodeJS.Signals): Promise<void> {
  const turn = session.begin("Run a long command", fails);
  await session.file("runs");
  await Bun.sleep(MID_STREAM_MS);
  turn.signal(signal);
  await turn.exited;
  await session.ask("Go on", again);
}

const scenarios: readonly GeminiScenario[] = [
  {
    name: "retry",
    about: "503, then an empty answer, then a tool; 503 again, then the answer",
    script: { main: [{ status: 503 }, say(""), shell("echo between"), { status: 503 }, say("Recovered.")] },
  },
  {
    name: "refused",
    about: "a permanent refusal, then another turn",
    quick: true,
    script: { main: [REFUSED, say("Better.")] },
    drive: async (session) => {
      session.sessions = 2;
      await session.ask("Try", fails);
      await session.ask("Try again");
    },
  },
  {
    name: "refusedtool",
    about: "a tool, then a permanent refusal",
    script: { main: [shell("echo before"), REFUSED] },
    drive: async (session) => {
      await session.ask("Try", fails);
    },
  },
  {
    name: "sigintstream",
    about: "SIGINT while the answer streams, then the session goes on",
    quick: true,
    script: stalled,
    drive: (session) => strikeStream(session, "SIGINT"),
  },
  {
    name: "sigkillstream",
    about: "SIGKILL while the answer streams, then the session goes on",
    script: stalled,
    drive: (session) => strikeStream(session, "SIGKILL"),
  },
  {
    name: "siginttool",
    about: "SIGINT while a tool runs beside one that is done",
    script: hanging,
    drive: (session) => strikeTool(session, "SIGINT"),
  },
  {
    name: "sigtermtool",
    about: "SIGTERM while a tool runs",
    script: hanging,
    drive: (session) => strikeTool(session, "SIGTERM"),
  },
  {
    name: "sigkilltool",
    about: "SIGKILL while a tool runs",
    script: hanging,
    drive: (session) => strikeTool(session, "SIGKILL"),
  },
  {
    name: "sigintsub",
    about: "SIGINT while a subagent's second tool runs",
    script: {
      main: [call(reader("one")), say("The second turn.")],
      one: [
        call(["read_file", { file_path: "notes.txt" }]),
        shell("touch runs; sleep 30; echo never"),
        report("never"),
      ],
    },
    drive: (session) => strikeTool(session, "SIGINT"),
  },
];

export const endings = scenarios.map(geminiScenario);
