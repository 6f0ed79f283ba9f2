/** The real Gemini CLI, pinned, from npm into a cache that all runs share. */

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import type { Installation } from "../scenario.ts";

/** Exact: the scenarios describe this one. It has no dependencies. */
const VERSION = "0.61.0";

const INSTALL_TIMEOUT_MS = 600_000;

/**
 * @param cache folder that survives runs
 * @returns `node` and `gemini` (the program's main file)
 * @throws with npm's words when the package cannot be had
 */
export async function fetchGemini(cache: string): Promise<Installation> {
  const node = Bun.which("node");
  if (node === null) throw new Error("the program `node` is missing: Gemini CLI runs on it");
  const folder = `${cache}/gemini-${VERSION}`;
  const gemini = `${folder}/node_modules/@google/gemini-cli/bundle/gemini.js`;
  // Written last: a broken download is fetched again.
  const complete = `${folder}/complete`;
  if (existsSync(complete)) return { node, gemini };
  mkdirSync(folder, { recursive: true });
  const manifest = { private: true, dependencies: { "@google/gemini-cli": VERSION } };
  writeFileSync(`${folder}/package.json`, `${JSON.stringify(manifest, null, 2)}\n`);
  const npm = Bun.spawn(["npm", "install", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund"], {
    cwd: folder,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
    timeout: INSTALL_TIMEOUT_MS,
  });
  const words = await new Response(npm.stderr).text();
  if ((await npm.exited) !== 0) throw new Error(`npm could not install Gemini CLI:\n${words}`);
  if (!existsSync(gemini)) throw new Error(`npm installed Gemini CLI, but ${gemini} is missing`);
  writeFileSync(complete, "");
  return { node, gemini };
}
