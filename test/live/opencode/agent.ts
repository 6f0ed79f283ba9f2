/** OpenCode as a live agent. */

import { mkdirSync, writeFileSync } from "node:fs";
import type { ChatAgent } from "../chat/chat-agent.ts";
import { scenariosFor } from "../chat/chat-scenario.ts";
import { scenarios } from "../chat/scenarios.ts";
import { survival } from "../chat/survival.ts";
import { fetchPackages } from "../package.ts";
import { buildProgram } from "../program.ts";
import type { LiveAgent } from "../scenario.ts";

const VERSION = "1.18.33";
const PROGRAM = "opencode-linux-x64/bin/opencode";

const chat: ChatAgent = {
  name: "opencode",
  finishWords: { stop: "stop", tool_calls: "tool-calls" },
  configure: ({ home, modelServer }) => {
    const folder = `${home}/.config/opencode`;
    mkdirSync(folder, { recursive: true });
    const model = (name: string) => ({
      name,
      reasoning: true,
      tool_call: true,
      limit: { context: 128_000, output: 4096 },
      cost: { input: 3, output: 15, cache_read: 0.3, cache_write: 3.75 },
    });
    const config = {
      $schema: "https://opencode.ai/config.json",
      autoupdate: false,
      share: "disabled",
      model: "test/test-large",
      small_model: "test/test-small",
      permission: "allow",
      provider: {
        test: {
          npm: "@ai-sdk/openai-compatible",
          name: "Test",
          options: { baseURL: modelServer, apiKey: "sk-none" },
          models: { "test-large": model("Large"), "test-small": model("Small") },
        },
      },
    };
    writeFileSync(`${folder}/opencode.json`, JSON.stringify(config, null, 2));
  },
  environment: {
    OPENCODE_DISABLE_AUTOUPDATE: "1",
    OPENCODE_DISABLE_MODELS_FETCH: "1",
    OPENCODE_DISABLE_LSP_DOWNLOAD: "1",
  },
  path: ({ folder }) => [folder ?? ""],
  command: ({ opencode }, prompt, continues) => [opencode ?? "", "run", ...(continues ? ["-c"] : []), prompt],
  bash: (command) => ({ tool: "bash", input: { command, description: "Run it" } }),
  read: (filePath) => ({ tool: "read", input: { filePath } }),
  delegate: (thread) => ({
    tool: "task",
    input: { description: `Work of ${thread}`, prompt: `@thread(${thread}) Do your part.`, subagent_type: "general" },
  }),
  await: () => [],
  report: (text) => ({ text }),
  showsRetries: true,
  countsThinking: true,
  plugin: ".config/opencode/plugins/harness-tracing.js",
  evidence: [".config/opencode", ".local/share/opencode/log"],
};

export const opencode: LiveAgent = {
  name: "opencode",
  scenarios: [...scenariosFor(chat, scenarios), ...scenariosFor(chat, survival)],
  prepare: async (repository, cache) => {
    await buildProgram(repository);
    const packages = { "opencode-ai": VERSION, "opencode-linux-x64": VERSION };
    const modules = await fetchPackages(cache, `opencode-${VERSION}`, packages, [PROGRAM]);
    return { opencode: `${modules}/${PROGRAM}`, folder: `${modules}/opencode-linux-x64/bin` };
  },
};
