/**
 * The plugins and marketplaces of this repository, as files: made from the tables that `install` registers by, so that
 * a plugin never knows another set of events. `bun build/plugins.ts` writes them.
 */

import { readFileSync } from "node:fs";
import { CLAUDE_EVENTS } from "../agents/claude/registration.ts";
import { type CursorVersions, eventsFor, replyTo } from "../agents/cursor/registration.ts";
import { SKILL_FILE, SKILL_NAME } from "../skill/text.ts";
import { VERSION } from "../version.ts";
import { pluginHookCommand } from "./hook-command.ts";

/** Path below the repository's root → content. */
export type PluginFiles = ReadonlyMap<string, string>;

const REPOSITORY = "https://github.com/Arize-ai/coding-harness-tracing";

/** The marketplace's name is part of the documented command: `claude plugin install claude-code-tracing@coding-harness-tracing`. */
const MARKETPLACE = {
  name: "coding-harness-tracing",
  owner: { name: "Arize AI" },
  metadata: { description: "Tracing of coding agents with OpenInference" },
};

const CLAUDE = {
  name: "claude-code-tracing",
  description: "Turns every Claude Code session into OpenInference traces, for Arize AX, Phoenix, OTLP or this machine",
} as const;

const CLAUDE_FOLDER = "src/plugins/claude-code";

const CURSOR = {
  name: "cursor-tracing",
  description: "Turns every Cursor conversation into OpenInference traces, for Arize AX, Phoenix, OTLP or this machine",
} as const;

const CURSOR_FOLDER = "src/plugins/cursor";

/** What a plugin counts on: one file serves every version, and names all events that these take. */
const CURSOR_VERSIONS: CursorVersions = { editor: "3.9.16", cli: "2026.09.10" };

/** Every generated file. */
export function pluginFiles(): PluginFiles {
  const manifest = {
    version: VERSION,
    author: { name: "Arize AI" },
    homepage: REPOSITORY,
    repository: REPOSITORY,
    license: "Apache-2.0",
  };
  return new Map([
    [
      ".claude-plugin/marketplace.json",
      json({ ...MARKETPLACE, plugins: [{ ...CLAUDE, source: `./${CLAUDE_FOLDER}` }] }),
    ],
    [`${CLAUDE_FOLDER}/.claude-plugin/plugin.json`, json({ ...CLAUDE, ...manifest })],
    [`${CLAUDE_FOLDER}/hooks/hooks.json`, json({ hooks: claudeHooks() })],
    ...common(CLAUDE_FOLDER),
    [
      ".cursor-plugin/marketplace.json",
      json({ ...MARKETPLACE, plugins: [{ ...CURSOR, source: `./${CURSOR_FOLDER}` }] }),
    ],
    [`${CURSOR_FOLDER}/.cursor-plugin/plugin.json`, json({ ...CURSOR, displayName: "Cursor tracing", ...manifest })],
    [`${CURSOR_FOLDER}/hooks/hooks.json`, json({ version: 1, hooks: cursorHooks() })],
    ...common(CURSOR_FOLDER),
  ]);
}

/** What every plugin carries: how to fetch the program, and the skill. */
function common(folder: string): readonly (readonly [string, string])[] {
  return [
    [`${folder}/fetch.sh`, readFileSync(new URL("fetch.sh", import.meta.url), "utf8")],
    [`${folder}/skills/${SKILL_NAME}/SKILL.md`, SKILL_FILE],
  ];
}

function claudeHooks() {
  const command = pluginHookCommand({ args: ["hook", "claude"], rootVariable: "CLAUDE_PLUGIN_ROOT" });
  return Object.fromEntries(
    CLAUDE_EVENTS.map(({ event, timeoutSeconds }) => [
      event,
      [{ hooks: [{ type: "command", command, timeout: timeoutSeconds }] }],
    ]),
  );
}

function cursorHooks() {
  return Object.fromEntries(
    eventsFor(CURSOR_VERSIONS).map(({ event, timeoutSeconds }) => {
      const args = ["hook", "cursor", event];
      const command = pluginHookCommand({ args, rootVariable: "CURSOR_PLUGIN_ROOT", reply: replyTo(event) });
      return [event, [{ command, timeout: timeoutSeconds }]];
    }),
  );
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
