/** Oh My Pi and pi as live agents. */

import { mkdirSync, writeFileSync } from "node:fs";
import type { ChatAgent, Place } from "../chat/chat-agent.ts";
import { scenariosFor } from "../chat/chat-scenario.ts";
import { scenarios } from "../chat/scenarios.ts";
import { survival } from "../chat/survival.ts";
import { fetchPackages } from "../package.ts";
import { buildProgram } from "../program.ts";
import type { LiveAgent } from "../scenario.ts";

const OMP = { package: "@oh-my-pi/pi-coding-agent", version: "18.2.3" };
const PI = { package: "@mariozechner/pi-coding-agent", version: "0.73.1" };

const MODEL = {
  id: "test-large",
  name: "Large",
  reasoning: true,
  input: ["text"],
  contextWindow: 128_000,
  maxTokens: 4096,
  cost: { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 },
};

function provider(baseUrl: string) {
  return { test: { baseUrl, apiKey: "sk-none", api: "openai-completions", models: [MODEL] } };
}

function configure(folder: string, files: Readonly<Record<string, unknown>>): void {
  mkdirSync(folder, { recursive: true });
  // JSON is YAML.
  for (const [name, value] of Object.entries(files)) writeFileSync(`${folder}/${name}`, JSON.stringify(value));
}

const both = {
  finishWords: { stop: "stop", tool_calls: "toolUse" },
  read: (path: string) => ({ tool: "read", input: { path } }),
  showsRetries: false,
};

const ompChat: ChatAgent = {
  ...both,
  name: "omp",
  configure: ({ home, modelServer }: Place) =>
    configure(`${home}/.omp/agent`, {
      "models.yml": { providers: provider(modelServer) },
      "config.yml": {
        modelRoles: { default: "test/test-large", smol: "test/test-large", task: "test/test-large" },
        startup: { checkUpdate: false, setupWizard: false },
      },
    }),
  environment: {},
  path: ({ bun }) => [bun ?? ""],
  command: ({ cli, runtime }, prompt, continues) => [
    runtime ?? "",
    cli ?? "",
    "-p",
    ...(continues ? ["-c"] : []),
    prompt,
  ],
  bash: (command) => ({ tool: "bash", input: { i: "Run it", command } }),
  delegate: (thread) => ({
    tool: "task",
    input: {
      i: "Delegate",
      context: "test",
      tasks: [{ name: `Agent${thread}`, agent: "task", task: `@thread(${thread}) Do your part.` }],
    },
  }),
  // A wait for several ends with the first.
  await: (threads) =>
    threads.map((thread) => ({
      tools: [{ tool: "hub", input: { i: "Wait", op: "wait", ids: [`Agent${thread}`] } }],
    })),
  report: (text) => ({ text, tools: [{ tool: "yield", input: { data: { result: text } }, ends: true }] }),
  countsThinking: true,
  plugin: ".omp/agent/extensions/harness-tracing.js",
  evidence: [".omp/agent/sessions", ".omp/logs"],
};

const piChat: ChatAgent = {
  ...both,
  name: "pi",
  configure: ({ home, modelServer }: Place) =>
    configure(`${home}/.pi/agent`, {
      "models.json": { providers: provider(modelServer) },
      "settings.json": { defaultProvider: "test", defaultModel: "test-large" },
    }),
  environment: { PI_OFFLINE: "1", PI_SKIP_VERSION_CHECK: "1", PI_TELEMETRY: "0" },
  path: () => [],
  command: ({ cli, runtime }, prompt, continues) => [
    runtime ?? "",
    cli ?? "",
    "-p",
    ...(continues ? ["-c"] : []),
    prompt,
  ],
  bash: (command) => ({ tool: "bash", input: { command } }),
  countsThinking: false,
  plugin: ".pi/agent/extensions/harness-tracing.js",
  evidence: [".pi/agent/sessions"],
};

function cliOf(modules: string, { package: name }: typeof OMP): string {
  return `${modules}/${name}/dist/cli.js`;
}

export const omp: LiveAgent = {
  name: "omp",
  scenarios: [...scenariosFor(ompChat, scenarios), ...scenariosFor(ompChat, survival)],
  prepare: async (repository, cache) => {
    await buildProgram(repository);
    const { package: name, version } = OMP;
    const modules = await fetchPackages(cache, `omp-${version}`, { [name]: version }, [`${name}/dist/cli.js`]);
    const bun = process.execPath.replace(/\/[^/]*$/, "");
    return { cli: cliOf(modules, OMP), runtime: process.execPath, bun };
  },
};

export const pi: LiveAgent = {
  name: "pi",
  scenarios: [...scenariosFor(piChat, scenarios), ...scenariosFor(piChat, survival)],
  prepare: async (repository, cache) => {
    await buildProgram(repository);
    const { package: name, version } = PI;
    const modules = await fetchPackages(cache, `pi-${version}`, { [name]: version }, [`${name}/dist/cli.js`]);
    const node = Bun.which("node");
    if (node === null) throw new Error("pi needs the program `node`");
    return { cli: cliOf(modules, PI), runtime: node };
  },
};
