/** A clean home and project for one run of Gemini CLI. */

import { mkdirSync, writeFileSync } from "node:fs";

export interface GeminiHome {
  readonly home: string;
  readonly project: string;
  /** Gemini CLI's own folder of settings and transcripts. */
  readonly config: string;
}

const FILES: Readonly<Record<string, string>> = {
  "README.md": "# Demo\nhello\n",
  "notes.txt": "alpha\nbeta\n",
  "other.txt": "gamma\n",
};

/** A subagent of the user's. */
const READER =
  "---\nname: reader\ndescription: Reads files.\ntools:\n  - read_file\n  - run_shell_command\n---\nYou read files.\n";

/**
 * Makes them below `scratch`; the agent has never been started there, but is past its first-run questions.
 * @param settings merged into the user's settings
 */
export function makeHome(scratch: string, settings: object): GeminiHome {
  const home = `${scratch}/home`;
  const project = `${home}/project`;
  const config = `${home}/.gemini`;
  for (const folder of [`${config}/agents`, project]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const [name, text] of Object.entries(FILES)) writeFileSync(`${project}/${name}`, text);
  writeFileSync(`${config}/agents/reader.md`, READER);
  const calculator = new URL("../claude/mcp-server.ts", import.meta.url).pathname;
  const base = {
    general: { enableAutoUpdate: false, enableAutoUpdateNotification: false },
    privacy: { usageStatisticsEnabled: false },
    security: { auth: { selectedType: "gemini-api-key" }, folderTrust: { enabled: false } },
    ide: { enabled: false, hasSeenNudge: true },
    ui: { hideTips: true, hideBanner: true },
    mcpServers: { calc: { command: process.execPath, args: [calculator], trust: true } },
  };
  // Comments are allowed there, and must survive.
  const text = `// kept as it is\n${JSON.stringify({ ...base, ...settings }, null, 2)}\n`;
  writeFileSync(`${config}/settings.json`, text);
  return { home, project, config };
}

/** The whole environment of the agent: nothing of the caller's own. */
export function agentEnvironment(home: string, node: string, modelServer: string): Record<string, string> {
  return {
    HOME: home,
    USER: "dev",
    LOGNAME: "dev",
    SHELL: "/bin/bash",
    LANG: "C.UTF-8",
    TERM: "xterm-256color",
    PATH: `${node.slice(0, node.lastIndexOf("/"))}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    TMPDIR: `${home}/tmp`,
    GEMINI_API_KEY: "not-a-real-key",
    GOOGLE_GEMINI_BASE_URL: modelServer,
    GEMINI_TELEMETRY_ENABLED: "false",
    NO_COLOR: "1",
  };
}
