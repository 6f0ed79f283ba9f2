/** Tracing's own conditions: privacy, CI, a dead backend, switches. */

import { writeFileSync } from "node:fs";
import type { SeenSpan } from "../../seen-span.ts";
import { happens } from "../../wait.ts";
import { type GeminiScenario, geminiScenario } from "../gemini-scenario.ts";
import { type Script, say, shell } from "../script.ts";

const script: Script = { main: [shell("echo hello"), say("Hello was echoed.")] };
const again = { resume: true } as const;

/** @returns a complaint for each text that may not be there */
function absent(spans: readonly SeenSpan[], texts: readonly string[]): readonly string[] {
  const words = JSON.stringify(
    spans.map(({ name, statusMessage, attributes, events }) => [name, statusMessage, attributes, events]),
  );
  return texts.filter((text) => words.includes(text)).map((text) => `spans hold ${JSON.stringify(text)}`);
}

const scenarios: readonly GeminiScenario[] = [
  {
    name: "noprompts",
    about: "all content switches off: figures stay, texts go",
    script: { main: [shell("echo very-private-output"), say("A very private answer.")] },
    drive: async (session) => {
      await session.ask("A very private prompt", {
        env: { ARIZE_LOG_PROMPTS: "false", ARIZE_LOG_TOOL_DETAILS: "false", ARIZE_LOG_TOOL_CONTENT: "false" },
      });
    },
    check: (spans) => absent(spans, ["very private", "very-private-output"]),
  },
  {
    name: "secrets",
    about: "credentials in prompt, tool input and output are masked",
    script: { main: [shell(`echo ghp_${"16C7e42F292c6912E7710c838347Ae178B4a"}`), say("Done.")] },
    drive: async (session) => {
      await session.ask(`Use ghp_${"16C7e42F292c6912E7710c838347Ae178B4a"} please`);
    },
    check: (spans) => absent(spans, ["16C7e42F292c"]),
  },
  {
    name: "disabled",
    about: "ARIZE_TRACE_ENABLED=false: no trace",
    script,
    drive: async (session) => {
      session.traceless = true;
      await session.ask("Ask", { env: { ARIZE_TRACE_ENABLED: "false" } });
    },
  },
  {
    name: "untrusted",
    about: "a folder that is not trusted: no hook runs, and doctor says so",
    settings: {
      security: { auth: { selectedType: "gemini-api-key" }, folderTrust: { enabled: true } },
    },
    script,
    drive: async (session) => {
      session.traceless = true;
      writeFileSync(
        `${session.place.config}/trustedFolders.json`,
        JSON.stringify({ [session.place.project]: "DO_NOT_TRUST" }),
      );
      await session.ask("Ask");
      const { output } = await session.tracer("doctor");
      if (!output.includes("does not trust")) session.complaints.push("doctor does not explain it");
    },
  },
  {
    name: "redaction",
    about: "environment variables taken away from hooks: the configuration has what is needed",
    settings: {
      security: {
        auth: { selectedType: "gemini-api-key" },
        folderTrust: { enabled: false },
        environmentVariableRedaction: { enabled: true },
      },
    },
    script,
  },
  {
    name: "ci",
    about: "CI=true: everything has arrived when the agent ends, without a flush",
    quick: true,
    flush: false,
    script: { main: [shell("echo ci"), say("Done."), say("Second.")] },
    drive: async (session) => {
      await session.ask("One", { env: { CI: "true" } });
      await session.ask("Two", { ...again, env: { CI: "true" } });
      const roots = session.world.receiver.spans.filter((span) => span.parentId === undefined).length;
      if (roots !== 2) session.complaints.push(`${roots} roots had arrived at the end of the agent`);
    },
  },
  {
    name: "noflush",
    about: "neither CI nor a flush: the drains of the hooks deliver everything by themselves",
    flush: false,
    script: { main: [shell("echo one"), say("One."), shell("echo two"), say("Two.")] },
    drive: async (session) => {
      await session.ask("One");
      await session.ask("Two", again);
      const roots = () => session.world.receiver.spans.filter((span) => span.parentId === undefined).length;
      await happens(15_000, () => roots() >= 2);
    },
  },
  {
    name: "backenddown",
    about: "the backend is down during the run and comes back",
    script: { main: [shell("echo one"), say("One."), say("Two.")] },
    drive: async (session) => {
      await session.world.receiver.down();
      await session.ask("One");
      await session.ask("Two", again);
      session.world.receiver.up();
    },
  },
];

export const tracing = scenarios.map(geminiScenario);
