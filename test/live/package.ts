/** Pinned packages from npm, in a cache that all runs share. */

import { existsSync, mkdirSync, writeFileSync } from "node:fs";

const INSTALL_TIMEOUT_MS = 600_000;

/**
 * Installs packages into `<cache>/<name>` unless they are there.
 * @param cache folder that survives runs
 * @param packages exact versions by package
 * @param needed files that must be there afterwards, below `node_modules`
 * @returns the `node_modules` folder
 * @throws with npm's words when the packages cannot be had
 */
export async function fetchPackages(
  cache: string,
  name: string,
  packages: Readonly<Record<string, string>>,
  needed: readonly string[],
): Promise<string> {
  const folder = `${cache}/${name}`;
  const modules = `${folder}/node_modules`;
  // Written last: a broken download is fetched again.
  const complete = `${folder}/complete`;
  if (existsSync(complete)) return modules;
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/package.json`, `${JSON.stringify({ private: true, dependencies: packages }, null, 2)}\n`);
  const npm = Bun.spawn(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"], {
    cwd: folder,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
    timeout: INSTALL_TIMEOUT_MS,
  });
  const words = await new Response(npm.stderr).text();
  if ((await npm.exited) !== 0) throw new Error(`npm could not install ${name}:\n${words}`);
  for (const path of needed) {
    if (!existsSync(`${modules}/${path}`)) throw new Error(`npm installed ${name}, but ${path} is missing`);
  }
  writeFileSync(complete, "");
  return modules;
}
