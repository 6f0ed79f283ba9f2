/** Where Copilot's hook files are. */

import { existsSync, readdirSync } from "node:fs";
import { dirname } from "node:path";

/** The root of the repository that holds a folder. */
export function repositoryOf(folder: string | undefined): string | undefined {
  for (let place = folder; place !== undefined; place = dirname(place) === place ? undefined : dirname(place)) {
    if (existsSync(`${place}/.git`)) return place;
  }
  return undefined;
}

/** Hook files of the repository that holds a folder. */
export function repositoryFiles(folder: string | undefined): readonly string[] {
  const root = repositoryOf(folder);
  return root === undefined ? [] : filesIn(`${root}/.github/hooks`);
}

/** JSON files of a folder. */
export function filesIn(folder: string): readonly string[] {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
    return names.sort().map((name) => `${folder}/${name}`);
  } catch {
    return [];
  }
}
