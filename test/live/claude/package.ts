/** The real Claude Code and its Agent SDK, pinned, from npm into a cache that all runs share. */

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import type { Installation } from "../scenario.ts";

/** Every version is exact: the scenarios describe this one. */
export const PACKAGES: Readonly<Record<string, string>> = {
  "@anthropic-ai/claude-code": "2.1.330",
  "@anthropic-ai/claude-code-linux-x64": "2.1.330",
  "@anthropic-ai/claude-agent-sdk": "0.3.330",
};

const INSTALL_TIMEOUT_MS = 600_000;

/**
 * @param cache folder that survives runs
 * @returns `claude` (the native program) and `sdk` (the SDK's module)
 * @throws with npm's words when the packages cannot be had
 */
export async function fetchClaude(cache: string): Promise<Installation> {
  const folder = `${cache}/claude-${PACKAGES["@anthropic-ai/claude-code"]}`;
  const scope = `${folder}/node_modules/@anthropic-ai`;
  const installation = {
    claude: `${scope}/claude-code-linux-x64/claude`,
    sdk: `${scope}/claude-agent-sdk/sdk.mjs`,
  };
  // Written last: a broken download is fetched again.
  const complete = `${folder}/complete`;
  if (existsSync(complete)) return installation;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/package.json`, `${JSON.stringify({ private: true, dependencies: PACKAGES }, null, 2)}\n`);
  const npm = Bun.spawn(["npm", "install", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund"], {
    cwd: folder,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
    timeout: INSTALL_TIMEOUT_MS,
  });
  const words = await new Response(npm.stderr).text();
  if ((await npm.exited) !== 0) throw new Error(`npm could not install Claude Code:\n${words}`);
  for (const path of Object.values(installation)) {
    if (!existsSync(path)) throw new Error(`npm installed Claude Code, but ${path} is missing`);
  }
  writeFileSync(complete, "");
  return installation;
}
