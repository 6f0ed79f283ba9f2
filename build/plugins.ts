/** `bun build/plugins.ts`: writes the plugins' generated files anew. A test tells when that was forgotten. */

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { pluginFiles } from "../src/plugins/files.ts";

const ROOT = `${import.meta.dir}/..`;

for (const [path, text] of pluginFiles()) {
  mkdirSync(dirname(`${ROOT}/${path}`), { recursive: true });
  writeFileSync(`${ROOT}/${path}`, text);
  console.log(path);
}
