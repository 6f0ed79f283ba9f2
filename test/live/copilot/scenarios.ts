/** What only Copilot does. */

import { chmodSync, cpSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { COPILOT_EVENTS } from "../../../src/agents/copilot/registration.ts";
import type { ChatScenario } from "../chat/chat-scenario.ts";
import { installInto } from "../chat/chat-scenario.ts";
import type { Session, TurnResult } from "../chat/session.ts";

/** Turns of each kind whose median is told. */
const ROUNDS = 5;

/** A start of the agent varies by less, ms. */
const NOTICED_MS = 1_500;

/** All registered timeouts together, ms: what a hanging program may cost. */
const TIMEOUTS_MS = COPILOT_EVENTS.reduce((sum, { timeoutSec }) => sum + timeoutSec * 1000, 0);

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

function replaceProgram(session: Session, script: string): void {
  rmSync(session.program, { force: true });
  writeFileSync(session.program, script);
  chmodSync(session.program, 0o755);
}

/** What may become of the program, and how much longer than without it a turn may take. */
const FAULTS: Readonly<Record<string, { readonly harm: (session: Session) => void; readonly ms: number }>> = {
  missing: { harm: (session) => rmSync(session.program), ms: NOTICED_MS },
  crashing: { harm: (session) => replaceProgram(session, "#!/bin/sh\nkill -SEGV $$\n"), ms: NOTICED_MS },
  babbling: {
    harm: (session) =>
      replaceProgram(session, "#!/bin/sh\nyes noise | head -c 2000000\nyes noise | head -c 2000000 >&2\nexit 2\n"),
    ms: NOTICED_MS,
  },
  hanging: {
    harm: (session) => replaceProgram(session, "#!/bin/sh\nexec sleep 60\n"),
    ms: TIMEOUTS_MS + NOTICED_MS,
  },
};

function same(session: Session, what: string, ms: number, one: TurnResult, other: TurnResult): void {
  if (one.code !== other.code) session.complaints.push(`${what}: exit ${one.code}, without tracing ${other.code}`);
  if (one.stdout !== other.stdout) session.complaints.push(`${what}: another stdout than without tracing`);
  if (one.ms > other.ms + ms) {
    session.complaints.push(`${what}: ${one.ms.toFixed(0)} ms, without tracing ${other.ms.toFixed(0)} ms`);
  }
}

export const own: readonly ChatScenario[] = [
  {
    name: "background",
    about: "a subagent in the background: its end opens a turn of its own",
    script: (agent) => ({
      main: [
        {
          tools: [
            {
              tool: "task",
              input: { ...agent.delegate?.("A").input, mode: "background" },
            },
          ],
        },
        { text: "It was started." },
        { text: "It has ended." },
      ],
      A: [{ tools: [agent.bash("sleep 1; echo a")] }, { text: "A is done." }],
    }),
    drive: async (session) => {
      await session.ask("Delegate");
      session.turns += 1;
    },
    check: (spans) => {
      const links = spans.filter(({ parentId, links }) => parentId === undefined && links > 0);
      return links.length === 1 ? [] : ["the notification's turn has no link to the call that it is about"];
    },
  },
  {
    name: "retrysub",
    about: "refused attempts of a subagent, of the main agent, and a failing tool in between",
    script: (agent, { project }) => ({
      main: [
        { tools: [agent.delegate?.("A") ?? agent.bash("exit 1"), agent.bash("echo beside; exit 4")] },
        { status: 503, message: "overloaded" },
        { text: "All done.", cached: 300 },
      ],
      A: [
        { status: 503, message: "busy" },
        { tools: [{ ...agent.read(`${project}/missing.txt`), fails: true }] },
        { text: "Nothing there." },
      ],
    }),
  },
  {
    name: "twice",
    about: "registered for the user and, trusted, in the repository, beside Claude Code's hooks: traced once",
    script: (agent) => ({ main: [{ tools: [agent.bash("echo one")] }, { text: "One." }] }),
    drive: async (session) => {
      const { home, project } = session.place;
      mkdirSync(`${project}/.github/hooks`, { recursive: true });
      const registered = `${home}/${session.agent.plugin}`;
      cpSync(registered, `${project}/.github/hooks/harness-tracing.json`);
      const command = `'${session.program}' hook claude >/dev/null 2>&1 || true`;
      const hook = [{ hooks: [{ type: "command", command }] }];
      mkdirSync(`${project}/.claude`);
      writeFileSync(
        `${project}/.claude/settings.json`,
        JSON.stringify({ hooks: { UserPromptSubmit: hook, Stop: hook, SessionEnd: hook } }),
      );
      await session.ask("One", { env: { COPILOT_ALLOW_ALL: "true" } });
    },
  },
  {
    name: "cost",
    about: "wall time of a turn with one tool, with and without tracing: medians of five",
    script: (agent) => {
      const turn = [{ text: "One.", tools: [agent.bash("echo one")] }, { text: "Done." }] as const;
      return { main: Array.from({ length: 2 * ROUNDS + 1 }, () => turn).flat() };
    },
    drive: async (session) => {
      await session.askUntraced("Warm up");
      const file = `${session.place.home}/${session.agent.plugin}`;
      const traced: number[] = [];
      const without: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        traced.push((await session.ask("Go")).ms);
        // Without tracing means without hooks.
        renameSync(file, `${file}.off`);
        without.push((await session.askUntraced("Go")).ms);
        renameSync(`${file}.off`, file);
      }
      session.world.log(
        `median with tracing ${median(traced).toFixed(0)} ms, without ${median(without).toFixed(0)} ms`,
      );
      if (median(traced) > median(without) + NOTICED_MS) session.complaints.push("tracing costs too much");
    },
  },
  {
    name: "survival",
    about: "program missing, crashing, babbling, hanging, its state not writable: a turn ends as without tracing",
    script: (agent) => ({
      main: Array.from({ length: 8 }, () => [
        { text: "One.", tools: [agent.bash("echo one")] },
        { text: "Two." },
      ]).flat(),
    }),
    install: false,
    flush: false,
    drive: async (session) => {
      session.traceless = true;
      await session.ask("Warm up", { counts: false });
      const plain = await session.ask("Again", { counts: false });
      await installInto(session);
      const state = `${session.place.home}/.arize/harness/state`;
      rmSync(state, { recursive: true, force: true });
      // For root no folder is read-only; a file in its place is for everybody.
      writeFileSync(state, "");
      same(session, "state not writable", NOTICED_MS, await session.ask("Again", { counts: false }), plain);
      for (const [name, { harm, ms }] of Object.entries(FAULTS)) {
        harm(session);
        same(session, name, ms, await session.ask("Again", { counts: false }), plain);
      }
      if (!existsSync(`${session.place.home}/${session.agent.plugin}`))
        session.complaints.push("nothing was registered");
    },
  },
];
