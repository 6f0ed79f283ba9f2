/** A clean home and project for one run of Claude Code. */

import { mkdirSync, writeFileSync } from "node:fs";

/** Nothing that exists accepts it. */
export const FAKE_KEY = "sk-ant-api03-not-a-real-key-0123456789";
/** Claude remembers approved keys by their end. */
const KEY_END = 20;

const ALLOWED = [
  "Bash(ls:*)",
  "Bash(echo:*)",
  "Bash(sleep:*)",
  "Bash(exit:*)",
  "Bash(seq:*)",
  "Bash(cat:*)",
  "Bash(touch:*)",
  "Bash(head:*)",
  "Bash(printf:*)",
  "Read",
  "Edit",
  "Write",
  "Glob",
  "Grep",
  "WebFetch",
  "Agent",
  "Skill",
  "TodoWrite",
  "TaskCreate",
  "TaskUpdate",
  "mcp__calc",
];
const DENIED = ["Bash(curl:*)"];

export interface ClaudeHome {
  readonly home: string;
  readonly project: string;
  /** Claude's own folder of settings and transcripts. */
  readonly config: string;
}

const FILES: Readonly<Record<string, string>> = {
  "README.md": "# Demo\nhello\n",
  "notes.txt": "alpha\nbeta\n",
  "app.py": "print(1)\n",
  "CLAUDE.md": "Be brief.\n",
  ".claude/skills/greet/SKILL.md":
    "---\nname: greet\ndescription: Greet a person by name\n---\nGreet this person with echo: $ARGUMENTS\n",
  ".claude/commands/ticket.md": "---\ndescription: Work on a ticket\n---\nWork on ticket $ARGUMENTS.\n",
};

/** Makes them below `scratch`; the agent has never been started there, but is past its first-run questions. */
export function makeHome(scratch: string): ClaudeHome {
  const home = `${scratch}/home`;
  const project = `${home}/project`;
  const config = `${home}/.claude`;
  for (const folder of [config, `${project}/.claude/skills/greet`, `${project}/.claude/commands`]) {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }
  for (const [name, text] of Object.entries(FILES)) writeFileSync(`${project}/${name}`, text);
  const settings = { permissions: { allow: ALLOWED, deny: DENIED } };
  writeFileSync(`${config}/settings.json`, `${JSON.stringify(settings, null, 2)}\n`);
  const state = {
    hasCompletedOnboarding: true,
    theme: "dark",
    customApiKeyResponses: { approved: [FAKE_KEY.slice(-KEY_END)], rejected: [] },
    projects: { [project]: { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true, allowedTools: [] } },
  };
  writeFileSync(`${home}/.claude.json`, JSON.stringify(state));
  return { home, project, config };
}

/** The whole environment of the agent: nothing of the caller's own. */
export function agentEnvironment(home: string, modelServer: string): Record<string, string> {
  return {
    HOME: home,
    USER: "dev",
    LOGNAME: "dev",
    SHELL: "/bin/bash",
    LANG: "C.UTF-8",
    TERM: "xterm-256color",
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    TMPDIR: `${home}/tmp`,
    CLAUDE_CODE_TMPDIR: `${home}/tmp`,
    ANTHROPIC_BASE_URL: modelServer,
    ANTHROPIC_API_KEY: FAKE_KEY,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    DISABLE_AUTOUPDATER: "1",
    DISABLE_TELEMETRY: "1",
    DISABLE_ERROR_REPORTING: "1",
  };
}
