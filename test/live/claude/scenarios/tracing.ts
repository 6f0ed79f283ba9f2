/** Tracing's own conditions: privacy, CI, a dead backend, a killed drain, hooks that meddle. */

import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import type { SeenSpan } from "../../seen-span.ts";
import { happens } from "../../wait.ts";
import { type ClaudeScenario, claudeScenario } from "../claude-scenario.ts";
import { bash, call, type Script, say } from "../script.ts";
import type { ClaudeSession } from "../session.ts";

const again = { args: ["--continue"] };
const script: Script = { main: [bash("echo hello"), say("Hello was echoed.")] };

/** Credentials of the right shape that open nothing. */
const SECRETS = [
  ["sk-ant-api03-", "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4"].join(""),
  ["ghp_", "16C7e42F292c6912E7710c838347Ae178B4a"].join(""),
  ["AKIA", "QYLPMN5HHHFPZAM2"].join(""),
];

/** Everything a span says, as one text. */
function wordsOf(spans: readonly SeenSpan[]): string {
  return JSON.stringify(
    spans.map(({ name, statusMessage, attributes, events }) => [name, statusMessage, attributes, events]),
  );
}

/** @returns a complaint for each text that may not be there */
function absent(spans: readonly SeenSpan[], texts: readonly string[]): readonly string[] {
  const words = wordsOf(spans);
  return texts.filter((text) => words.includes(text)).map((text) => `spans hold ${JSON.stringify(text)}`);
}

/** Pids of running drains of this home. */
function drains(session: ClaudeSession): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
        return words[0] === session.program && words.some((word) => word.includes("drain"));
      } catch {
        return false;
      }
    })
    .map(Number);
}

const scenarios: readonly ClaudeScenario[] = [
  {
    name: "secrets",
    about: "credentials in prompt, tool input and output are masked, on disk too",
    quick: true,
    script: {
      main: [
        bash(`echo token ${SECRETS[1]}; printf 'password=%s\\n' hunter2hunter2`),
        call("Read", { file_path: "credentials.txt" }),
        say(`The key is ${SECRETS[2]}.`),
      ],
    },
    drive: async (session) => {
      writeFileSync(`${session.place.project}/credentials.txt`, `key: ${SECRETS[0]}\n`);
      await session.ask(`Use ${SECRETS[0]} please`);
      await session.tracer("flush", "--wait", "20");
      const store = `${session.place.home}/.arize/harness/state/traces.db`;
      for (const file of [store, `${store}-wal`]) {
        if (!existsSync(file)) continue;
        const bytes = readFileSync(file);
        for (const secret of SECRETS) {
          if (bytes.includes(secret)) session.complaints.push(`${secret.slice(0, 8)}… is in ${basename(file)}`);
        }
      }
    },
    check: (spans) => absent(spans, SECRETS),
  },
  {
    name: "noprompts",
    about: "all content switches off: figures stay, texts go",
    script: { main: [bash("echo very-private-output"), say("A very private answer.")] },
    drive: async (session) => {
      await session.ask("A very private prompt", {
        env: { ARIZE_LOG_PROMPTS: "false", ARIZE_LOG_TOOL_DETAILS: "false", ARIZE_LOG_TOOL_CONTENT: "false" },
      });
    },
    check: (spans) => absent(spans, ["very private", "very-private-output"]),
  },
  {
    name: "nodetails",
    about: "one switch: arguments go, results stay",
    script: { main: [bash("echo private-$((40+2))"), say("Answered.")] },
    drive: async (session) => {
      await session.ask("Ask", { env: { ARIZE_LOG_TOOL_DETAILS: "false" } });
    },
    check: (spans) => [
      ...absent(spans, ["private-$((40"]),
      ...(wordsOf(spans).includes("private-42") ? [] : ["the result is gone, too"]),
    ],
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
    name: "dryrun",
    about: "ARIZE_DRY_RUN=true: nothing is sent",
    script,
    drive: async (session) => {
      session.traceless = true;
      await session.ask("Ask", { env: { ARIZE_DRY_RUN: "true" } });
    },
  },
  {
    name: "attributes",
    about: "the user from the environment and attributes from the configuration reach every span",
    script,
    drive: async (session) => {
      await session.tracer("config", "set", "attributes.team", "payments");
      await session.ask("Ask", { env: { ARIZE_USER_ID: "ada" } });
    },
    check: (spans) =>
      Object.entries({ "user.id": "ada", team: "payments" })
        .filter(([name, value]) => spans.some((span) => span.attributes[name] !== value))
        .map(([name]) => `${name} is missing on some span`),
  },
  {
    name: "ci",
    about: "CI=true: everything has arrived when the agent ends, without a flush",
    script: { main: [bash("echo ci"), { status: 529 }, say("Done."), say("Second.")] },
    flush: false,
    drive: async (session) => {
      await session.ask("One", { env: { CI: "true" } });
      await session.ask("Two", { args: ["--continue"], env: { CI: "true" } });
      const arrived = session.world.receiver.spans.length;
      session.world.log(`${arrived} spans at the end of the agent`);
    },
  },
  {
    name: "cifails",
    about: "CI=true and a turn that fails for good, without a flush",
    script: { main: [bash("echo ci"), { status: 400, message: "scripted refusal" }] },
    flush: false,
    drive: async (session) => {
      await session.ask("One", { env: { CI: "true" }, fails: true });
    },
  },
  {
    name: "noflush",
    about: "neither CI nor a flush: the drains of the hooks deliver everything by themselves",
    script: { main: [bash("echo one"), say("One."), bash("echo two"), say("Two.")] },
    flush: false,
    drive: async (session) => {
      await session.ask("One");
      await session.ask("Two", again);
      await happens(15_000, () => session.world.receiver.spans.filter((span) => span.kind === "AGENT").length >= 2);
    },
  },
  {
    name: "backenddown",
    about: "the backend is down during the run and comes back",
    quick: true,
    script: { main: [bash("echo one"), say("One."), bash("echo two"), say("Two.")] },
    drive: async (session) => {
      await session.world.receiver.down();
      await session.ask("One");
      await session.ask("Two", again);
      session.world.receiver.up();
    },
  },
  {
    name: "backendsick",
    about: "the backend answers 503, then 200",
    script: { main: [bash("echo one"), say("One."), say("Two.")] },
    drive: async (session) => {
      session.world.receiver.answer(503);
      await session.ask("One");
      session.world.receiver.answer(200);
      await session.ask("Two", again);
    },
  },
  {
    name: "drainkill",
    about: "every drain that shows itself during the run is killed",
    script: {
      main: [bash("sleep 1; echo one"), bash("sleep 1; exit 2"), say("One."), bash("sleep 1; echo two"), say("Two.")],
    },
    drive: async (session) => {
      let running = true;
      let killed = 0;
      const hunt = (async () => {
        while (running) {
          for (const pid of drains(session)) {
            process.kill(pid, "SIGKILL");
            killed += 1;
          }
          await Bun.sleep(15);
        }
      })();
      await session.ask("One");
      await session.ask("Two", again);
      running = false;
      await hunt;
      session.world.log(`${killed} drains killed`);
      if (killed === 0) session.complaints.push("no drain was seen: nothing was tried");
    },
  },
  {
    name: "stopblock",
    about: "a hook of the user's blocks Stop once: the turn goes on and Stop fires twice",
    script: { main: [say("Done, I think."), bash("echo checked"), say("Really done.")] },
    drive: async (session) => {
      const hook = `${session.place.home}/block-once.sh`;
      const mark = `${session.place.home}/blocked`;
      writeFileSync(
        hook,
        `#!/bin/sh\n[ -e '${mark}' ] && exit 0\ntouch '${mark}'\necho '{"decision":"block","reason":"Check it once more."}'\n`,
      );
      chmodSync(hook, 0o755);
      const settings = { hooks: { Stop: [{ hooks: [{ type: "command", command: hook }] }] } };
      writeFileSync(`${session.place.project}/.claude/settings.json`, JSON.stringify(settings));
      await session.ask("Do it");
    },
  },
  {
    name: "reinstall",
    about: "installed twice, then traced once",
    script,
    drive: async (session) => {
      const before = JSON.stringify(session.registeredHooks());
      const flags = ["--target", "otlp", "--endpoint", session.world.receiver.endpoint, "--yes"];
      await session.tracer("install", "claude", ...flags);
      if (JSON.stringify(session.registeredHooks()) !== before)
        session.complaints.push("the second install changed hooks");
      await session.ask("Ask");
    },
  },
];

export const tracing = scenarios.map(claudeScenario);
