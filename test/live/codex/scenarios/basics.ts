/** One turn, one thing at a time. */

import type { CodexScenario } from "../codex-scenario.ts";
import { calc, patch, say, script, shell } from "../script.ts";

const UPDATE =
  "*** Begin Patch\n*** Update File: notes.txt\n@@\n-alpha\n+ALPHA\n*** Add File: new.txt\n+new\n*** End Patch\n";
const WRONG = "*** Begin Patch\n*** Update File: notes.txt\n@@\n-no such line\n+x\n*** End Patch\n";

/** A model that knows code mode and the newer subagents; the other one has neither. */
const CODE_MODE = "gpt-6-sol";

export const basics: readonly CodexScenario[] = [
  {
    name: "text",
    about: "a plain answer",
    quick: true,
    script: { main: [say("Paris.", { firstByteMs: 300, streamMs: 400 })] },
  },
  {
    name: "shell",
    about: "reasoning and a command, then the answer",
    quick: true,
    script: {
      main: [{ reasoning: "ls shows it.", text: "I look.", calls: [shell("sleep 0.4; ls")] }, say("Two files.")],
    },
  },
  {
    name: "parallel",
    about: "three commands in one answer",
    script: { main: [{ calls: [shell("sleep 0.6; echo a"), shell("echo b"), shell("cat notes.txt")] }, say("Done.")] },
  },
  {
    name: "fail",
    about: "a command that exits 7, and one that works",
    quick: true,
    script: { main: [{ calls: [shell("echo no >&2; exit 7", { fails: true }), shell("echo yes")] }, say("Mixed.")] },
  },
  {
    name: "patch",
    about: "a patch that applies, then one that does not",
    script: { main: [{ calls: [patch(UPDATE)] }, { calls: [patch(WRONG, { fails: true })] }, say("Half.")] },
  },
  {
    name: "mcp",
    about: "MCP tools, one ok, one failing",
    script: { main: [{ calls: [calc("add", { a: 2, b: 3 }), calc("boom", {})] }, say("Five.")] },
  },
  {
    name: "websearch",
    about: "a search that the provider runs",
    script: { main: [{ search: "weather Paris", text: "Sunny.", streamMs: 300 }] },
  },
  {
    name: "longcmd",
    about: "a command that is still running when its first output comes",
    script: {
      main: [
        { calls: [shell("echo a; sleep 2; echo b", { yieldMs: 300 })] },
        { calls: [shell("sleep 2.5; echo end")] },
        say("Both."),
      ],
    },
  },
  {
    name: "codemode",
    about: "a script that calls four tools, one of them failing",
    quick: true,
    model: CODE_MODE,
    script: {
      main: [
        {
          calls: [
            script(`const a = await tools.exec_command({cmd: "sleep 0.2; echo one"});
const [b, c] = await Promise.all([tools.mcp__calc__add({a: 1, b: 2}), tools.exec_command({cmd: "exit 3"})]);
await tools.apply_patch("*** Begin Patch\\n*** Add File: cm.txt\\n+cm\\n*** End Patch\\n"); text({a, b, c});`),
          ],
        },
        say("Ran."),
      ],
    },
    check: (spans) => {
      const outer = spans.find((span) => span.kind === "TOOL" && span.name === "exec");
      const below = spans.filter((span) => span.kind === "TOOL" && span.parentId === outer?.spanId);
      const names = below
        .map(({ name }) => name)
        .sort()
        .join(" ");
      const failed = below.filter(({ status }) => status === "ERROR").length;
      return [
        ...(names === "Bash Bash apply_patch mcp__calc__add" ? [] : [`below the script: ${names}`]),
        ...(failed === 1 ? [] : [`${failed} failed calls of the script, true 1`]),
      ];
    },
  },
  {
    name: "subagent",
    about: "a subagent that runs a command",
    quick: true,
    model: CODE_MODE,
    script: {
      main: [
        {
          calls: [
            {
              name: "spawn_agent",
              namespace: "collaboration",
              input: { message: "Echo.", task_name: "echo", fork_turns: "none" },
            },
          ],
        },
        { calls: [{ name: "wait_agent", namespace: "collaboration", input: { timeout_ms: 20_000 } }] },
        say("It is done."),
      ],
      subagents: [
        [
          { firstByteMs: 300, calls: [script('text(await tools.exec_command({cmd: "sleep 0.3; echo child"}));')] },
          say("Echoed.", { firstByteMs: 300 }),
        ],
      ],
    },
  },
  {
    name: "compact",
    about: "automatic compaction inside a turn",
    top: "model_auto_compact_token_limit = 20000\n",
    script: { main: [{ calls: [shell("ls")], inputTokens: 300_000 }, say("After it.")] },
    check: (spans) => {
      const compaction = spans.find((span) => span.kind === "CHAIN");
      const call = spans.find((span) => span.kind === "LLM" && span.parentId === compaction?.spanId);
      if (!compaction) return ["no span for the compaction"];
      return call?.attributes["llm.token_count.prompt"] === 9000 ? [] : ["the compaction's call is not below it"];
    },
  },
];
