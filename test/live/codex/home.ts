/** A clean home and project for one run of Codex. */

import { mkdirSync, writeFileSync } from "node:fs";

export interface CodexHome {
  readonly home: string;
  readonly project: string;
  /** Codex's own folder of settings and rollouts. */
  readonly config: string;
}

const FILES: Readonly<Record<string, string>> = { "README.md": "# Demo\nhello\n", "notes.txt": "alpha\nbeta\n" };

/** What a scenario may change in the configuration. */
export interface HomeChoices {
  readonly model?: string;
  /** Lines before the first table. */
  readonly top?: string;
}

/**
 * Makes them below `scratch`. Codex itself tries a refused request again without telling anybody; here it does not, so that
 * every attempt is one that it tells of.
 */
export function makeHome(
  scratch: string,
  modelServer: string,
  { model = "gpt-5.5", top = "" }: HomeChoices,
): CodexHome {
  const home = `${scratch}/home`;
  const project = `${home}/project`;
  const config = `${home}/.codex`;
  for (const folder of [config, project]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const [name, text] of Object.entries(FILES)) writeFileSync(`${project}/${name}`, text);
  const calculator = new URL("../claude/mcp-server.ts", import.meta.url).pathname;
  const text = `# kept as it is
model = "${model}" # the model
model_provider = "live"
approval_policy = "never"
sandbox_mode = "danger-full-access"
check_for_update_on_startup = false
${top}
[analytics]
enabled = false

[feedback]
enabled = false

[model_providers.live]
name = "live"
base_url = "${modelServer}"
wire_api = "responses"
env_key = "LIVE_API_KEY"
request_max_retries = 0
stream_max_retries = 2
supports_websockets = false

[projects."${project}"]
trust_level = "trusted"

[mcp_servers.calc]
command = "${process.execPath}"
args = ["${calculator}"]
`;
  writeFileSync(`${config}/config.toml`, text);
  return { home, project, config };
}

/** The whole environment of the agent: nothing of the caller's own. */
export function agentEnvironment(home: string): Record<string, string> {
  return {
    HOME: home,
    USER: "dev",
    LOGNAME: "dev",
    SHELL: "/bin/bash",
    LANG: "C.UTF-8",
    TERM: "xterm-256color",
    PATH: `${home}/.local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    LIVE_API_KEY: "not-a-real-key",
  };
}
