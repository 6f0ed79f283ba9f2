/** The agent survives us: whatever becomes of the program, a turn ends as without tracing. */

import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type GeminiScenario, geminiScenario } from "../gemini-scenario.ts";
import { type Script, say, shell } from "../script.ts";
import type { GeminiSession } from "../session.ts";

const script: Script = { main: [shell("echo hello"), say("Hello was echoed.")] };

/** What hooks add to a turn of one tool when each returns at once, at most (ms): the machine may be busy. */
const AT_ONCE_MS = 5000;

/** A timeout for the scenario with a program that hangs: seven of the registered ones would take minutes. */
const SHORT_MS = 400;

/** What is on the user's screen but for the CLI's notes on its own start, which come and go. */
function visible(shown: string): string {
  return shown.replace(/^\[STARTUP\].*\n/gm, "");
}

/** A turn without any hook, then one with the broken program: they must end alike. */
async function compare(
  session: GeminiSession,
  break_: () => void,
  { extraMs, sameOutput } = { extraMs: AT_ONCE_MS, sameOutput: true },
): Promise<void> {
  session.traceless = true;
  const settings = readFileSync(session.settings, "utf8");
  const timed = async () => {
    const start = performance.now();
    const code = await session.ask("Echo hello");
    return { code, ms: performance.now() - start, shown: session.shown(session.turns) };
  };
  writeFileSync(session.settings, settings.replaceAll('"hooks": {', '"unused": {'));
  const plain = await timed();
  writeFileSync(session.settings, settings);
  break_();
  const broken = await timed();
  session.world.log(`without hooks ${plain.ms.toFixed(0)} ms, with the broken program ${broken.ms.toFixed(0)} ms`);
  if (plain.code !== 0 || broken.code !== plain.code) session.complaints.push(`exit ${broken.code}, not ${plain.code}`);
  if (sameOutput && visible(broken.shown) !== visible(plain.shown))
    session.complaints.push(`the user saw something else:\n${broken.shown}`);
  if (broken.ms > plain.ms + extraMs)
    session.complaints.push(`the turn took ${(broken.ms - plain.ms).toFixed(0)} ms more`);
}

function replaceProgram(session: GeminiSession, text: string): void {
  rmSync(session.program);
  writeFileSync(session.program, text);
  chmodSync(session.program, 0o755);
}

const scenarios: readonly GeminiScenario[] = [
  {
    name: "gone",
    about: "the program is deleted",
    quick: true,
    flush: false,
    script,
    drive: (session) => compare(session, () => rmSync(session.program)),
  },
  {
    name: "crashes",
    about: "the program crashes",
    flush: false,
    script,
    drive: (session) => compare(session, () => replaceProgram(session, "#!/bin/sh\nkill -SEGV $$\n")),
  },
  {
    name: "babbles",
    about: "the program writes a decision and garbage to both streams, and fails",
    flush: false,
    script,
    drive: (session) => {
      const text = `#!/bin/sh\necho '{"decision":"block","reason":"no"}'\nhead -c 100000 /dev/zero >&2\nexit 2\n`;
      return compare(session, () => replaceProgram(session, text));
    },
  },
  {
    name: "hangs",
    about: "the program hangs: each hook delays the turn by its timeout and no more",
    flush: false,
    script,
    drive: async (session) => {
      const hang = () => {
        replaceProgram(session, "#!/bin/sh\nsleep 60\n");
        const settings = readFileSync(session.settings, "utf8");
        writeFileSync(session.settings, settings.replace(/"timeout": \d+/g, `"timeout": ${SHORT_MS}`));
      };
      // Gemini CLI itself says that hooks took too long.
      await compare(session, hang, { extraMs: 6 * SHORT_MS + AT_ONCE_MS, sameOutput: false });
    },
  },
  {
    name: "readonly",
    about: "nothing can be written below the state folder",
    flush: false,
    script,
    drive: async (session) => {
      const state = `${session.place.home}/.arize/harness/state`;
      await compare(session, () => {
        // For root every folder is writable: a file in its place is not.
        rmSync(state, { recursive: true, force: true });
        writeFileSync(state, "");
      });
    },
  },
];

export const survival = scenarios.map(geminiScenario);
