/** What tracing itself does to Codex, and what it needs from its user. */

import { chmodSync, rmSync, writeFileSync } from "node:fs";
import type { CodexScenario } from "../codex-scenario.ts";
import { say, shell } from "../script.ts";
import type { CodexSession, TurnResult } from "../session.ts";

/** Turns of each kind whose median is told. */
const ROUNDS = 5;

/** More than this and the agent waits for us: a turn varies by less, ms. */
const NOTICED_MS = 1_500;

/** How long a slow program takes; Codex waits for each hook, at most for its timeout. Seconds. */
const SLOW_S = 1;

const TURN = [{ calls: [shell("echo one")] }, say("Done.")] as const;

/** What a turn showed, without ids and figures. */
function shown({ stdout }: TurnResult): string {
  return stdout.replace(/"(thread_id|id)":"[^"]*"/g, "").replace(/"usage":\{[^}]*\}/g, "");
}

function replaceProgram(session: CodexSession, script: string): void {
  rmSync(session.program, { force: true });
  writeFileSync(session.program, script);
  chmodSync(session.program, 0o755);
}

/** The first leaves the program as it is. */
const FAULTS: Readonly<Record<string, (session: CodexSession) => void>> = {
  "read-only state": (session) => {
    const state = `${session.place.home}/.arize/harness/state`;
    rmSync(state, { recursive: true, force: true });
    // For root no folder is read-only; a file in its place is for everybody.
    writeFileSync(state, "");
  },
  missing: (session) => rmSync(session.program),
  crashing: (session) => replaceProgram(session, "#!/bin/sh\nkill -SEGV $$\n"),
  babbling: (session) =>
    replaceProgram(session, "#!/bin/sh\nhead -c 2000000 /dev/zero\nhead -c 2000000 /dev/zero >&2\nexit 2\n"),
  slow: (session) => replaceProgram(session, `#!/bin/sh\nexec sleep ${SLOW_S}\n`),
};

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

export const tracing: readonly CodexScenario[] = [
  {
    name: "untrusted",
    about: "hooks that nobody approved leave no trace, and doctor says why",
    script: { main: TURN },
    drive: async (session) => {
      session.traceless = true;
      await session.ask("Go", { asTrusted: true, counts: false });
      const { output } = await session.tracer("doctor");
      if (!output.includes("--trust-hooks")) session.complaints.push("doctor does not say how to trust the hooks");
    },
  },
  {
    name: "trusted",
    about: "installed with --trust-hooks, traced without any bypass, also after an upgrade",
    quick: true,
    installFlags: ["--trust-hooks"],
    script: { main: [...TURN, ...TURN] },
    drive: async (session) => {
      await session.ask("Go", { asTrusted: true });
      const before = session.config("config.toml");
      await session.tracer("install", "codex", "--yes");
      if (session.config("config.toml") !== before) session.complaints.push("a second install changed the trust");
      await session.ask("Again", { asTrusted: true, resume: true });
    },
  },
  {
    name: "settings-file",
    about: "settings of arize-env.sh win over the environment and the configuration",
    script: { main: TURN },
    drive: async (session) => {
      writeFileSync(`${session.place.config}/arize-env.sh`, "export ARIZE_USER_ID=ada\n");
      await session.ask("Go", { env: { ARIZE_USER_ID: "bob" } });
      rmSync(`${session.place.config}/arize-env.sh`);
    },
    check: (spans) => (spans.every((span) => span.attributes["user.id"] === "ada") ? [] : ["another user.id than ada"]),
  },
  {
    name: "survival",
    about: "program missing, crashing, babbling, slow, its state not writable: a turn ends as without tracing",
    script: { main: Array.from({ length: Object.keys(FAULTS).length + 2 }, () => TURN).flat() },
    flush: false,
    drive: async (session) => {
      session.traceless = true;
      const off = { counts: false, env: { ARIZE_TRACE_ENABLED: "false" } } as const;
      await session.ask("Warm up", off);
      const plain = await session.ask("Go", off);
      for (const [name, harm] of Object.entries(FAULTS)) {
        harm(session);
        const turn = await session.ask("Go", { counts: false });
        if (turn.code !== plain.code)
          session.complaints.push(`${name}: exit ${turn.code}, without tracing ${plain.code}`);
        if (shown(turn) !== shown(plain)) session.complaints.push(`${name}: another output than without tracing`);
        if (name !== "slow" && turn.ms > plain.ms + NOTICED_MS) {
          session.complaints.push(`${name}: ${turn.ms.toFixed(0)} ms, without tracing ${plain.ms.toFixed(0)} ms`);
        }
      }
    },
  },
  {
    name: "cost",
    about: "wall time of a turn with one tool, with and without tracing: medians of five",
    script: { main: Array.from({ length: 2 * ROUNDS + 1 }, () => TURN).flat() },
    drive: async (session) => {
      const without: number[] = [];
      const traced: number[] = [];
      const hooks = `${session.place.config}/hooks.json`;
      const text = session.config("hooks.json") ?? "";
      rmSync(hooks);
      await session.ask("Warm up", { counts: false });
      for (let round = 0; round < ROUNDS; round++) without.push((await session.ask("Go", { counts: false })).ms);
      session.since = session.model.calls.length;
      writeFileSync(hooks, text);
      session.sessions = ROUNDS;
      for (let round = 0; round < ROUNDS; round++) traced.push((await session.ask("Go")).ms);
      const [slow, fast] = [median(traced), median(without)];
      session.world.log(`median with tracing ${slow.toFixed(0)} ms, without ${fast.toFixed(0)} ms`);
      if (slow > fast + NOTICED_MS) session.complaints.push("tracing costs too much");
    },
  },
];
