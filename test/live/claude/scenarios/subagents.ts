/** Subagents: in the background (the default), in the foreground, nested, several at once, failing. */

import { type ClaudeScenario, claudeScenario } from "../claude-scenario.ts";
import { agent, bash, call, FULL_CONTEXT, type Script, say } from "../script.ts";

const FOREGROUND = { run_in_background: false };

const counter = [bash("ls | wc -l"), say("3 files.")];

/** Two threads, one of whose tools fails. */
const pair = {
  first: [bash("sleep 0.5; echo first"), say("First done.")],
  second: [bash("sleep 0.3; exit 4"), say("Second failed.")],
};

const single = (input: Readonly<Record<string, unknown>>): Script => ({
  main: [{ blocks: [{ text: "I delegate." }, agent("counter", input)] }, say("Started."), say("It counted 3 files.")],
  counter,
});

const scenarios: readonly ClaudeScenario[] = [
  { name: "subagent", about: "a subagent with a tool, background not asked for", quick: true, script: single({}) },
  { name: "subfg", about: "a subagent in the foreground", quick: true, script: single(FOREGROUND) },
  {
    name: "subbg",
    about: "a slow subagent in the background",
    script: {
      ...single({ run_in_background: true }),
      counter: [bash("sleep 2; ls | wc -l", { firstByteMs: 600 }), say("3 files.")],
    },
  },
  {
    name: "subfgparallel",
    about: "two subagents of different types in the foreground",
    script: {
      main: [
        { blocks: [agent("first", FOREGROUND), agent("second", { ...FOREGROUND, subagent_type: "Explore" })] },
        say("Both ended."),
      ],
      ...pair,
    },
  },
  {
    name: "subparallel",
    about: "two subagents in the background and a tool of the main agent",
    script: {
      main: [
        {
          blocks: [
            agent("first"),
            agent("second", { subagent_type: "Explore" }),
            { tool: "Bash", input: { command: "echo main", description: "Echo" } },
          ],
        },
        say("They run."),
        say("They ended."),
      ],
      ...pair,
    },
  },
  {
    name: "subnested",
    about: "a subagent that starts a subagent",
    script: {
      main: [{ blocks: [agent("outer")] }, say("It runs."), say("Nested work done.")],
      outer: [{ blocks: [agent("inner")] }, say("Outer done.")],
      inner: [bash("echo inner"), say("Inner done.")],
    },
  },
  {
    name: "subnestedfg",
    about: "three levels of subagents in the foreground",
    script: {
      main: [{ blocks: [agent("outer", FOREGROUND)] }, say("Done.")],
      outer: [{ blocks: [agent("middle", FOREGROUND)] }, say("Outer done.")],
      middle: [{ blocks: [agent("inner", FOREGROUND)] }, say("Middle done.")],
      inner: [bash("echo inner"), say("Inner done.")],
    },
  },
  {
    name: "subretry",
    about: "a subagent whose request is refused twice and whose tool fails",
    script: {
      main: [{ blocks: [agent("unlucky", FOREGROUND)] }, say("It coped.")],
      unlucky: [{ status: 529 }, { status: 529 }, bash("exit 7"), { status: 529 }, say("Failed, but told.")],
    },
  },
  {
    name: "subfails",
    about: "a subagent whose request is refused for good",
    script: {
      main: [{ blocks: [agent("broken", FOREGROUND)] }, say("It broke.")],
      broken: [bash("echo before"), { status: 400, message: "scripted refusal" }],
    },
  },
  {
    name: "subdenied",
    about: "two subagents at once, one with a denied tool",
    script: {
      main: [{ blocks: [agent("allowed", FOREGROUND), agent("denied", FOREGROUND)] }, say("One was denied.")],
      allowed: [bash("echo allowed"), say("Allowed.")],
      denied: [bash("curl http://example.invalid"), say("Denied.")],
    },
  },
  {
    name: "subcompact",
    about: "a subagent whose context is full and compacted",
    script: {
      main: [{ blocks: [agent("long", FOREGROUND)] }, say("It got through.")],
      long: [bash("echo one", { usage: FULL_CONTEXT }), bash("echo two"), say("Done after the compaction.")],
    },
  },
  {
    name: "maincompact",
    about: "the main agent's context is compacted while its subagents run",
    script: {
      main: [
        { blocks: [agent("slow"), agent("quick")], usage: FULL_CONTEXT },
        bash("echo after"),
        say("They run."),
        say("They ended."),
      ],
      slow: [bash("sleep 2; echo slow"), say("Slow done.")],
      quick: [bash("echo quick"), say("Quick done.")],
    },
  },
  {
    name: "subthree",
    about: "three subagents at once with several tools each, then a second round",
    script: {
      main: [
        { blocks: ["a", "b", "c"].map((thread) => agent(thread, FOREGROUND)) },
        { blocks: [agent("d", FOREGROUND), { tool: "Bash", input: { command: "echo main", description: "Echo" } }] },
        say("All done."),
      ],
      a: [bash("echo a1"), bash("echo a2"), say("A.")],
      b: [call("Read", { file_path: "README.md" }), bash("sleep 0.4; echo b2"), say("B.")],
      c: [{ blocks: ["c1", "c2"].map((text) => ({ tool: "Bash", input: { command: `echo ${text}` } })) }, say("C.")],
      d: [say("D.")],
    },
  },
];

export const subagents = scenarios.map(claudeScenario);
