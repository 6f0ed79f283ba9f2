/** What the agents with a plugin of ours do for real. */

import { existsSync } from "node:fs";
import type { ChatAgent } from "./chat-agent.ts";
import type { ChatScenario } from "./chat-scenario.ts";
import type { ScriptedTool } from "./script.ts";

const again = { continues: true } as const;

/** A stream is seen to have begun, and a plugin's event of it had time to be written. */
const UNDER_WAY_MS = 500;

const delegates = ({ delegate }: ChatAgent) => delegate !== undefined;

function delegate(agent: ChatAgent, thread: string): ScriptedTool {
  return agent.delegate?.(thread) ?? agent.bash("exit 1");
}

export const scenarios: readonly ChatScenario[] = [
  {
    name: "text",
    about: "a plain answer",
    quick: true,
    script: () => ({
      main: [{ text: "The capital of France is Paris.", firstByteMs: 300, streamMs: 400, cached: 500 }],
    }),
  },
  {
    name: "bash",
    about: "one shell command, then the answer",
    quick: true,
    script: (agent) => ({
      main: [{ text: "I list the files.", tools: [agent.bash("sleep 0.4; ls -1")] }, { text: "There is one file." }],
    }),
  },
  {
    name: "parallel",
    about: "three tools in one answer",
    quick: true,
    script: (agent, { project }) => ({
      main: [
        {
          tools: [
            agent.bash("sleep 0.6; echo one"),
            agent.bash("sleep 0.3; echo two"),
            agent.read(`${project}/notes.txt`),
          ],
        },
        { text: "All done." },
      ],
    }),
  },
  {
    name: "fail",
    about: "a command that exits 3, and a missing file",
    quick: true,
    script: (agent, { project }) => ({
      main: [
        { tools: [{ ...agent.bash("echo boom >&2; exit 3"), fails: true }] },
        { tools: [{ ...agent.read(`${project}/missing.txt`), fails: true }] },
        { text: "Both failed." },
      ],
    }),
  },
  {
    name: "thinking",
    about: "reasoning, text and a tool; then reasoning and text",
    script: (agent) => ({
      main: [
        { thinking: "The user wants the files; ls shows them.", text: "Let me look.", tools: [agent.bash("ls -1")] },
        { thinking: "One file.", text: "One file." },
      ],
    }),
    fits: ({ countsThinking }) => countsThinking,
  },
  {
    name: "subagent",
    about: "a subagent that runs a command",
    quick: true,
    script: (agent) => ({
      main: [
        { text: "I delegate.", tools: [delegate(agent, "A")] },
        ...(agent.await?.(["A"]) ?? []),
        { text: "It is done." },
      ],
      A: [{ tools: [agent.bash("sleep 0.3; echo a")] }, agent.report?.("A is done.") ?? { text: "" }],
    }),
    fits: delegates,
  },
  {
    name: "subagents",
    about: "two subagents at once and a tool of the main agent, one nested tool failing",
    script: (agent) => ({
      main: [
        { tools: [delegate(agent, "A"), delegate(agent, "B"), agent.bash("echo main")] },
        ...(agent.await?.(["A", "B"]) ?? []),
        { text: "Both are done." },
      ],
      A: [{ tools: [agent.bash("sleep 0.5; echo a")] }, agent.report?.("A is done.") ?? { text: "" }],
      B: [{ tools: [{ ...agent.bash("exit 4"), fails: true }] }, agent.report?.("B is done.") ?? { text: "" }],
    }),
    fits: delegates,
  },
  {
    name: "retry",
    about: "503 and 429, then an answer",
    script: () => ({
      main: [{ status: 503, message: "overloaded" }, { status: 429, message: "slow down" }, { text: "Recovered." }],
    }),
    fits: ({ showsRetries }) => showsRetries,
  },
  {
    name: "cut",
    about: "the connection breaks in the middle of an answer; the next attempt is good",
    script: (agent) => ({
      main: [
        { text: "This answer will never be read to its end.", broken: "cut" },
        { text: "Once more.", tools: [agent.bash("echo again")] },
        { text: "Done." },
      ],
    }),
  },
  {
    name: "fatal",
    about: "a permanent failure",
    script: () => ({ main: [{ status: 400, message: "no such thing" }] }),
    drive: async (session) => {
      await session.ask("Fail", { fails: true });
    },
  },
  {
    name: "fataltool",
    about: "a tool, then a permanent failure",
    script: (agent) => ({ main: [{ tools: [agent.bash("echo one")] }, { status: 400, message: "no such thing" }] }),
    drive: async (session) => {
      await session.ask("Fail", { fails: true });
    },
  },
  {
    name: "turns",
    about: "three processes, one session",
    script: (agent) => ({
      main: [{ text: "One." }, { tools: [agent.bash("echo two")] }, { text: "Two." }, { text: "Three." }],
    }),
    drive: async (session) => {
      await session.ask("One");
      await session.ask("Two", again);
      await session.ask("Three", again);
    },
  },
  ...(["SIGINT", "SIGTERM", "SIGKILL"] as const).map(
    (signal): ChatScenario => ({
      name: signal.toLowerCase(),
      about: `${signal} while an answer streams, then another session`,
      quick: signal === "SIGINT",
      script: () => ({ main: [{ text: "This takes for ever and a day.", broken: "stall" }, { text: "Back again." }] }),
      drive: async (session) => {
        const turn = session.begin("Stream", { fails: true });
        await session.seen("the stream", () =>
          session.model.calls.some((call) => call.role === "main" && call.firstByte),
        );
        await Bun.sleep(UNDER_WAY_MS);
        turn.signal(signal);
        await turn.ended;
        // A session that was killed may not have been written down: the next one is another.
        session.sessions += 1;
        await session.ask("Go on");
      },
    }),
  ),
  {
    name: "noflush",
    about: "no flush: drains that events start deliver everything",
    script: (agent) => ({ main: [{ tools: [agent.bash("echo one")] }, { text: "One." }] }),
    flush: false,
    drive: async (session) => {
      await session.ask("One");
      await session.seen("the root", () => session.world.receiver.spans.some(({ parentId }) => parentId === undefined));
    },
  },
  {
    name: "off",
    about: "ARIZE_TRACE_ENABLED=false: no span",
    script: (agent) => ({ main: [{ tools: [agent.bash("echo one")] }, { text: "One." }] }),
    drive: async (session) => {
      session.traceless = true;
      await session.ask("One", { env: { ARIZE_TRACE_ENABLED: "false" } });
    },
  },
  {
    name: "uninstall",
    about: "removed again: the plugin is gone, and no turn leaves a span",
    script: () => ({ main: [{ text: "One." }] }),
    flush: false,
    drive: async (session) => {
      session.traceless = true;
      const { code } = await session.tracer("uninstall", session.agent.name, "--yes");
      if (code !== 0) session.complaints.push(`uninstall failed with ${code}`);
      if (existsSync(`${session.place.home}/${session.agent.plugin}`))
        session.complaints.push("the plugin is still there");
      await session.ask("One");
    },
  },
];
