/** How requests, turns and processes end. */

import type { CodexScenario } from "../codex-scenario.ts";
import { say, shell } from "../script.ts";

const REFUSED = { status: 400, error: "Unsupported parameter" } as const;
const BUSY = { status: 500, error: "busy" } as const;

export const endings: readonly CodexScenario[] = [
  {
    name: "retry",
    about: "an error, a broken stream, then an answer",
    quick: true,
    script: { main: [BUSY, { text: "Half an ans", cut: true, streamMs: 200 }, say("Recovered.")] },
  },
  {
    name: "exhausted",
    about: "errors until Codex gives up",
    script: { main: [BUSY, BUSY, BUSY, BUSY] },
    drive: async (session) => {
      await session.ask("Try", { fails: true });
    },
  },
  {
    name: "fatal",
    about: "a permanent error after a command",
    script: { main: [{ calls: [shell("echo one")] }, REFUSED] },
    drive: async (session) => {
      await session.ask("Try", { fails: true });
    },
  },
  {
    name: "interrupt",
    about: "SIGINT while the answer streams",
    quick: true,
    script: { main: [say("A long answer, of which most is never heard.", { streamMs: 20_000 })] },
    drive: async (session) => {
      const turn = session.begin("Talk", { fails: true });
      await session.seen("the request", () => session.model.calls.length > 0);
      await Bun.sleep(1_500);
      turn.signal("SIGINT");
      await turn.ended;
    },
  },
  ...(["SIGINT", "SIGTERM", "SIGKILL"] as const).map(
    (signal): CodexScenario => ({
      name: `tool-${signal.toLowerCase()}`,
      about: `${signal} while a command runs`,
      script: { main: [{ calls: [shell("touch started; sleep 30", { fails: true, yieldMs: 29_000 })] }] },
      drive: async (session) => {
        const turn = session.begin("Wait", { fails: true });
        await session.file("started");
        await Bun.sleep(500);
        turn.signal(signal);
        await turn.ended;
      },
    }),
  ),
  {
    name: "resume",
    about: "three turns of one session in three processes",
    script: { main: [say("One."), { calls: [shell("echo two")] }, say("Two."), say("Three.")] },
    drive: async (session) => {
      await session.ask("First");
      await session.ask("Second", { resume: true });
      await session.ask("Third", { resume: true });
    },
  },
  {
    name: "ephemeral",
    about: "a session that keeps no rollout",
    script: { main: [say("Nothing is kept.")] },
    drive: async (session) => {
      await session.ask("Say it", { flags: ["--ephemeral"] });
      if (session.config("sessions") !== undefined) session.complaints.push("there is a rollout");
    },
  },
];
