/** Every command, in the order of the help. */

import type { CommandSpec, OptionSpec } from "./command.ts";
import { FILTER_OPTIONS } from "./filter.ts";

const YES: OptionSpec = { type: "boolean", short: "y", help: "ask nothing" };
const JSON_OPTION: OptionSpec = { type: "boolean", help: "print JSON" };
const SCOPE: OptionSpec = { type: "string", value: "<scope>", help: "user (default), or repo: the repository at hand" };
const DRY_RUN: OptionSpec = { type: "boolean", help: "show what would be changed, write nothing" };

export const COMMANDS: readonly CommandSpec[] = [
  {
    name: "demo",
    summary: "Play a recorded session into the local store and print it",
    details:
      "Needs no account and no agent: the hook calls of a recorded Claude Code session go through the real hook path.\nNothing is sent anywhere.",
    options: {},
    examples: ["harness-tracing demo"],
    positionals: [0, 0],
    load: async () => (await import("./demo.ts")).demo,
  },
  {
    name: "install",
    arguments: "<agent…> | --all",
    summary: "Install tracing for an agent",
    details: `Copies this program to ~/.arize/harness/bin, registers it with the agent and tries it out. Every change is shown
before it is written. Without --target, the environment (PHOENIX_ENDPOINT, ARIZE_API_KEY and ARIZE_SPACE_ID) or an
existing config.json says where traces go; otherwise they stay in the local store.

For fleets and images: --config merges a file in the form of config.json (- is stdin), --quiet prints only warnings and
failures, and neither asks anything. A second run changes nothing.

Secrets do not belong on a command line, where other users can read them: use --api-key-stdin and --header-stdin.`,
    options: {
      all: { type: "boolean", help: "every agent found on this machine" },
      "program-only": { type: "boolean", help: "no agent, only the program: for the plugins of agents" },
      "with-skills": { type: "boolean", help: "also the skill by which an agent manages its own tracing" },
      config: { type: "string", value: "<file>", help: "merge this file into config.json" },
      quiet: { type: "boolean", short: "q", help: "print nothing but warnings and failures; ask nothing" },
      "trust-hooks": { type: "boolean", help: "where the agent asks to approve hooks (Codex), let it record that now" },
      scope: SCOPE,
      target: { type: "string", value: "<where>", help: "local, phoenix, arize or otlp" },
      endpoint: { type: "string", value: "<url>", help: "address of Phoenix, AX or the OTLP/HTTP endpoint" },
      "api-key-stdin": { type: "boolean", help: "read the API key from stdin" },
      "space-id": { type: "string", value: "<id>", help: "AX space" },
      project: { type: "string", value: "<name>", help: "project name; default: the agent's name" },
      "user-id": { type: "string", value: "<id>", help: "user.id of every span" },
      header: { type: "string", multiple: true, value: "<k=v>", help: "header of every request; not for secrets" },
      "header-stdin": { type: "boolean", help: "read headers from stdin, one k=v a line" },
      "no-log-prompts": { type: "boolean", help: "leave prompts and answers out of traces" },
      "no-log-tool-details": { type: "boolean", help: "leave tool arguments out of traces" },
      "no-log-tool-content": { type: "boolean", help: "leave tool results out of traces" },
      yes: YES,
      "dry-run": DRY_RUN,
    },
    examples: [
      "harness-tracing install claude",
      "harness-tracing install claude --target phoenix --endpoint http://localhost:6006",
      "harness-tracing install --all --target arize --space-id U3Bh… --api-key-stdin < key.txt",
      "harness-tracing install --all --yes --quiet --config fleet.json",
    ],
    positionals: [0, Number.POSITIVE_INFINITY],
    load: async () => (await import("./install.ts")).install,
  },
  {
    name: "uninstall",
    arguments: "[agent…]",
    summary: "Remove tracing from agents, or everything",
    details: `With agents, only their registrations are removed. Without, every registration, the program, the configuration and all
traces below ~/.arize/harness. Agents' settings files get back the content that they had before, byte for byte, unless
somebody changed them since: then only our entries are taken out.`,
    options: {
      scope: SCOPE,
      "keep-data": { type: "boolean", help: "keep traces and configuration" },
      yes: YES,
      "dry-run": DRY_RUN,
    },
    examples: ["harness-tracing uninstall claude", "harness-tracing uninstall --keep-data"],
    positionals: [0, Number.POSITIVE_INFINITY],
    load: async () => (await import("./uninstall.ts")).uninstall,
  },
  {
    name: "update",
    summary: "Fetch the latest release",
    details: `Downloads the release's program for this machine, checks its signature and hash, tries it, and puts it in place of the
installed one, which is kept. Registrations are renewed only where the new version wants other ones.

On a terminal, commands look once a day whether there is a newer release and say so; hooks never do. To switch that off:
harness-tracing config set update.check false, or ARIZE_UPDATE_CHECK=false.`,
    options: {
      check: { type: "boolean", help: "only say whether there is a newer one" },
      rollback: { type: "boolean", help: "go back to the program before the last update" },
      version: { type: "string", value: "<version>", help: "this release instead of the latest; may be an older one" },
      from: {
        type: "string",
        value: "<place>",
        help: "folder or address with a release's files (config: update.from)",
      },
      refresh: { type: "boolean", help: "only renew registrations, download nothing" },
    },
    examples: ["harness-tracing update", "harness-tracing update --rollback"],
    positionals: [0, 0],
    load: async () => (await import("./update.ts")).update,
  },
  {
    name: "status",
    summary: "Show what is installed, what was traced and what waits",
    options: { json: JSON_OPTION },
    examples: ["harness-tracing status"],
    positionals: [0, 0],
    load: async () => (await import("./status.ts")).status,
  },
  {
    name: "doctor",
    summary: "Check everything and say how to fix what is wrong",
    details: "Exit code 1 when something is wrong.",
    options: { json: JSON_OPTION },
    examples: ["harness-tracing doctor"],
    positionals: [0, 0],
    load: async () => (await import("./doctor.ts")).doctor,
  },
  {
    name: "sessions",
    summary: "List traced sessions, the latest first",
    options: {
      agent: { type: "string", value: "<name>", help: "only one agent, for instance claude" },
      since: { type: "string", value: "<when>", help: "from a date or time, or back from now: 30m, 24h, 7d" },
      limit: { type: "string", value: "<n>", help: "how many (20)" },
      json: JSON_OPTION,
    },
    examples: ["harness-tracing sessions --since 7d"],
    positionals: [0, 0],
    load: async () => (await import("./sessions.ts")).sessions,
  },
  {
    name: "show",
    arguments: "[session | trace | latest]",
    summary: "Print a session or a trace as a tree",
    details: "Ids may be shortened as long as they fit one session or trace. Without one: the latest session.",
    options: {
      full: { type: "boolean", help: "whole inputs and outputs" },
      json: JSON_OPTION,
    },
    examples: ["harness-tracing show latest", "harness-tracing show 3f2a9c --full"],
    positionals: [0, 1],
    load: async () => (await import("./show.ts")).show,
  },
  {
    name: "export",
    summary: "Write spans to stdout",
    details: "Filters add up. Formats: jsonl (a span a line), otlp-json (OTLP file format, a batch a line), csv.",
    options: {
      format: { type: "string", value: "<format>", help: "jsonl (default), otlp-json or csv" },
      ...FILTER_OPTIONS,
    },
    examples: [
      "harness-tracing export --kind TOOL --tool Bash --since 7d > bash-calls.jsonl",
      "harness-tracing export --format csv --session latest > session.csv",
    ],
    positionals: [0, 0],
    load: async () => (await import("./export.ts")).exportSpans,
  },
  {
    name: "flush",
    summary: "Process and deliver what waits, now",
    details: `Exit code 1 when something is still undelivered. Meant for the end of CI jobs.`,
    options: { wait: { type: "string", value: "<s>", help: "seconds to try (10)" } },
    examples: ["harness-tracing flush --wait 20"],
    positionals: [0, 0],
    load: async () => (await import("./flush.ts")).flush,
  },
  {
    name: "config",
    arguments: "get | set | unset | path",
    summary: "Read and change config.json",
    details: `get [key], set <key> <value>, unset <key>, path.

Keys are dotted: logging.prompts, harnesses.claude-code.endpoint. Values are JSON where they look like it (true, 30),
else text. A value of "-" is read from stdin, which keeps secrets off the command line. Secrets are printed only by
"get" with their full key.`,
    options: {},
    examples: [
      "harness-tracing config set logging.prompts false",
      "harness-tracing config set harnesses.claude-code.api_key - < key.txt",
    ],
    positionals: [1, 3],
    load: async () => (await import("./config.ts")).config,
  },
  {
    name: "skill",
    arguments: "show | install <agent…> | uninstall <agent…>",
    summary: "Let an agent manage its own tracing",
    details: `show prints the instructions of the skill manage-harness-tracing, which belong to this very version. install puts a
small file into the agent's folder of skills that leads there, uninstall takes it away again.`,
    options: { "dry-run": DRY_RUN },
    examples: ["harness-tracing skill show", "harness-tracing skill install claude"],
    positionals: [1, Number.POSITIVE_INFINITY],
    load: async () => (await import("./skill.ts")).skill,
  },
  {
    name: "record",
    arguments: "<agent> [stop]",
    summary: "Record an agent's sessions for a bug report",
    details: `Off unless you start it. Sessions from now on are kept, hook calls and history, until stop writes them into a folder of
their own: credentials masked, nothing sent anywhere. Look through it before you give it to anybody.`,
    options: {
      minutes: { type: "string", value: "<n>", help: "stop by itself after so many minutes" },
      redact: { type: "boolean", help: "at the end: leave all texts out, keep names, ids and times" },
      output: {
        type: "string",
        value: "<folder>",
        help: "new folder for the recording (~/.arize/harness/recordings/…)",
      },
    },
    examples: ["harness-tracing record claude", "harness-tracing record claude stop --redact"],
    positionals: [1, 2],
    load: async () => (await import("./record.ts")).record,
  },
  {
    name: "help",
    arguments: "[command]",
    summary: "Show this, or the help of a command",
    options: {},
    examples: ["harness-tracing help install"],
    positionals: [0, 1],
    load: async () => (await import("./main.ts")).helpCommand,
  },
];
